/// What the rows of a part are worth after an interruption.
package enum PartTrust: Hashable, Sendable {
    /// The rows say what is on the disk.
    case trusted
    /// Rows that were synced hold; the data of the others is hashed again before it counts.
    case rehashUnsynced
    /// It may be the part under another number: all of its data is hashed before any of it counts.
    case rehash
    /// The part is gone or another object: nothing of it counts.
    case gone

    /// Data handed to the kernel survives a SIGKILL, but not a power loss: rows are trusted within the boot that wrote
    /// them, for the object that they were written for. `bound`: bytes the rows claim; `observed`: what stands there now, nil
    /// where it is missing, not ours, or linked elsewhere. `keepsInodes`: objects have the same number at each mount.
    package static func judge(
        recorded: PartIdentity?, observed: (identity: PartIdentity, size: UInt64)?, bound: UInt64, isThisBoot: Bool,
        isLocal: Bool, keepsInodes: Bool = true
    ) -> PartTrust {
        guard let recorded, let observed, observed.size >= bound else { return .gone }
        guard observed.identity == recorded else { return keepsInodes ? .gone : .rehash }
        return isThisBoot && isLocal ? .trusted : .rehashUnsynced
    }
}
