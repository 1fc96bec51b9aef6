package import MeshWire

/// What tells that a source file is still the one that was walked: compared again after its last chunk was read. All zero
/// on file systems that make such numbers up at each mount: there its size and modification time decide.
package struct SourceIdentity: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    /// Status change time: nanoseconds since 1970.
    package var changed: Int64

    package init(device: UInt64, inode: UInt64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.changed = changed
    }

    package static let none = SourceIdentity(device: 0, inode: 0, changed: 0)
}

/// A manifest entry as its sender keeps it.
package struct SourceEntry: Hashable, Sendable {
    package var number: UInt64
    package var manifest: ManifestEntry
    package var identity: SourceIdentity

    package init(number: UInt64, manifest: ManifestEntry, identity: SourceIdentity) {
        self.number = number
        self.manifest = manifest
        self.identity = identity
    }
}

extension SourceEntry {
    /// What takes it back, followed by what stands in its place where there is such a thing.
    package func replaced(by now: SourceEntry?) -> [SourceEntry] {
        let back = ManifestEntry(withdrawing: number, isGone: false)
        return [SourceEntry(number: 0, manifest: back, identity: identity)] + (now.map { [$0] } ?? [])
    }
}
