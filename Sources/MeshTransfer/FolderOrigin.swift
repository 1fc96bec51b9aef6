/// Where a folder at the destination comes from, which decides whose mode and time it has in the end.
package enum FolderOrigin: Hashable, Sendable {
    /// Some run of this transfer made it, or is about to: it gets the sender's mode and time.
    case made
    /// It was there before, with this mode (12 bits: permissions, setuid, setgid, sticky), and keeps it.
    case there(mode: UInt16)
}
