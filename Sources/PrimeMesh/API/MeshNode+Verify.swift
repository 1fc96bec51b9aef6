import FoundationEssentials
import Glibc
import MeshJournal
import MeshTransfer
import MeshWire

import struct Crypto.SHA256

extension MeshNode {
    /// Checks files on disk against the journal's digests: those of a received transfer, those of a sent one at their
    /// sources, or one received file by its path. `report` hears of each as it is checked.
    public func verify(
        _ idOrPath: String, report: @escaping @Sendable (VerifiedFile) -> Void
    ) async throws(MeshError) -> [VerifiedFile] {
        try await MeshError.catching {
            if let record = try? await record(idOrPath) { return try await verify(record, report) }
            let here = Array(FileManager.default.currentDirectoryPath.utf8)
            let path = AbsolutePath.of(Array(idOrPath.utf8), below: here)
            guard let file = try await context.journal.findFinishedFile(path) else {
                if case let found = try await verify(below: path, report), !found.isEmpty { return found }
                throw MeshError(
                    .usage, "\(idOrPath) is neither a transfer nor a file that was received: see `pmesh history`")
            }
            let verified = try await verify(file.entry.number, file.entry.manifest, at: path, of: file.transfer.id)
            report(verified)
            return [verified]
        }
    }

    private func verify(
        _ record: TransferRecord, _ report: @Sendable (VerifiedFile) -> Void,
        where fits: ([UInt8]) -> Bool = { _ in true }
    ) async throws -> [VerifiedFile] {
        var results: [VerifiedFile] = []
        var next: UInt64 = 0
        while case let batch = try await files(of: record, from: next), let last = batch.last {
            for file in batch {
                guard let path = file.path, fits(path) else { continue }
                let result = try await verify(file.number, file.manifest, at: path, of: record.id)
                report(result)
                results.append(result)
            }
            next = last.number + 1
        }
        return results
    }

    /// All files that were received into a folder or below it.
    private func verify(
        below folder: [UInt8], _ report: @Sendable (VerifiedFile) -> Void
    ) async throws -> [VerifiedFile] {
        let prefix = folder + [UInt8(ascii: "/")]
        var results: [VerifiedFile] = []
        for record in try await context.journal.transfers(HistoryFilter(direction: .receive, limit: 10_000)) {
            results += try await verify(record, report) { $0.starts(with: prefix) }
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
        _ entry: UInt64, _ manifest: ManifestEntry, at path: [UInt8], of transfer: TransferID
    ) async throws -> VerifiedFile {
        var verified = VerifiedFile(path: EntryPath.escaped(path), size: manifest.size, verdict: .intact)
        guard let file = try await context.blocking({ CheckedFile(path) }) else {
            verified.verdict = errno == EACCES ? .unreadable("no permission") : .missing
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
            let wrong = try await context.blocking { file.firstMismatch(plan, from: from, digests) }
            if let wrong {
                verified.verdict = .damaged(at: wrong)
                return verified
            }
            next += UInt64(digests.count)
        }
        return verified
    }
}

/// A file opened for checking.
private final class CheckedFile: Sendable {
    let descriptor: Int32
    let size: UInt64

    init?(_ path: [UInt8]) {
        descriptor = path.map(CChar.init(bitPattern:)).withUnsafeBufferPointer { text in
            (Array(text) + [0]).withUnsafeBufferPointer {
                open($0.baseAddress ?? text.baseAddress!, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            }
        }
        var info = stat()
        guard descriptor >= 0, fstat(descriptor, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        size = UInt64(info.st_size)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The offset of the first chunk whose digest is another, or nil.
    func firstMismatch(_ plan: FilePlan, from first: UInt64, _ digests: [Bytes32]) -> UInt64? {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: plan.chunkSize, alignment: 4_096)
        defer { buffer.deallocate() }
        for (index, digest) in digests.enumerated() {
            let (offset, length) = plan.extent(of: plan.chunks.lowerBound + first + UInt64(index))
            guard pread(descriptor, buffer.baseAddress, length, off_t(offset)) == length else { return offset }
            var hasher = SHA256()
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer.prefix(length)))
            guard Bytes32(hasher.finalize()) == digest else { return offset }
        }
        return nil
    }
}

extension ReceivedEntry {
    /// Where it stands, with the name it got.
    func path(below root: [UInt8]) -> [UInt8] {
        var parts = manifest.path.split(separator: UInt8(ascii: "/")).map(Array.init)
        if let finalName { parts[parts.count - 1] = finalName }
        return root + parts.flatMap { [UInt8(ascii: "/")] + $0 }
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
