import MeshJournal
import MeshTransfer
import MeshWire
import Synchronization

/// Turns what sessions tell into events for the program, and adds up what a transfer took over all its sessions.
final class TransferReport: Sendable {
    /// Nanoseconds between two progress events.
    private static let interval: UInt64 = 100_000_000

    fileprivate struct State {
        var transfer: TransferID?
        /// When the transfer was accepted, once it was.
        var accepted: UInt64?
        var lastProgress: UInt64 = 0
        var meter = RateMeter()
        var stall = StallWatch()
        var isStalled = false
        /// Of sessions that have ended.
        var past = TransferCounters()
        var snapshot = TransferSnapshot()
        var base: Base
        /// Paths of entries that were named as left out.
        var named: Set<[UInt8]> = []
    }

    /// What was there before the session that is under way.
    enum Base: Sendable {
        /// A receiver's session finds out by itself and counts it.
        case counted
        /// A sender's does not: by the journal when the program began, and by the sessions since.
        case known(bytes: UInt64, files: UInt64)
    }

    private let state: Mutex<State>
    private let emit: @Sendable (TransferEvent) -> Void

    init(base: Base = .counted, emit: @escaping @Sendable (TransferEvent) -> Void) {
        state = Mutex(State(base: base))
        self.emit = emit
    }

    func event(_ event: TransferEvent) { emit(event) }

    func begin(_ transfer: TransferID) { state.withLock { $0.transfer = transfer } }

    /// From now on the transfer takes time: before that people were waited for.
    func accepted(at now: UInt64 = NodeClock.monotonic) { state.withLock { $0.accepted = $0.accepted ?? now } }

    /// A session began: what the last one counted is past.
    func nextSession() {
        state.withLock { state in
            state.past.add(state.snapshot.counters)
            if case .known(let bytes, let files) = state.base {
                state.base = .known(bytes: bytes + state.snapshot.bytes, files: files + state.snapshot.files)
            }
            state.snapshot = TransferSnapshot(receipt: state.snapshot.receipt)
            // The time without any session was told as a loss.
            state.stall = StallWatch()
            state.isStalled = false
        }
    }

    func progress(_ snapshot: TransferSnapshot, lanes: Int) {
        let events = state.withLock { state -> [TransferEvent] in
            let now = NodeClock.monotonic
            state.snapshot = snapshot
            let (bytes, files) = state.moved
            // Of what moved, not of what turned out to be there.
            state.meter.update(state.past.bytes + snapshot.counters.bytes, now: now)
            guard let transfer = state.transfer, now >= state.lastProgress + Self.interval, snapshot.totals.entries > 0
            else { return [] }
            state.lastProgress = now
            let isDue = !snapshot.waitsForInput && (snapshot.isCounting || bytes < snapshot.totals.bytes)
            let stalled = state.stall.update(state.past.bytes + snapshot.counters.bytes, isDue: isDue, now: now)
            let rate = stalled == nil ? state.meter.rate : 0
            let rest = snapshot.totals.bytes - min(bytes, snapshot.totals.bytes)
            let begins = stalled != nil && !state.isStalled
            state.isStalled = stalled != nil
            let progress = TransferEvent.progress(
                TransferProgress(
                    transfer: transfer, bytes: bytes, totalBytes: snapshot.totals.bytes,
                    isCounting: snapshot.isCounting,
                    files: files, totalFiles: snapshot.totals.files,
                    wireBytes: state.past.wireBytes + snapshot.counters.wireBytes, rate: rate,
                    remaining: rate > 0 && !snapshot.isCounting ? Double(rest) / rate : nil, lanes: lanes,
                    stalled: stalled))
            guard begins, let stalled else { return [progress] }
            return [.stalled(seconds: stalled, lanes: lanes), progress]
        }
        for event in events { emit(event) }
    }

    /// Entries left out that are named in events.
    static let namedLimit = 1_000

    /// Names an entry that will not stand at the destination as soon as that is known; once, and the first of them.
    func leftOut(_ path: [UInt8], _ reason: SkipReason) {
        let isNew = state.withLock { $0.named.count < Self.namedLimit && $0.named.insert(path).inserted }
        if isNew { emit(.leftOut(path: EntryPath.escaped(path), reason: reason)) }
    }

    /// Names what does not stand at the destination as it was offered and was not named before.
    func name(_ left: LeftOut) {
        for entry in left.entries { leftOut(entry.path, entry.reason) }
        let all = left.counts.reduce(0) { $0 + ($1.key == .unchanged ? 0 : $1.value) }
        let named = state.withLock { state in
            // What was named and came after all is none of them; where there are more than were asked for, that is not known.
            left.entries.count < Self.namedLimit
                ? left.entries.count { state.named.contains($0.path) } : state.named.count
        }
        if all > UInt64(named) { emit(.moreLeftOut(all - UInt64(named))) }
    }

    /// The summary of a finished transfer, from its receipt and what was counted.
    func summary(_ receipt: Receipt, _ left: LeftOut, now: UInt64 = NodeClock.monotonic) -> TransferSummary {
        state.withLock { state in
            var counters = state.past
            counters.add(state.snapshot.counters)
            return TransferSummary(
                transfer: receipt.transfer, files: left.files, bytes: receipt.bytes, wireBytes: counters.wireBytes,
                chunks: receipt.chunks, chunksResumed: receipt.chunks - min(counters.chunks, receipt.chunks),
                chunksRetried: counters.chunksRetried, seconds: Double(now - (state.accepted ?? now)) / 1e9,
                root: receipt.root, skipped: left.count(.missing), kept: left.count(.kept),
                unchanged: left.counts[.unchanged] ?? 0, failed: left.count(.changing), isDurable: receipt.isDurable,
                outcome: Self.outcome(left))
        }
    }

    /// The same on both sides.
    private static func outcome(_ left: LeftOut) -> ExitCode {
        if left.count(.changing) > 0 { return .sourceChanged }
        return left.count(.missing) > 0 ? .partial : .done
    }

    var receipt: Receipt? { state.withLock { $0.snapshot.receipt } }
}

extension TransferReport.State {
    /// Bytes and files by now, over all sessions; a chunk that was sent twice makes no more than the whole.
    fileprivate var moved: (bytes: UInt64, files: UInt64) {
        guard case .known(let bytes, let files) = base else { return (snapshot.bytes, snapshot.files) }
        return (
            min(bytes + snapshot.bytes, max(snapshot.totals.bytes, snapshot.bytes)),
            min(files + snapshot.files, max(snapshot.totals.files, snapshot.files))
        )
    }
}

extension TransferCounters {
    fileprivate mutating func add(_ other: TransferCounters) {
        chunks += other.chunks
        chunksRetried += other.chunksRetried
        chunksLate += other.chunksLate
        bytes += other.bytes
        wireBytes += other.wireBytes
        files += other.files
    }
}
