package import MeshWire

/// The nodes a mesh has removed, signed by its root key.
///
///     "pmesh-revocations-v1" ‖ number (8) ‖ issued at (8) ‖ count (4) ‖ NodeIDs (32 each, ascending) ‖ signature
///
/// Numbers are big-endian; the signature has its count in two bytes before it and covers all that precedes that count.
package struct RevocationList: Sendable, Hashable {
    /// Nodes of one list: 2 MiB.
    package static let limit = 65_536
    private static let magic = "pmesh-revocations-v1"
    /// Bytes of an ECDSA signature over P-256 in DER at most: two numbers of 33 bytes with two bytes before each, and
    /// two.
    private static let signatureLimit = 72

    /// Grows with every change.
    package let number: UInt64
    /// When it was signed, nanoseconds since 1970. Signed again daily, changed or not.
    package let issuedAt: Int64
    /// Each node once, ascending.
    package let nodes: [NodeID]
    private let signature: [UInt8]

    /// Signs a list at `now`.
    package init(number: UInt64, issuedAt now: Int64, nodes: Set<NodeID>, by authority: MeshAuthority) throws {
        guard nodes.count <= Self.limit else { throw RevocationError.tooMany(nodes.count) }
        self.number = number
        issuedAt = now
        self.nodes = nodes.sorted()
        signature = try authority.sign(Self.body(number: number, issuedAt: now, nodes: self.nodes))
    }

    /// Whether the mesh whose root key this is has signed the list.
    package func verify(publicKeyDER: [UInt8]) -> Bool {
        NodeIdentity.verify(
            signature: signature, of: Self.body(number: number, issuedAt: issuedAt, nodes: nodes),
            publicKeyDER: publicKeyDER)
    }

    /// Whether `node` was removed.
    package func contains(_ node: NodeID) -> Bool {
        var range = nodes.indices
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if nodes[middle] == node { return true }
            range = nodes[middle] < node ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return false
    }

    /// Whether to put this list in the place of `other`: a higher number, or the same one signed later.
    package func supersedes(_ other: RevocationList) -> Bool {
        (number, issuedAt) > (other.number, other.issuedAt)
    }
}

extension RevocationList {
    /// How far a list can be relied on.
    package enum Standing: Hashable, Sendable {
        case fresh
        /// Older than 7 days: whoever was removed since then still gets in.
        case old(days: Int64)
        /// Older than 30 days: no new channels.
        case tooOld(days: Int64)
    }

    /// The list's standing at `now`, nanoseconds since 1970. One from the future, by clocks that differ, is fresh.
    package func standing(at now: Int64) -> Standing {
        let age = max(0, now.wholeSeconds - issuedAt.wholeSeconds)
        let days = age / 86_400
        if age > 30 * 86_400 { return .tooOld(days: days) }
        return age > 7 * 86_400 ? .old(days: days) : .fresh
    }
}

extension RevocationList {
    /// The list as it is stored and travels.
    package var encoded: [UInt8] {
        var bytes = Self.body(number: number, issuedAt: issuedAt, nodes: nodes)
        bytes.appendCounted(signature)
        return bytes
    }

    /// Reads a list; whose it is only ``verify(publicKeyDER:)`` tells.
    package init(decoding bytes: [UInt8]) throws(RevocationError) {
        var reader = ByteReader(bytes)
        guard reader.skip(Self.magic), let number = reader.number(UInt64.self),
            let issuedAt = reader.number(Int64.self),
            let count = reader.number(UInt32.self)
        else { throw .unreadable }
        guard count <= Self.limit else { throw .tooMany(Int(count)) }
        // Refused before anything is allocated by a count that the bytes do not back.
        guard bytes.count >= Int(count) * 32 else { throw .unreadable }
        var nodes: [NodeID] = []
        nodes.reserveCapacity(Int(count))
        for _ in 0..<count {
            guard let node = reader.bytes(32).flatMap(Bytes32.init).map(NodeID.init) else { throw .unreadable }
            if let last = nodes.last, last >= node { throw .unreadable }
            nodes.append(node)
        }
        guard let signature = reader.counted(limit: Self.signatureLimit), reader.isAtEnd else { throw .unreadable }
        self.number = number
        self.issuedAt = issuedAt
        self.nodes = nodes
        self.signature = signature
    }

    private static func body(number: UInt64, issuedAt: Int64, nodes: [NodeID]) -> [UInt8] {
        var bytes = Array(magic.utf8) + number.bigEndianBytes + issuedAt.bigEndianBytes
        bytes.reserveCapacity(bytes.count + 8 + nodes.count * 32 + signatureLimit)
        bytes.append(contentsOf: UInt32(nodes.count).bigEndianBytes)
        for node in nodes { node.bytes.withBytes { bytes.append(contentsOf: $0) } }
        return bytes
    }
}

/// Why a revocation list could not be made or read.
package enum RevocationError: Error, Hashable, Sendable {
    case unreadable
    case tooMany(Int)
}

extension RevocationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreadable: "the revocation list is damaged; get it again from another member"
        case .tooMany(let count):
            "the revocation list names \(count) nodes, more than \(RevocationList.limit); found the mesh anew"
        }
    }
}
