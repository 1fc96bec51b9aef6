import MeshChannel
import MeshWire
import Synchronization

/// Between a lane's event loop, which never waits, and its consumer, which may be busy: what arrives meanwhile is put
/// together, so that a slow consumer gets few large batches instead of a long queue.
///
/// Chunks are bounded by the lane's credit, messages by ``messageLimit`` and ``frameLimit``: at either the lane stops
/// reading its socket until the consumer has caught up. (A consumer never waits for a lane, so this cannot lock up.)
/// Room is computed when it is taken, echoes are as many as probes, and the rest is one bit each.
final class LaneMailbox: Sendable {
    /// Bytes of messages and acknowledgements that may wait here.
    static let messageLimit = 8 * 1024 * 1024
    /// Messages and acknowledgements that may wait here, however small.
    static let frameLimit = 16_384

    private struct State {
        var frames: [InboundFrame] = []
        var messageBytes = 0
        var messages = 0
        var hasRoom = false
        var echoes: [(number: UInt64, roundTrip: UInt64)] = []
        var drains = false
        var closure: LaneClosure?
        var isOver = false
        var isReadingPaused = false
        var resumeReading: (@Sendable () -> Void)?
        var waiter: CheckedContinuation<LaneEvent?, Never>?
    }

    private let state = Mutex(State())
    private let ledger: LaneLedger

    init(_ ledger: LaneLedger) {
        self.ledger = ledger
    }

    /// `resume` is called, from any thread, when reading may go on that ``frames(_:messages:messageBytes:)`` stopped.
    func onCatchingUp(_ resume: @Sendable @escaping () -> Void) {
        state.withLock { $0.resumeReading = resume }
    }

    /// Answers whether reading is to stop until the consumer has caught up.
    func frames(_ frames: [InboundFrame], messages: Int, messageBytes: Int) -> Bool {
        put { state in
            if state.frames.isEmpty { state.frames = frames } else { state.frames.append(contentsOf: frames) }
            state.messages += messages
            state.messageBytes += messageBytes
            state.isReadingPaused = state.messageBytes >= Self.messageLimit || state.messages >= Self.frameLimit
            return state.isReadingPaused
        }
    }

    func room() { put { $0.hasRoom = true } }
    func echo(_ number: UInt64, roundTrip: UInt64) { put { $0.echoes.append((number, roundTrip)) } }
    func drain() { put { $0.drains = true } }
    /// The first reason counts.
    func closed(_ closure: LaneClosure) { put { $0.closure = $0.closure ?? closure } }

    private func put<Result>(_ change: (inout State) -> Result) -> Result {
        let (result, waiter, event) = state.withLock { state in
            let result = change(&state)
            guard let waiter = state.waiter, let event = take(&state) else {
                return (result, CheckedContinuation<LaneEvent?, Never>?.none, LaneEvent?.none)
            }
            state.waiter = nil
            return (result, waiter, event)
        }
        waiter?.resume(returning: event)
        return result
    }

    func next() async -> LaneEvent? {
        let event = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready: LaneEvent?? = state.withLock { state in
                    precondition(state.waiter == nil, "a lane's events have one consumer")
                    if let event = take(&state) { return event }
                    if state.isOver { return .some(nil) }
                    state.waiter = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            state.withLock { state in
                state.isOver = true
                defer { state.waiter = nil }
                return state.waiter
            }?.resume(returning: nil)
        }
        if case .frames = event { goOnReading() }
        return event
    }

    private func goOnReading() {
        let resume = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.isReadingPaused, state.frames.isEmpty else { return nil }
            state.isReadingPaused = false
            return state.resumeReading
        }
        resume?()
    }

    /// Nil where there is nothing to tell yet. Small things first: they must not wait for a consumer that is busy with
    /// frames.
    private func take(_ state: inout State) -> LaneEvent? {
        if !state.echoes.isEmpty {
            let echo = state.echoes.removeFirst()
            return .echo(number: echo.number, roundTrip: echo.roundTrip)
        }
        if state.hasRoom {
            state.hasRoom = false
            let room = ledger.room
            return .room(queued: room.queued, credit: room.credit)
        }
        if !state.frames.isEmpty {
            defer {
                state.frames = []
                state.messages = 0
                state.messageBytes = 0
            }
            return .frames(state.frames)
        }
        if state.drains {
            state.drains = false
            return .drain
        }
        guard let closure = state.closure, !state.isOver else { return nil }
        state.isOver = true
        return .closed(closure)
    }
}
