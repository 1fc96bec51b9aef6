import MeshDisk
import MeshJournal
import MeshTransfer
import MeshWire

extension MeshNode {
    /// Checks files on disk against the journal's digests: those of a received transfer, those of a sent one at their
    /// sources, or a file or folder that was received or sent, by its path. `report` hears of each as it is checked.
    public func verify(
        _ idOrPath: [UInt8], report: @escaping @Sendable (VerifiedFile) -> Void
    ) async throws(MeshError) -> [VerifiedFile] {
        try await MeshError.catching {
            let name = String(validating: idOrPath, as: UTF8.self)
            if let id = name.flatMap({ TransferID($0.lowercased()) }),
                let record = try await context.journal.transfer(id)
            {
                return try await verify(record, report)
            }
            let path = try AbsolutePath.here(idOrPath)
            let resolved = try await context.blocking { SystemPath.resolved(path) }
            for candidate in resolved == path ? [path] : [path, resolved].compactMap(\.self) {
                if case let found = try await verify(below: candidate, report), !found.isEmpty { return found }
            }
            let shown = EntryPath.escaped(idOrPath)
            let unknown = "\(shown) is neither a transfer nor a file that was received or sent: see `pmesh history`"
            // What is there is meant as a path: a transfer whose name begins like it says nothing of it.
            guard let name, name.isEmpty || resolved == nil else { throw MeshError(.usage, unknown) }
            let missing = "\(shown) does not exist, and no transfer has this name: check it, or see `pmesh history`"
            return try await verify(try await unique(name) { missing }, report)
        }
    }

    /// All files of a transfer.
    private func verify(
        _ record: TransferRecord, _ report: @Sendable (VerifiedFile) -> Void
    ) async throws -> [VerifiedFile] {
        guard !record.isPiped else {
            throw MeshError(
                .usage,
                "\(record.id.short) went through a pipe, and no file of it is known here: it was verified as it passed"
            )
        }
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
            where record.roots.contains(where: { AbsolutePath.lies($0, at: path) || AbsolutePath.lies(path, at: $0) }) {
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
                guard let place = file.path, AbsolutePath.lies(place, at: path), !seen.contains(place) else { continue }
                let digests = try await digests(of: file, in: record, from: 0)
                // A receiver that had a sent file already, or wanted none, took no chunk of it.
                guard record.direction == .receive || file.manifest.size == 0 || !digests.isEmpty else { continue }
                seen.insert(place)
                let result = try await verify(file, at: place, in: record, digests)
                report(result)
                results.append(result)
            }
            next = end.number + 1
        }
        return results
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
        _ file: Located, at path: [UInt8], in record: TransferRecord, _ digests: [Digest]
    ) async throws -> VerifiedFile {
        var verified = VerifiedFile(path: EntryPath.escaped(path), size: file.manifest.size, verdict: .intact)
        do {
            try await compare(file, at: path, in: record, digests)
        } catch let fault as FileFault {
            verified.verdict = VerifiedFile.Verdict(fault)
        }
        return verified
    }

    /// Throws `FileFault` where the file is not as it was.
    private func compare(
        _ file: Located, at path: [UInt8], in record: TransferRecord, _ digests: [Digest]
    ) async throws {
        let size = file.manifest.size
        let checked = try await context.blocking { try CheckedFile(path, size: size) }
        let plan = FilePlan(entry: file.number, manifest: file.manifest)
        var (next, digests) = (UInt64(0), digests)
        while next < UInt64(plan.chunks.count) {
            guard !digests.isEmpty else { throw FileFault.unreadable("the journal has no digest of it") }
            try await context.blocking { [next, digests] in try checked.check(plan, from: next, digests) }
            next += UInt64(digests.count)
            digests = try await self.digests(of: file, in: record, from: next)
        }
    }

    /// Of up to 256 chunks from number `first` of the file on.
    private func digests(of file: Located, in record: TransferRecord, from first: UInt64) async throws -> [Digest] {
        try await context.journal.digests(of: record.id, entry: file.number, from: first, limit: 256)
    }
}

extension VerifiedFile.Verdict {
    fileprivate init(_ fault: FileFault) {
        self =
            switch fault {
            case .missing: .missing
            case .damaged(let range): .damaged(range)
            case .unreadable(let reason): .unreadable(reason)
            }
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
