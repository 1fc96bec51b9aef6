import MeshTransfer
import MeshWire
import PrimeMesh
import Synchronization

/// Tells what happens to one command's transfers: as lines for people, or as one object per event.
final class TransferReport: Sendable {
    private struct State {
        var sum = ProgressSum()
        /// The transfer that is named in the line that resumes.
        var transfer: TransferID?
        var drawn: ContinuousClock.Instant?
        /// Whom a sender offers something.
        var asked: String?
        /// Entries that are not there as they were offered.
        var leftOut: UInt64 = 0
        /// Read from a pipe at the other side.
        var isPiped = false
        /// Not yet shown: it opens nothing before this side listens.
        var code: String?
    }

    let output: Output
    private let direction: TransferDirection?
    /// Where a receiver puts things, where that is another folder than the current one.
    private let folder: [UInt8]?
    /// The offer is shown with the question, not by itself.
    private let asks: Bool
    /// What is read from a pipe cannot go on in another process.
    private let canResume: Bool
    /// What to say about a code.
    private let codeNote: @Sendable (String) -> [String]
    /// ` --home DIR`, where the resuming line needs it.
    private let homeArgument: String
    private let state = Mutex(State())
    /// At most ten redraws a second.
    private static let interval = Duration.milliseconds(95)

    init(
        output: Output, direction: TransferDirection?, home: [UInt8]?, folder: [UInt8]? = nil, asks: Bool = false,
        canResume: Bool = true,
        codeNote: @escaping @Sendable (String) -> [String] = { _ in [] }
    ) {
        self.output = output
        self.direction = direction
        self.folder = folder
        self.asks = asks
        self.canResume = canResume
        self.codeNote = codeNote
        homeArgument = home.map { " --home " + ShellText.quoted($0) } ?? ""
    }

    /// Runs `body` and adds the line that resumes to what it throws.
    func watch<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as MeshError {
            throw CommandFailure(error, resume: error.isFinal ? nil : resume, progress: progress)
        } catch is CancellationError {
            guard isResumable else { throw CommandFailure(.interruptedPipe) }
            throw CommandFailure(.interrupted(canResume: resume != nil), resume: resume, progress: progress)
        }
    }

    private var isResumable: Bool { canResume && !state.withLock(\.isPiped) }

    private var resume: String? {
        guard isResumable else { return nil }
        return state.withLock { $0.transfer }.map { "pmesh resume \($0.short)\(homeArgument)" }
    }

    /// How far it got; nil before anything was known of its size.
    private var progress: String? {
        state.withLock { state in
            let line = state.sum.line
            guard state.transfer != nil, line.totalBytes > 0 else { return nil }
            return line.share
        }
    }

    @Sendable func take(_ event: TransferEvent) { take(event, own: nil) }

    /// `own`: this node, where the direction is not known from the start.
    func take(_ event: TransferEvent, own: NodeID?) {
        note(event)
        if output.style.isJSON {
            var isProgress = false
            if case .progress = event { isProgress = true }
            output.object(EventLine.line(event), isDroppable: isProgress)
        } else {
            show(event, own: own)
        }
    }

    private func note(_ event: TransferEvent) {
        state.withLock { state in
            switch event {
            case .offer(let offer):
                state.transfer = offer.transfer
                state.isPiped = offer.isPiped
            case .connected(let peer, let name, _):
                if direction == .send { state.asked = SummaryText.peer(name, peer) }
            case .progress(let progress):
                state.transfer = progress.transfer
                state.sum.take(progress)
            case .done(let summary):
                state.sum.end(summary.transfer)
                if state.transfer == summary.transfer { state.transfer = nil }
            case .code, .listening, .waiting, .file, .leftOut, .moreLeftOut, .warning, .stalled, .lost, .target:
                break
            }
        }
    }

    private func show(_ event: TransferEvent, own: NodeID?) {
        switch event {
        case .code(let code): state.withLock { $0.code = code }
        case .listening(let addresses):
            showCode()
            SummaryText.listening(addresses).forEach(output.note)
        case .waiting:
            showCode()
            output.note("waiting for the other side")
        case .connected(let peer, let name, let isResumed):
            output.note("connected to \(SummaryText.peer(name, peer))\(isResumed ? ", going on where it stopped" : "")")
        case .offer(let offer):
            if direction != .send && !asks && offer.sender != own { SummaryText.offer(offer).forEach(output.note) }
        case .progress: redraw()
        case .stalled: break
        case .file(let path, _, let offered):
            if let offered { output.note("\(offered) was taken: it is \(path)") }
        case .leftOut(let path, let reason): leftOut(path, reason)
        case .moreLeftOut(let count): state.withLock { $0.leftOut += count }
        case .warning(let sentence): output.warning(sentence)
        case .lost(let reason): output.note(SummaryText.lost(reason))
        case .done(let summary):
            rest()
            SummaryText.lines(
                summary, direction: direction, folder: folder, isVerbose: output.style.isVerbose
            ).forEach(result)
        case .target(let name, nil): result("\(name): sent")
        case .target(let name, let failure?): output.warning("\(name): \(failure.message)")
        }
    }

    /// Without it nobody could answer, so it is written even with --quiet.
    private func showCode() {
        let code = state.withLock { state in
            defer { state.code = nil }
            return state.code
        }
        guard let code else { return }
        for line in codeNote(code) { output.essential(line) }
    }

    /// The first ten are named.
    private func leftOut(_ path: String, _ reason: SkipReason) {
        let count = state.withLock { state in
            state.leftOut += 1
            return state.leftOut
        }
        guard count <= Self.named else { return }
        let line = SummaryText.leftOut(path, reason)
        if reason.isKept { output.note(line) } else { output.warning(line) }
    }

    private func rest() {
        let count = state.withLock { state in
            defer { state.leftOut = 0 }
            return state.leftOut
        }
        guard count > Self.named else { return }
        output.warning("and \(count - Self.named) more: `pmesh transfers show` names them")
    }

    private static let named: UInt64 = 10

    private func result(_ line: String) {
        if !output.style.isQuiet { output.result(line) }
    }

    private func redraw() {
        let now = ContinuousClock.now
        let line = state.withLock { state -> ProgressLine? in
            if let drawn = state.drawn, now - drawn < Self.interval { return nil }
            state.drawn = now
            var line = state.sum.line
            line.asked = state.asked
            return line
        }
        if let line { output.progress(line) }
    }
}
