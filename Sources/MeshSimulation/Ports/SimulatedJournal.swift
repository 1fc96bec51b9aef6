package import MeshTransfer
package import MeshWire
import Synchronization

/// A transfer journal in memory: every call is one transaction and returns at once. As in SQLite's write-ahead log with
/// synchronous=NORMAL, a power loss may take the last transactions, those before the last checkpoint never.
package final class SimulatedJournal: TransferJournal {
    /// Why a call was refused; nothing of it was kept. A session that meets this has broken an obligation.
    package struct Refused: Error {
        package var what: String

        init(_ what: String) { self.what = what }
    }

    /// No space is left for a transaction.
    package struct Full: Error {
        package init() {}
    }

    struct Row: Hashable, Sendable {
        var digest: Digest
        var boot: UInt64
        var isSynced: Bool
    }

    struct Transfer: Sendable {
        var record: TransferRecord
        var sources: [SourceEntry] = []
        var entries: [ReceivedEntry] = []
        var withdrawn = NumberSet()
        /// Sender: by the receiver's word.
        var skipped: [SkipReason: NumberSet] = [:]
        var chunks: [UInt64: Row] = [:]
        var retries: [RetryRecord] = []
        var receipt: ReceiptRecord?
    }

    private struct State: Sendable {
        var transfers: [TransferID: Transfer] = [:]
        /// What it was before each transaction since the last checkpoint, oldest first.
        var log: [[TransferID: Transfer]] = []
        var boot: UInt64 = 1
        var refusals = 0
    }

    private let state = Mutex(State())
    private let fuse: Fuse
    /// Each transaction waits for the disk (synchronous=FULL).
    let isDurable: Bool

    package init(fuse: Fuse = Fuse(), isDurable: Bool = false) {
        self.fuse = fuse
        self.isDurable = isDurable
    }

    // MARK: transactions

    /// A copy is changed, and kept only where nothing was refused.
    func change<R: Sendable>(_ id: TransferID, _ body: (inout Transfer) throws -> R) throws -> R {
        try transact { all, boot in
            guard var transfer = all[id] else { throw Refused("transfer \(id)") }
            let result = try body(&transfer)
            all[id] = transfer
            return result
        }
    }

    private func transact<R: Sendable>(_ body: (inout [TransferID: Transfer], UInt64) throws -> R) throws -> R {
        guard !fuse.isBlown else { throw ProcessKilled() }
        let result = try state.withLock { state in
            if state.refusals > 0 {
                state.refusals -= 1
                throw Full()
            }
            let before = state.transfers
            let result = try body(&state.transfers, state.boot)
            if !isDurable { state.log.append(before) }
            return result
        }
        fuse.burn()
        // The transaction stands, but nobody lives to hear of it.
        guard !fuse.isBlown else { throw ProcessKilled() }
        return result
    }

    func read<R: Sendable>(_ id: TransferID, _ body: (Transfer) throws -> R) throws -> R {
        guard !fuse.isBlown else { throw ProcessKilled() }
        return try look(id, body)
    }

    /// For whoever watches: works without a process.
    func look<R: Sendable>(_ id: TransferID, _ body: (Transfer) throws -> R) throws -> R {
        try state.withLock { state in
            guard let transfer = state.transfers[id] else { throw Refused("transfer \(id)") }
            return try body(transfer)
        }
    }

    var boot: UInt64 { state.withLock { $0.boot } }

    package func flushManifest(of id: TransferID, through entries: UInt64) throws { try checkpoint() }

    /// Moves the log into the file.
    package func checkpoint() throws {
        guard !fuse.isBlown else { throw ProcessKilled() }
        state.withLock { $0.log = [] }
        fuse.burn()
    }

    // MARK: faults

    /// The next `count` transactions find no space.
    package func refuseWrites(_ count: Int) { state.withLock { $0.refusals = count } }

    /// The machine starts again. `keepingAll`: the log had reached the disk; otherwise a part of it, drawn, is lost.
    package func reboot(keepingAll: Bool, using random: inout Seeded) {
        let drawn = random.next()
        state.withLock { state in
            state.boot += 1
            guard !keepingAll, !state.log.isEmpty else { return }
            let kept = Int(drawn % UInt64(state.log.count + 1))
            if kept < state.log.count { state.transfers = state.log[kept] }
            state.log = []
        }
    }

    // MARK: transfers

    package func create(_ record: TransferRecord) throws {
        try transact { all, _ in
            guard all[record.id] == nil else { throw Refused("a second transfer \(record.id)") }
            all[record.id] = Transfer(record: record)
        }
    }

    package func transfer(_ id: TransferID) throws -> TransferRecord? {
        guard !fuse.isBlown else { throw ProcessKilled() }
        return state.withLock { $0.transfers[id]?.record }
    }

    package func setState(_ state: TransferState, message: String?, of id: TransferID, at time: Int64) throws {
        try change(id) {
            $0.record.state = state
            $0.record.message = message
            $0.record.updated = time
        }
    }

    package func setPeer(_ peer: NodeID, of id: TransferID) throws { try change(id) { $0.record.peer = peer } }

    // MARK: the end

    package func noteSkipped(_ skipped: [SkipReason: NumberSet], of id: TransferID) throws {
        try change(id) { $0.skipped.merge(skipped) { $0.union($1) } }
    }

    package func complete(
        _ id: TransferID, state: TransferState, receipt: ReceiptRecord, at time: Int64
    ) throws {
        try change(id) {
            $0.record.state = state
            $0.record.updated = time
            $0.record.message = nil
            $0.receipt = receipt
        }
    }

    package func receipt(of id: TransferID) throws -> ReceiptRecord? { try read(id) { $0.receipt } }

    package func record(_ retries: [RetryRecord], of id: TransferID) throws {
        try change(id) { $0.retries += retries }
    }

    /// What had to be done again, in its order.
    package func retries(of id: TransferID) throws -> [RetryRecord] { try read(id) { $0.retries } }
}
