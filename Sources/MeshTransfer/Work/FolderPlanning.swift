import MeshWire

/// Finds out which folders are there already, and makes the others before anything is put into them.
struct FolderPlanning: Sendable {
    let ports: ReceivePorts

    /// Those of `entries` that are folders. That a folder is made is committed first: a run after a crash must not take it
    /// for one that was there before.
    func plan(_ entries: [ReceivedEntry]) async throws {
        let folders = entries.filter {
            $0.manifest.kind == .folder && $0.state != .withdrawn && $0.origin != .made
        }
        guard !folders.isEmpty else { return }
        let sink = ports.sink
        let found = try await ports.pool.blocking { try folders.map { try sink.existing($0.manifest) } }
        var group = CommitGroup()
        var missing: [ManifestEntry] = []
        for (folder, there) in zip(folders, found) {
            // What is no folder is in the way of one: making it says so.
            guard let there, there.kind == .folder else {
                group.origins[folder.number] = .made
                missing.append(folder.manifest)
                continue
            }
            guard folder.origin == nil else { continue }
            let known = try await ports.journal.withdrawnOrigin(at: folder.manifest.path, of: ports.transfer)
            group.origins[folder.number] = known ?? .there(mode: there.mode)
        }
        if !group.isEmpty { try await ports.journal.commit(group, to: ports.transfer) }
        guard !missing.isEmpty else { return }
        let made = missing
        try await ports.pool.blocking { for folder in made { try sink.makeFolder(folder) } }
    }
}
