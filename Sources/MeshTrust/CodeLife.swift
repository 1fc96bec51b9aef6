package import MeshWire

/// The life of a one-time code on the side that listens.
///
///     unused ──first handshake──▶ pinned        from then on only that pair, without expiry
///       ├────15 min──────────────▶ expired
///       └────1,000 wrong attempts▶ burned
///
/// A wrong attempt is a connection that named the code's tag, or a tag nobody knows, and did not get through TLS.
/// Attempts are counted while the code is unused; afterwards guessing gains nothing, since it takes the pinned node's
/// key, and counting would let a stranger end a transfer. Times are nanoseconds since 1970.
package struct CodeLife: Hashable, Sendable {
    /// What a journal keeps, beside the number of wrong attempts.
    package enum State: Hashable, Sendable, Codable {
        case unused(expires: Int64)
        case pinned(peer: NodeID, resumeSecret: Bytes32)
        case expired
        case burned
    }

    /// Nanoseconds an unused code lives: 15 minutes.
    package static let lifetime: Int64 = 15 * 60 * 1_000_000_000
    /// Wrong attempts after which an address is refused.
    package static let attemptsPerAddress = 3
    /// Wrong attempts after which the code is burned. Bounds the table of addresses, too: each attempt adds one at
    /// most.
    package static let attemptsInAll = 1_000
    /// Bytes of an address that are compared; an IPv6 address with a zone has fewer.
    private static let addressLength = 64

    package private(set) var state: State
    private var attempts = 0
    private var attemptsByAddress: [String: Int] = [:]

    /// A new code, unused.
    package init(createdAt now: Int64) {
        state = .unused(expires: now + Self.lifetime)
    }

    /// A code found in the journal, with the wrong attempts that were counted there. Which addresses they came from is
    /// not kept: each begins anew with a new process, and what there is in all does not.
    package init(resuming state: State, attempts: Int = 0) {
        self.state = state
        counted(inAll: attempts)
    }

    /// Other processes, now or earlier, counted up to `total` wrong attempts.
    package mutating func counted(inAll total: Int) {
        guard case .unused = state else { return }
        attempts = max(attempts, total)
        if attempts >= Self.attemptsInAll { leave(.burned) }
    }
}

/// Why a connection under a code is refused.
package enum CodeRefusal: Error, Hashable, Sendable {
    case expired
    case burned
    case addressBlocked
    case otherPeer(NodeID)
}

extension CodeRefusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .expired: "the code was not used within 15 minutes; ask the sender for a new one"
        case .burned: "the code was closed after too many wrong attempts; ask the sender for a new one"
        case .addressBlocked: "this address tried a wrong code three times; ask the sender for a new code"
        case .otherPeer(let node):
            "the code is already in use by another node, so \(node.short) is refused; ask for a code of your own"
        }
    }
}

extension CodeLife {
    /// What to do with a connection before its handshake.
    package enum OnConnection: Hashable, Sendable {
        /// Go on with TLS.
        case proceed
        /// Close without showing a certificate.
        case refuse(CodeRefusal)
    }

    /// A connection from `address` names the code. `address` is without its port; where one person can have many
    /// addresses (an IPv6 prefix), the caller passes what they have in common.
    package mutating func connection(from address: String, at now: Int64) -> OnConnection {
        expire(at: now)
        switch state {
        case .pinned: return .proceed
        case .expired: return .refuse(.expired)
        case .burned: return .refuse(.burned)
        case .unused: return blocks(address) ? .refuse(.addressBlocked) : .proceed
        }
    }

    /// What a wrong attempt has led to.
    package enum OnFailure: Hashable, Sendable {
        /// The address may try again.
        case allowed
        /// The address may not try again, or there is nothing left to try.
        case refused(CodeRefusal)
    }

    /// A connection from `address` did not get through TLS.
    package mutating func attemptFailed(from address: String, at now: Int64) -> OnFailure {
        expire(at: now)
        switch state {
        case .pinned: return .allowed
        case .expired: return .refused(.expired)
        case .burned: return .refused(.burned)
        case .unused:
            attempts += 1
            attemptsByAddress[Self.key(address), default: 0] += 1
            guard attempts < Self.attemptsInAll else {
                leave(.burned)
                return .refused(.burned)
            }
            return blocks(address) ? .refused(.addressBlocked) : .allowed
        }
    }

    /// What to do with a peer that got through TLS and ``PeerCheck``.
    package enum OnHandshake: Hashable, Sendable {
        /// The first peer: save the state before anything is sent, then tell the peer the resume secret.
        case pin(resumeSecret: Bytes32)
        /// The pinned peer is back. The secret may have to be told again: it may have crashed before it saved it.
        case admit(resumeSecret: Bytes32)
        /// Close with the reason.
        case refuse(CodeRefusal)
    }

    /// `peer` proved the code. `freshSecret` is 256 random bits, used if this is the first peer.
    package mutating func handshake(with peer: NodeID, freshSecret: Bytes32, at now: Int64) -> OnHandshake {
        expire(at: now)
        switch state {
        case .expired: return .refuse(.expired)
        case .burned: return .refuse(.burned)
        case .pinned(let pinned, let resumeSecret):
            return pinned == peer ? .admit(resumeSecret: resumeSecret) : .refuse(.otherPeer(peer))
        case .unused:
            leave(.pinned(peer: peer, resumeSecret: freshSecret))
            return .pin(resumeSecret: freshSecret)
        }
    }

    /// Time has passed. True where the code has just expired.
    @discardableResult
    package mutating func expire(at now: Int64) -> Bool {
        guard case .unused(let expires) = state, now >= expires else { return false }
        leave(.expired)
        return true
    }

    private func blocks(_ address: String) -> Bool {
        attemptsByAddress[Self.key(address), default: 0] >= Self.attemptsPerAddress
    }

    private mutating func leave(_ next: State) {
        state = next
        attempts = 0
        attemptsByAddress = [:]
    }

    private static func key(_ address: String) -> String {
        String(decoding: address.utf8.prefix(addressLength), as: UTF8.self)
    }
}
