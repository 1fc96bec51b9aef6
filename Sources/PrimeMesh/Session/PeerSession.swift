import MeshChannel
import MeshControl
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire

/// The work with one peer over one channel: its lanes, and the one transfer that they are for.
///
/// Everything that happens comes through one queue and is handled in one place, in order; machines decide
/// (`ChannelAgreement`, `ChannelSession`, a transfer's driver), and what takes time is done elsewhere and comes back as an
/// event. A session outlives its control link: while the channel is open and a lane lives, the transfer goes on, and the next
/// link to the same run of the peer is ``attach(_:_:)``ed. It ends with its transfer, with the last lane where there
/// is no link, or with the peer's run; the next session goes on from the journals.
actor PeerSession {
    /// What the link is for.
    enum Purpose: Sendable {
        case send(@Sendable (PeerIdentity) -> SendContext)
        case receive(@Sendable (PeerIdentity, _ name: String) -> ReceiveContext)

        /// The peer is to offer a transfer once the channel works.
        var awaitsOffer: Bool {
            switch self {
            case .send: false
            case .receive: true
            }
        }
    }

    /// The only stream so far: one transfer per channel.
    static let stream: UInt16 = 1

    let node: NodeContext
    /// The link that is there, or was last.
    var link: PeerLink
    nonisolated let peer: PeerIdentity
    /// How the first words went; a later link's must tell of the same run.
    let introduced: PeerConversation.Introduced
    let purpose: Purpose
    let registry: ChannelRegistry
    let report: @Sendable (SessionNews) -> Void
    let events: AsyncStream<PeerEvent>
    let queue: WorkQueue
    let lanes = LaneSet(stream: PeerSession.stream)
    let writes: AsyncStream<WorkQueue.Write>
    let tasks: AsyncStream<@Sendable () async -> Void>
    let say = ControlVoice()
    /// Tells whoever dials that the link is gone and the session is not.
    nonisolated let losses: AsyncStream<Void>
    let lost: AsyncStream<Void>.Continuation
    let syncer: BackgroundSyncer

    var shell: (any TransferShell)?
    var channel: ChannelSession?
    var agreement: ChannelAgreement?
    var conversation: PeerConversation?
    /// Why the link is gone, while none has come in its place.
    var lossReason: String?
    /// The channel's first epoch was opened.
    var wasOpen = false
    var outcome: PeerOutcome?
    /// Why this side parts from the peer, where no transfer says so.
    var farewell: FailureCode?
    var ending = SessionEnding()
    var deadlines: LinkDeadlines
    var generator = SystemRandomNumberGenerator()
    var meter = ThroughputMeter()

    init(
        node: NodeContext, conversation: PeerConversation, introduced: PeerConversation.Introduced, purpose: Purpose,
        registry: ChannelRegistry, report: @escaping @Sendable (SessionNews) -> Void
    ) {
        self.node = node
        self.introduced = introduced
        link = conversation.link
        peer = conversation.link.peer
        self.purpose = purpose
        self.registry = registry
        self.report = report
        let (events, send) = AsyncStream.makeStream(of: PeerEvent.self)
        let (writes, write) = AsyncStream.makeStream(of: WorkQueue.Write.self)
        let (tasks, start) = AsyncStream.makeStream(of: (@Sendable () async -> Void).self)
        self.events = events
        self.writes = writes
        self.tasks = tasks
        queue = WorkQueue(pool: node.pool, events: send, writes: write, tasks: start)
        (losses, lost) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        syncer = BackgroundSyncer(node: node)
        deadlines = LinkDeadlines(now: NodeClock.monotonic)
        queue.events.yield(.linked(conversation))
    }

    /// Works until the transfer or the channel has ended.
    func run() async -> PeerOutcome {
        begin()
        defer { if let shell { report(.progress(shell.progress, lanes: lanes.count)) } }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepJournal() }
            group.addTask { await self.runTasks() }
            group.addTask { await self.beat() }
            group.addTask { [syncer] in await syncer.run() }
            await self.handleEvents()
            group.cancelAll()
        }
        if let id = channel?.agreed.channel { registry.remove(id, peer: peer.nodeID, owner: self) }
        await queue.drain()
        if let closing = shell?.closing { await closing() }
        if let id = channel?.agreed.channel {
            try? await node.journal.close(channel: id, reason: outcome?.word ?? "ended", at: NodeClock.wall)
        }
        return outcome ?? .lost("the session was ended")
    }

    /// A transfer was accepted: its peer is the one that was waited for.
    var hasTransfer: Bool { shell?.isUnderWay ?? false }

    /// The program wants to stop: the transfer stays resumable.
    nonisolated func stop() { queue.events.yield(.stop) }

    private func handleEvents() async {
        await withTaskCancellationHandler {
            for await event in events {
                handle(event)
                outcome = outcome ?? shell?.outcome
                if outcome != nil, isOver { break }
            }
        } onCancel: {
            stop()
        }
        await part()
        queue.finish()
        say.fallSilent()
        lost.finish()
        for await event in events { discard(event) }
    }

    /// What comes behind the end: who waits for its turn must not wait for ever, and a link that nobody took is closed.
    private func discard(_ event: PeerEvent) {
        switch event {
        case .turn(let turn): turn.reached()
        case .linked(let conversation): conversation.close()
        case .laneUp(let lane): lane.close()
        default: break
        }
    }

    /// Begins the end where it has not begun, and answers whether it is reached.
    private var isOver: Bool {
        let now = NodeClock.monotonic
        if ending.begin(now: now) {
            for lane in lanes.all { lane.closeWhenSent() }
            if let goodbye { say.yield(.leaving(goodbye)) }
        }
        return ending.isOver(isSent: lanes.all.isEmpty && say.isEmpty, now: now)
    }

    /// What the peer is told last; nil where nothing failed.
    private var goodbye: FailureCode? {
        guard case .failed(let error) = outcome else { return nil }
        let usual: FailureCode = error.code == .interrupted ? shell?.interruption ?? .leaving : .cancelled
        let reason = shell?.end?.closeReason ?? farewell
        return reason == .leaving ? usual : reason ?? usual
    }

    /// Closes lanes and link. A cancelled task's queue ends before it is asked to stop: then the goodbye leaves here, by
    /// way of the event loop, which no cancellation reaches.
    private func part() async {
        for lane in lanes.all { lane.close() }
        guard Task.isCancelled, !ending.hasBegun else {
            conversation?.close()
            return
        }
        outcome = outcome ?? .failed(MeshError(CancellationError()))
        await conversation?.link.control.part(saying: goodbye)
    }

    private func handle(_ event: PeerEvent) {
        switch event {
        case .linked(let conversation): linked(conversation)
        // What an older link still brings is of no use.
        case .control(let frame, let source): if source === conversation { heard(frame) }
        case .controlEnded(let error, let source): if source === conversation { linkEnded(error) }
        case .unread(let source): if source === conversation { failed(Self.unread, as: .tooMany) }
        case .laneUp(let lane): laneUp(lane)
        case .laneDown(let name, let code): laneDown(name, code)
        case .lane(let name, let event): laneEvent(event, on: name)
        case .tick: tick()
        case .turn(let turn): return turn.reached()
        case .failed(let error, let code): failed(error, as: code)
        case .superseded: outcome = outcome ?? .lost("the other side began anew")
        case .stop: outcome = outcome ?? .failed(MeshError(CancellationError()))
        case .transfer(let event): shell?.handle(event)
        }
    }

    private func failed(_ error: MeshError, as code: FailureCode) {
        shell?.failed(error, as: code)
        outcome = outcome ?? shell?.outcome ?? .failed(error)
    }

    /// On a later link only that link is at fault.
    private func channelOverdue() {
        let reason = "the other side did not agree on a channel in time"
        if agreement?.isOpen == true { linkEnded(MeshError(.timedOut, reason)) } else { detach(reason) }
    }

    private func tick() {
        let now = NodeClock.monotonic
        switch deadlines.overdue(now: now) {
        case .channel: channelOverdue()
        case .offer: outcome = outcome ?? .lost(lossReason ?? "the other side had nothing to send")
        case nil: break
        }
        lookAtLink(now: now)
        tickChannel(now: now)
        shell?.tick()
        if let shell { report(.progress(shell.progress, lanes: lanes.count)) }
    }

    // MARK: beside the queue

    private func keepJournal() async {
        for await write in writes {
            do {
                if let event = try await write() { queue.events.yield(event) }
            } catch {
                queue.events.yield(.failed(MeshError(error), FailureCode(error)))
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
            queue.events.yield(.tick)
        }
    }
}
