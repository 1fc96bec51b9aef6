package import MeshTransfer
import MeshWire

/// Something below a root that is not sent; the user is told.
package struct SkippedSource: Hashable, Sendable {
    /// Why it was left out.
    package enum Reason: Hashable, Sendable {
        /// A socket, fifo or device.
        case special
        /// The kernel makes it while it is read, so that nobody knows its length before.
        case ofKernel
        /// It belongs to the node that sends: its key, journal, settings or sockets.
        case own
        /// It has the name of an unfinished part.
        case reserved
        /// More components than a path may have, or more bytes.
        case tooLong
        /// It could not be read. For a folder: nothing below it is sent.
        case unreadable(DiskError)
    }

    /// The path it would have had in the manifest.
    package var path: [UInt8]
    package var reason: Reason

    /// Whether somebody who asks for the folder expects it at the other side: then the transfer ends as partial.
    package var isMissed: Bool {
        switch reason {
        case .special, .reserved, .own: false
        case .tooLong, .unreadable, .ofKernel: true
        }
    }

    package init(path: [UInt8], reason: Reason) {
        self.path = path
        self.reason = reason
    }
}

extension SkippedSource: CustomStringConvertible {
    package var description: String {
        switch reason {
        case .ofKernel:
            "\(EntryPath.escaped(path)) has no length before it is read (a file of the kernel) and is not sent: copy it to a file first"
        case .own: "\(EntryPath.escaped(path)) belongs to this node itself and is not sent: --include-keys sends it"
        case .reserved:
            "\(EntryPath.escaped(path)) has the name of an unfinished part of pmesh and is not sent: rename it to send it"
        case .special: "\(EntryPath.escaped(path)) is a socket, fifo or device and is not sent"
        case .tooLong: "\(EntryPath.escaped(path)) lies too deep or its path is too long: send the folder it is in"
        case .unreadable(let error): error.description
        }
    }
}
