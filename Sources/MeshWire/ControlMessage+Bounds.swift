// What the few texts and byte strings of the control plane may hold. Both ends check: nothing else leaves, and nothing
// else is believed.
extension ControlMessage {
    /// What breaks a bound, nil where nothing does. Messages without text and bytes cannot.
    package var excess: String? {
        switch self {
        case .sync, .heartbeat, .ready, .transfer, .leaving, .error: nil
        case .channelOffer(let offer): offer.key.count > ControlBounds.key ? "key" : nil
        case .channelStatus(let status): status.outcome.excess
        case .membership(let membership): membership.excess
        // Shortened where it is read, and sent by nobody.
        case .unknown(let type): type.count > ControlBounds.type ? "type" : nil
        }
    }
}

extension ChannelStatus.Outcome {
    fileprivate var excess: String? {
        switch self {
        case .accepted(let encapsulation, _, let host, _):
            if encapsulation.count > ControlBounds.encapsulation { return "encapsulation" }
            return host.map(NodeAddress.isHost) == false ? "data address" : nil
        case .rejected, .closed: return nil
        }
    }
}

extension MembershipControl {
    fileprivate var excess: String? {
        switch self {
        case .introduce(let name, _, _): ControlBounds.isName(name) ? nil : "node name"
        case .request(let name, let csr):
            ControlBounds.isName(name) ? csr.count > ControlBounds.request ? "certificate request" : nil : "node name"
        case .grant(let membership): membership.count > ControlBounds.membership ? "membership" : nil
        case .pin, .pinned, .refused: nil
        }
    }
}

/// Limits of what has no fixed size on the control plane.
package enum ControlBounds {
    /// An X-Wing public key and ciphertext, bytes (draft-connolly-cfrg-xwing-kem).
    package static let key = 1_216
    package static let encapsulation = 1_120
    /// A certificate signing request (PKCS #10, DER) for a P-256 key has about 250 bytes.
    package static let request = 4 * 1024
    /// A chain of four certificates in JSON has about 5 KiB.
    package static let membership = 64 * 1024
    /// Characters kept of a type this version does not know.
    package static let type = 64
    /// One label of the DNS (RFC 1035, section 2.3.4).
    private static let name = 63

    /// A bound for what crosses: lower-case letters, digits and hyphens. What a name is, with a sentence for each mistake, says
    /// `MemberName`, which knows what this cannot.
    package static func isName(_ text: String) -> Bool {
        (1...name).contains(text.utf8.count) && text.utf8.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "-")
    }
}
