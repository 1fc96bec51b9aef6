import FoundationEssentials
import MeshJournal
import MeshTransfer
import MeshWire

extension MeshNode {
    /// Checks files on disk against the journal's digests: those of a received transfer, those of a sent one at their
    /// sources, or a file or folder that was received or sent, by its path. `report` hears of each as it is checked.
    public func verify(
        _ idOrPath: String, report: @escaping @Sendable (VerifiedFile) -> Void
    ) async throws(MeshError) -> [VerifiedFile] {
        try await MeshError.catching {
            if let id = TransferID(idOrPath.lowercased()), let record = try await context.journal.transfer(id) {
                return try await verify(record, report)
            }
            let path = AbsolutePath.of(
                Array(idOrPath.utf8), below: Array(FileManager.default.currentDirectoryPath.utf8))
            if case let found = try await verify(below: path, report), !found.isEmpty { return found }
            if let real = try await context.blocking({ CheckedFile.realPath(path) }), real != path,
                case let found = try await verify(below: real, report), !found.isEmpty
            {
                return found
            }
            let unknown = "\(idOrPath) is neither a transfer nor a file that was received or sent: see `pmesh history`"
            // What is there is meant as a path: another transfer whose name begins like it says nothing of it.
            if !idOrPath.isEmpty, try await context.blocking({ CheckedFile.isThere(path) }) {
                throw MeshError(.usage, unknown)
            }
            return try await verify(try await unique(idOrPath) { unknown }, report)
        }
    }

    /// All files of a transfer.
    private func verify(
        _ record: TransferRecord, _ report: @Sendable (VerifiedFile) -> Void
    ) async throws -> [VerifiedFile] {
        var seen: Set<[UInt8]> = []
        return try await verify(record, below: [UInt8(ascii: "/")], but: &seen, report)
    }

    /// All files at a path or below it that were received there, or sent from there. The latest transfer's word counts:
    /// what earlier ones brought has been replaced.
    private func verify(
        below path: [UInt8], _ report: @Sendable (VerifiedFile) -> Void
    ) async throws -> [VerifiedFile] {
        var seen: Set<[UInt8]> = []
        var results: [VerifiedFile] = []
        var last: TransferRecord?
        while case let page = try await context.journal.transfersThatMoved(behind: last, limit: 100), !page.isEmpty {
            last = page.last
            for record in page
            where record.roots.contains(where: { Self.lies($0, at: path) || Self.lies(path, at: $0) }) {
                results += try await verify(record, below: path, but: &seen, report)
                // It is a file: nothing lies below it.
                if seen.contains(path) { return results }
            }
        }
        return results
    }

    private func verify(
        _ record: TransferRecord, below path: [UInt8], but seen: inout Set<[UInt8]>,
        _ report: @Sendable (VerifiedFile) -> Void
    ) async throws -> [VerifiedFile] {
        var results: [VerifiedFile] = []
        var next: UInt64 = 0
        while case let batch = try await files(of: record, from: next), let end = batch.last {
            for file in batch {
                guard let place = file.path, Self.lies(place, at: path), !seen.contains(place),
                    try await wasMoved(file, by: record)
                else { continue }
                seen.insert(place)
                let result = try await verify(file.number, file.manifest, at: place, of: record.id)
                report(result)
                results.append(result)
            }
            next = end.number + 1
        }
        return results
    }

    /// Whether a sent file went: a receiver that had it already, or wanted none, took no chunk of it.
    private func wasMoved(_ file: Located, by record: TransferRecord) async throws -> Bool {
        guard record.direction == .send, file.manifest.size > 0 else { return true }
        return try await !context.journal.digests(of: record.id, entry: file.number, limit: 1).isEmpty
    }

    /// Whether one absolute path is the other or lies below it.
    private static func lies(_ path: [UInt8], at folder: [UInt8]) -> Bool {
        guard path.starts(with: folder), path.count > folder.count else { return path == folder }
        return folder.last == UInt8(ascii: "/") || path[folder.count] == UInt8(ascii: "/")
    }

    private struct Located {
        var number: UInt64
        var manifest: ManifestEntry
        /// Nil for what is no file, or has no final name.
        var path: [UInt8]?
    }

    private func files(of record: TransferRecord, from first: UInt64) async throws -> [Located] {
        switch record.direction {
        case .receive:
            let root = record.roots.first ?? []
            return try await context.journal.receivedEntries(of: record.id, from: first, limit: 1_024).map { entry in
                let isThere = entry.manifest.kind == .file && entry.state == .finished
                return Located(
                    number: entry.number, manifest: entry.manifest, path: isThere ? entry.path(below: root) : nil)
            }
        case .send:
            let withdrawn = try await context.journal.withdrawnEntries(of: record.id)
            return try await context.journal.sourceEntries(of: record.id, from: first, limit: 1_024).map { entry in
                let isThere = entry.manifest.kind == .file && !withdrawn.contains(entry.number)
                let path = isThere ? SourcePath.of(entry.manifest, roots: record.roots) : nil
                return Located(number: entry.number, manifest: entry.manifest, path: path)
            }
        }
    }

    private func verify(
        _ entry: UInt64, _ manifest: ManifestEntry, at path: [UInt8], of transfer: TransferID
    ) async throws -> VerifiedFile {
        var verified = VerifiedFile(path: EntryPath.escaped(path), size: manifest.size, verdict: .intact)
        let file: CheckedFile
        switch try await context.blocking({ CheckedFile.open(path) }) {
        case .open(let found): file = found
        case .missing:
            verified.verdict = .missing
            return verified
        case .unreadable(let reason):
            verified.verdict = .unreadable(reason)
            return verified
        }
        guard file.size == manifest.size else {
            verified.verdict = .damaged(at: min(file.size, manifest.size))
            return verified
        }
        let plan = FilePlan(entry: entry, manifest: manifest)
        var next: UInt64 = 0
        while next < UInt64(plan.chunks.count) {
            let digests = try await context.journal.digests(of: transfer, entry: entry, from: next, limit: 256)
            guard !digests.isEmpty else {
                verified.verdict = .unreadable("the journal has no digest of it")
                return verified
            }
            let from = next
            if let verdict = try await context.blocking({ file.firstFault(plan, from: from, digests) }) {
                verified.verdict = verdict
                return verified
            }
            next += UInt64(digests.count)
        }
        return verified
    }
}

extension ReceivedEntry {
    /// Where it stands, with the name it got.
    func path(below root: [UInt8]) -> [UInt8] {
        var parts = manifest.path.split(separator: UInt8(ascii: "/")).map(Array.init)
        if let finalName { parts[parts.count - 1] = finalName }
        let slash = UInt8(ascii: "/")
        return (root.last == slash ? root.dropLast() : root[...]) + parts.flatMap { [slash] + $0 }
    }
}

/// Where a sent entry lies: its first component is the last one of a root.
enum SourcePath {
    static func of(_ manifest: ManifestEntry, roots: [[UInt8]]) -> [UInt8]? {
        let slash = UInt8(ascii: "/")
        let first = manifest.path.prefix { $0 != slash }
        guard let root = roots.first(where: { $0.split(separator: slash).last.map(Array.init) == Array(first) }) else {
            return nil
        }
        return root + manifest.path.dropFirst(first.count)
    }
}
