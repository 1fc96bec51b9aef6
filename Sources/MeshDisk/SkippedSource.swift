import MeshWire

/// Something below a root that is not sent, and that nobody misses at the other side: this side alone is told. What is missed
/// is part of the manifest (``EntryKind/omission``).
package struct SkippedSource: Hashable, Sendable {
    /// Why it was left out.
    package enum Reason: Hashable, Sendable {
        /// A socket, fifo or device.
        case special
        /// It belongs to the node that sends: its key, journal, settings or sockets.
        case own
        /// It has the name of an unfinished part.
        case reserved
    }

    /// The path it would have had in the manifest.
    package var path: [UInt8]
    package var reason: Reason

    package init(path: [UInt8], reason: Reason) {
        self.path = path
        self.reason = reason
    }
}

extension SkippedSource: CustomStringConvertible {
    package var description: String {
        switch reason {
        case .own: "\(EntryPath.escaped(path)) belongs to this node itself and is not sent: --include-keys sends it"
        case .reserved:
            "\(EntryPath.escaped(path)) has the name of an unfinished part of pmesh and is not sent: rename it to send it"
        case .special: "\(EntryPath.escaped(path)) is a socket, fifo or device and is not sent"
        }
    }
}
