import MeshChannel
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire

/// The talk with one peer over one control link: names, pin, channel, lanes, and the one transfer it is for.
///
/// Everything that happens comes through one queue and is handled in one place, in order; machines decide
/// (`ChannelSession`, `SendSession`, `ReceiveSession`), and what takes time is done elsewhere and comes back as an event.
/// A session ends with its link: the next link has a next session, which goes on from the journals.
actor PeerSession {
    /// What the link is for.
    enum Purpose: Sendable {
        case send(@Sendable (PeerIdentity) -> SendContext)
        case receive(@Sendable (PeerIdentity, _ name: String) -> ReceiveContext)
    }

    static let protocolVersion = 1
    /// The only stream so far: one transfer per link.
    static let stream: UInt16 = 1
    /// What waits for the peer's last acknowledgement of nothing: nanoseconds until a flush is given up.
    static let flushLimit: UInt64 = 3_000_000_000
    /// Introduction, pin and channel are agreed within this time, nanoseconds.
    static let agreementLimit: UInt64 = 15_000_000_000

    let node: NodeContext
    let link: PeerLink
    let purpose: Purpose
    let registry: ChannelRegistry
    let report: @Sendable (SessionNews) -> Void
    let events: AsyncStream<PeerEvent>
    let desk: JobDesk
    let lanes = LaneSet(stream: PeerSession.stream)
    let writes: AsyncStream<JobDesk.Write>
    let tasks: AsyncStream<@Sendable () async -> Void>
    let say = ControlOutbox()
    let syncer: BackgroundSyncer

    var shell: (any TransferShell)?
    var channel: ChannelSession?
    var offering: PendingOffer?
    var secret: Bytes32?
    var peerName = ""
    var isPinned = false
    var isOpen = false
    var readyEpochs: (own: UInt32, peer: UInt32) = (0, 0)
    var outcome: PeerOutcome?
    /// Why a job of this side failed, for the peer.
    var farewell: FailureCode?
    var flushDeadline: UInt64?
    var agreeBy: UInt64
    var generator = SystemRandomNumberGenerator()
    var meter = ThroughputMeter()

    init(
        node: NodeContext, link: PeerLink, purpose: Purpose, registry: ChannelRegistry,
        report: @escaping @Sendable (SessionNews) -> Void
    ) {
        self.node = node
        self.link = link
        self.purpose = purpose
        self.registry = registry
        self.report = report
        let (events, send) = AsyncStream.makeStream(of: PeerEvent.self)
        let (writes, write) = AsyncStream.makeStream(of: JobDesk.Write.self)
        let (tasks, start) = AsyncStream.makeStream(of: (@Sendable () async -> Void).self)
        self.events = events
        self.writes = writes
        self.tasks = tasks
        desk = JobDesk(pool: node.pool, events: send, writes: write, tasks: start)
        secret = link.pin
        syncer = BackgroundSyncer(node: node)
        agreeBy = NodeClock.monotonic + Self.agreementLimit
    }

    /// Talks until the transfer or the link has ended.
    func run() async -> PeerOutcome {
        say.yield(.membership(.introduce(name: node.name, version: Self.protocolVersion)))
        if link.isCode, link.role == .listener, let secret { say.yield(.membership(.pin(secret: secret))) }
        defer { if let shell { report(.progress(shell.progress, lanes: lanes.count)) } }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.readControl() }
            group.addTask { await self.writeControl() }
            group.addTask { await self.keepJournal() }
            group.addTask { await self.runTasks() }
            group.addTask { await self.beat() }
            group.addTask { [syncer] in await syncer.run() }
            await self.handleEvents()
            group.cancelAll()
        }
        if let closing = shell?.closing { await closing() }
        if let id = channel?.agreed.channel {
            registry.remove(id)
            try? await node.journal.close(channel: id, reason: outcome?.word ?? "ended", at: NodeClock.wall)
        }
        return outcome ?? .lost("the session was ended")
    }

    /// The program wants to stop: the transfer stays resumable.
    nonisolated func stop() { desk.events.yield(.stop) }

    private func handleEvents() async {
        await withTaskCancellationHandler {
            for await event in events {
                await handle(event)
                if let end = ending { outcome = outcome ?? end }
                if outcome != nil, isFlushed { break }
            }
        } onCancel: {
            stop()
        }
        for lane in lanes.all { lane.close() }
        link.control.close()
        desk.events.finish()
        desk.writes.finish()
        desk.tasks.finish()
        say.finish()
        // Who waits for its turn must not wait for ever.
        for await event in events { if case .turn(let turn) = event { turn.reached() } }
    }

    private static let unread = MeshError(
        .other, "the peer does not read what it is told on the control link, so it was disconnected: try again later")

    private var ending: PeerOutcome? { shell?.outcome }

    /// Last messages have left, or had their time.
    private var isFlushed: Bool {
        guard let flushDeadline else {
            self.flushDeadline = NodeClock.monotonic + Self.flushLimit
            for lane in lanes.all { lane.closeWhenSent() }
            if case .failed(let error) = outcome { sayGoodbye(error) }
            return lanes.all.isEmpty && say.isEmpty
        }
        return lanes.all.isEmpty && say.isEmpty || NodeClock.monotonic >= flushDeadline
    }

    private func sayGoodbye(_ error: MeshError) {
        let usual: FailureCode = error.code == .interrupted ? .leaving : .cancelled
        say.yield(.leaving(shell?.farewell ?? farewell ?? usual))
    }

    private func handle(_ event: PeerEvent) async {
        switch event {
        case .control(let frame): await control(frame)
        case .controlEnded(let error): linkEnded(error)
        case .laneUp(let lane): laneUp(lane)
        case .laneDown(let name, let code): laneDown(name, code)
        case .lane(let name, let event): laneEvent(event, on: name)
        case .pinKept: pinKept()
        case .tick: tick()
        case .turn(let turn): return turn.reached()
        case .failed(let error, let code):
            lanes.send(.failed(code))
            if code != .leaving { farewell = farewell ?? code }
            outcome = outcome ?? .failed(error)
        case .stop: outcome = outcome ?? .failed(MeshError(CancellationError()))
        case .send, .receive, .settled, .offer, .decided:
            shell?.handle(event)
        }
        settle()
    }

    /// What the shell has to say or wants to be asked after any event.
    private func settle() {
        guard let shell else { return }
        for message in shell.settle() { say.yield(message) }
    }

    private func linkEnded(_ error: MeshError) {
        guard outcome == nil else { return }
        // A receipt that left is the end of the transfer here, whether or not its answer still comes.
        outcome = shell?.isSettled == true ? .done : .lost(error.message)
    }

    private func tick() {
        let now = NodeClock.monotonic
        if channel == nil, now > agreeBy, outcome == nil {
            outcome = .lost("the other side did not agree on a channel in time")
        }
        tickChannel(now: now)
        shell?.tick()
        if let shell { report(.progress(shell.progress, lanes: lanes.count)) }
    }

    // MARK: beside the queue

    private func readControl() async {
        let events = desk.events
        do {
            for try await frame in link.control.inbound {
                events.yield(.control(frame))
                await EventTurn.behind(events)
                guard await say.hasRoom() else {
                    _ = events.yield(.failed(Self.unread, .tooMany))
                    return
                }
            }
            events.yield(.controlEnded(MeshError(.timedOut, "the other side closed the connection")))
        } catch {
            events.yield(.controlEnded(MeshError(error)))
        }
    }

    private func writeControl() async {
        for await message in say.messages {
            do { try await link.control.send(message) } catch { return say.failed() }
            say.sent()
        }
    }

    private func keepJournal() async {
        for await write in writes {
            do {
                if let event = try await write() { desk.events.yield(event) }
            } catch {
                desk.events.yield(.failed(MeshError(error), FailureCode(error)))
            }
        }
    }

    private func runTasks() async {
        await withDiscardingTaskGroup { group in
            for await task in tasks { group.addTask { await task() } }
            group.cancelAll()
        }
    }

    /// Time as an event: twenty times a second, which is finer than any deadline of the machines.
    private func beat() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(50))
            desk.events.yield(.tick)
        }
    }
}
