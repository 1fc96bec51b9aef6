import MeshWire

/// Looks whether files and links still stand where they were put.
enum FinishedFiles {
    /// Those of `entries` that were finished and are gone: nothing, or something of another kind or length, has their name.
    static func removed(among entries: [ReceivedEntry], sink: some ChunkSink) throws(DiskError) -> NumberSet {
        var removed = NumberSet()
        for entry in entries where entry.state == .finished && entry.manifest.kind != .folder {
            var manifest = entry.manifest
            manifest.path = entry.finalPath
            let found: ExistingFile?
            do { found = try sink.existing(manifest) } catch {
                guard case .unfit = error else { throw error }
                found = nil
            }
            let isThere = found?.kind == manifest.kind && (manifest.kind == .link || found?.size == manifest.size)
            if !isThere { removed.insert(entry.number) }
        }
        return removed
    }
}
