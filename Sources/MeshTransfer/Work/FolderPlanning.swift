import MeshWire

/// Finds out which folders are there already, and makes the others before anything is put into them.
struct FolderPlanning: Sendable {
    let ports: ReceivePorts

    private typealias Found = Result<ExistingFile?, DiskError>

    /// Decides on those of `entries` that are folders, and answers what of them all cannot be at the destination. That a
    /// folder is made is committed first: a run after a crash must not take it for one that was there before.
    func plan(_ entries: [ReceivedEntry]) async throws -> [UInt64: SkipReason] {
        var refused: [UInt64: SkipReason] = [:]
        let missing = try await decide(entries, &refused)
        for (folder, reason) in zip(missing, try await make(missing.map(\.manifest))) {
            if let reason { refused[folder.number] = reason }
        }
        try await refuseInside(entries, &refused)
        return refused
    }

    /// Looks for folders, writes down where they come from, and answers those that are to be made.
    private func decide(
        _ entries: [ReceivedEntry], _ refused: inout [UInt64: SkipReason]
    ) async throws -> [ReceivedEntry] {
        let folders = entries.filter { $0.manifest.kind == .folder && $0.state == .open && $0.origin != .made }
        guard !folders.isEmpty else { return [] }
        let sink = ports.sink
        let found = try await ports.pool.blocking {
            folders.map { folder in Found { () throws(DiskError) in try sink.existing(folder.manifest) } }
        }
        var group = CommitGroup()
        var missing: [ReceivedEntry] = []
        for (folder, found) in zip(folders, found) {
            if let reason = try found.reason {
                refused[folder.number] = reason
                continue
            }
            // What is no folder is in the way of one: making it says so.
            guard let there = try found.get(), there.kind == .folder else {
                group.origins[folder.number] = .made
                missing.append(folder)
                continue
            }
            guard folder.origin == nil else { continue }
            let known = try await ports.journal.withdrawnOrigin(at: folder.manifest.path, of: ports.transfer)
            group.origins[folder.number] = known ?? .there(mode: there.mode)
        }
        if !group.isEmpty { try await ports.journal.commit(group, to: ports.transfer) }
        return missing
    }

    /// Makes folders where they are missing; answers of each why it cannot be.
    private func make(_ folders: [ManifestEntry]) async throws -> [SkipReason?] {
        guard !folders.isEmpty else { return [] }
        let sink = ports.sink
        return try await ports.pool.blocking {
            try folders.map { folder in
                try Result { () throws(DiskError) in try sink.makeFolder(folder) }.reason
            }
        }
    }

    /// Files whose folder cannot be are found before their chunks are wanted.
    private func refuseInside(_ entries: [ReceivedEntry], _ refused: inout [UInt64: SkipReason]) async throws {
        let files = entries.filter { $0.manifest.kind == .file && $0.state.isUnderWay && $0.manifest.holder != nil }
        let holders = Array(Set(files.compactMap(\.manifest.holder)))
        let reasons = try await make(holders.map { ManifestEntry(kind: .folder, path: $0) })
        var bad: [[UInt8]: SkipReason] = [:]
        for (holder, reason) in zip(holders, reasons) where reason != nil { bad[holder] = reason }
        guard !bad.isEmpty else { return }
        for file in files { file.manifest.holder.flatMap { bad[$0] }.map { refused[file.number] = $0 } }
    }
}

extension Result where Failure == DiskError {
    /// Why the destination cannot hold it; other errors are thrown.
    fileprivate var reason: SkipReason? {
        get throws(DiskError) {
            guard case .failure(let error) = self else { return nil }
            guard case .unfit(_, let reason) = error else { throw error }
            return reason
        }
    }
}

extension ManifestEntry {
    /// The path of the folder that it is in; nil at the top.
    fileprivate var holder: [UInt8]? {
        path.lastIndex(of: UInt8(ascii: "/")).map { Array(path[..<$0]) }
    }
}
