import MeshWire

/// Adds to a sender's manifest. It outlives the links, and is written by the walk as well.
package protocol ManifestAmending {
    func amend(_ entries: [SourceEntry]) async throws
}

extension SendWork {
    /// Does what a driver asked of the journal. `manifest`: where withdrawn files are added anew. `time`: wall clock,
    /// nanoseconds since 1970.
    package func run(
        _ job: SendDriver.Job, manifest: some ManifestAmending, check: ReceiptCheck, at time: Int64
    ) async throws -> SendEvent {
        switch job {
        case .page(let from): return try await page(from: from)
        case .load(let chunk): return try await load(holding: chunk)
        case .record(let records): return try await record(records)
        case .keep(let there): return try await keep(there)
        case .checkSeals(let numbers): return try await checkSeals(numbers)
        case .withdraw(let entries, let again):
            let changed = try await withdrawal(of: entries, again: again)
            try await manifest.amend(changed.amended)
            if again {
                let retries = entries.map { RetryRecord(subject: .entry($0.number), reason: "changed", time: time) }
                try await journal.record(retries, of: transfer)
            }
            return .withdrawn(lost: changed.lost)
        case .checkReceipt(let body, let signature, let skipped):
            let record = ReceiptRecord(body: body, signature: signature, publicKey: check.receiverKey)
            return try await check.run(record, skipped: skipped, at: time)
        }
    }
}
