import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

import struct Crypto.SHA256

/// The sender's last step: is the receipt the receiver's, about this transfer, and does its root equal our own?
struct ReceiptCheck: Sendable {
    let context: SendContext

    /// The root, and the receipt, once both are kept; nil where anything differs. Digests that a crash took with it are
    /// computed again from the source.
    func root(_ record: ReceiptRecord, skipped: NumberSet) async throws -> (Digest?, Receipt?) {
        let key = record.publicKey
        guard NodeIdentity.verify(signature: record.signature, of: record.body, publicKeyDER: key),
            let receipt = try? Receipt(reading: record.body), receipt.transfer == context.record.id,
            receipt.sender == context.node.identity.nodeID, receipt.receiver == context.peer.nodeID,
            receipt.skipped == skipped.count
        else { return (nil, nil) }
        let computation = RootComputation(journal: context.journal, record: context.record, skipped: skipped)
        var result = try await computation.result()
        if !result.missing.isEmpty {
            guard try await hashAgain(result.missing) else { return (nil, nil) }
            result = try await computation.result()
        }
        guard result.missing.isEmpty, result.root == receipt.root else { return (nil, nil) }
        let isWhole = receipt.skipped == 0 && result.lost == 0
        try await context.journal.complete(
            context.record.id, state: isWhole ? .done : .partial, receipt: record, at: NodeClock.wall)
        return (result.root, receipt)
    }

    private func hashAgain(_ missing: NumberSet) async throws -> Bool {
        for range in missing.ranges {
            var next = range.lowerBound
            while next < range.upperBound {
                let files = try await context.journal.sourceFiles(of: context.record.id, holding: next, limit: 64)
                guard let last = files.last else { return false }
                let (from, source) = (next, context.source)
                let plan = FilePlan(entry: last.number, manifest: last.manifest)
                let end = min(range.upperBound, plan.chunks.upperBound)
                let records = try await context.blocking {
                    try SourceDigests.of(files, chunks: from..<end, source: source)
                }
                try await context.journal.acknowledge(records, of: context.record.id)
                next = end
            }
        }
        return true
    }
}

/// Digests of source chunks, read anew.
enum SourceDigests {
    static func of(_ files: [SourceEntry], chunks: Range<UInt64>, source: some ChunkSource) throws -> [ChunkRecord] {
        var records: [ChunkRecord] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Limits.chunk, alignment: 4_096)
        defer { buffer.deallocate() }
        for file in files {
            let plan = FilePlan(entry: file.number, manifest: file.manifest)
            for number in plan.chunks.clamped(to: chunks) {
                let (offset, length) = plan.extent(of: number)
                let region = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(length))
                if try source.read(file, offset: offset, into: [region]) {
                    records.append(ChunkRecord(number: number, digest: ZeroRun.digest(length)))
                } else {
                    var hasher = SHA256()
                    hasher.update(bufferPointer: UnsafeRawBufferPointer(region))
                    records.append(ChunkRecord(number: number, digest: Bytes32(hasher.finalize()) ?? Bytes32()))
                }
            }
        }
        return records
    }
}
