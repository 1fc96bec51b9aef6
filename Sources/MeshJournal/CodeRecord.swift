package import MeshWire

/// Which end of a code this node is.
package enum CodeRole: String, Sendable, CaseIterable {
    /// It drew the code and shows it.
    case issuer
    /// The code was typed here.
    case claimant
}

/// Where a code stands.
package enum CodeState: String, Sendable, CaseIterable {
    /// Nobody has used it; it expires.
    case unused
    /// The first handshake tied it to a pair of nodes; it no longer expires.
    case pinned
    /// Too many wrong attempts.
    case burned
    /// Not used in time.
    case expired
    /// What it was for is done, or was cancelled or forgotten.
    case done
}

/// A one-time code as the journal keeps it.
package struct CodeRecord: Hashable, Sendable {
    /// What is tied to a code by its first handshake.
    package struct Pin: Hashable, Sendable {
        /// The one node that may use the code from then on.
        package var peer: NodeID
        /// Its SubjectPublicKeyInfo, DER.
        package var publicKey: [UInt8]
        /// What both prove to one another on a resume.
        package var resumeSecret: Bytes32

        package init(peer: NodeID, publicKey: [UInt8], resumeSecret: Bytes32) {
            self.peer = peer
            self.publicKey = publicKey
            self.resumeSecret = resumeSecret
        }
    }

    /// What it is found by on the network.
    package var tag: Bytes16
    /// The secret stretched from the code, from which its authority is derived.
    package var master: Bytes32
    package var role: CodeRole
    package var state: CodeState
    /// Nanoseconds since 1970.
    package var created: Int64
    /// Nanoseconds since 1970; counts only while unused.
    package var expires: Int64
    /// Failed attempts from all addresses.
    package var attempts: Int
    package var pin: Pin?
    /// The code itself, while it is unused and this node may tell it again.
    package var text: String?

    package init(
        tag: Bytes16, master: Bytes32, role: CodeRole, state: CodeState = .unused, created: Int64, expires: Int64,
        attempts: Int = 0, pin: Pin? = nil, text: String? = nil
    ) {
        self.tag = tag
        self.master = master
        self.role = role
        self.state = state
        self.created = created
        self.expires = expires
        self.attempts = attempts
        self.pin = pin
        self.text = text
    }
}
