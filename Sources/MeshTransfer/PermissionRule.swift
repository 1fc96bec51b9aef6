/// Which permission bits received entries have.
public enum PermissionRule: String, Sendable, Codable, CaseIterable {
    /// New and replaced entries get the sender's; folders that were there keep theirs. As `rsync -a` does for files.
    case sender
    /// Folders that were there get the sender's, too.
    case all
    /// New entries get the sender's less the receiver's umask; what is replaced keeps its mode and owner.
    case receiver
}
