import MeshChannel
import MeshControl
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire
import NIOCore

// Carries out what `ChannelSession` says about lanes, and tells it and the transfer what happens on them.
extension PeerSession {
    /// A channel, or its next epoch, is agreed on.
    func start(_ agreed: AgreedChannel) {
        let now = NodeClock.monotonic
        deadlines.recovers()
        if channel?.agreed.channel == agreed.channel {
            carryOut(channel?.recovered(agreed, now: now) ?? [])
        } else {
            var fresh = ChannelSession(agreed, patience: 60_000_000_000)
            let instructions = fresh.start(now: now)
            channel = fresh
            if link.role == .listener { registry.add(agreed.channel, peer: link.peer.nodeID, owner: self) }
            carryOut(instructions)
        }
    }

    /// Listener: somebody opens a lane of this channel.
    func admit(_ name: LaneName) -> LaneAdmission {
        guard outcome == nil, let key = channel?.agreed.key else { return .refused(.unknown) }
        do throws(LaneRefusal) {
            try channel?.admit(name)
            return .admitted(key)
        } catch {
            return .refused(error.code)
        }
    }

    private func carryOut(_ instructions: [ChannelSession.Instruction]) {
        guard !ending.hasBegun else { return }
        for instruction in instructions {
            switch instruction {
            case .dial(let name, let time): dial(name, at: time)
            case .probe(let name, let number): lanes[name]?.probe(number: number)
            case .close(let name, let reason):
                if reason == .timedOut { lanes[name]?.abort() } else { lanes[name]?.close() }
                laneGone(name)
            case .examine(let name): lanes[name]?.examine()
            case .drain(let name):
                lanes[name]?.drain()
                drains(name)
            case .opened(let epoch): opened(epoch)
            case .recover(let epoch, let set):
                note(.channel(epoch: epoch), "no lane left")
                guard conversation != nil else { return detach("its lanes are gone as well") }
                deadlines.recovers()
                follow(agreement?.recover(epoch: epoch, set: set) ?? [])
            case .lost: outcome = outcome ?? .lost("no lane of the channel could be opened")
            }
        }
    }

    private func opened(_ epoch: UInt32) {
        guard let agreed = channel?.agreed else { return }
        follow(agreement?.passed(epoch: epoch) ?? [])
        if wasOpen, agreement?.isOpen == false { deadlines.awaitsReady(now: NodeClock.monotonic) }
        let record = ChannelRecord(
            id: agreed.channel, epoch: epoch, peer: link.peer.nodeID, primeSet: agreed.set.rawValue,
            lanes: agreed.lanes,
            opened: NodeClock.wall)
        let journal = node.journal
        queue.inJournal {
            try await journal.open(record)
            return nil
        }
    }

    private func dial(_ name: LaneName, at time: UInt64) {
        guard let agreed = channel?.agreed else { return }
        queue.asking { [link, queue, node] in
            let now = NodeClock.monotonic
            if time > now { try? await Task.sleep(for: .nanoseconds(Int64(time - now))) }
            guard let limit = await self.connectLimit(name) else { return }
            do {
                let connection = try await link.dialLane(agreed, node: node, limit: limit)
                let lane = try await Lane.open(connection, name: name, key: agreed.key, nonce: node.secret())
                await Self.follow(lane, queue.events)
            } catch TransportError.laneRefused(let code) {
                queue.events.yield(.laneDown(name, code))
            } catch {
                queue.events.yield(.laneDown(name, nil))
            }
        }
    }

    /// Nil where the lane is not wanted any more.
    private func connectLimit(_ name: LaneName) -> Duration? {
        guard let channel, channel.isWanted(name) else { return nil }
        return .nanoseconds(channel.connectLimit(name))
    }

    /// Passes a lane's events on until it is over.
    static func follow(_ lane: Lane, _ events: AsyncStream<PeerEvent>.Continuation) async {
        guard case .enqueued = events.yield(.laneUp(lane)) else { return lane.close() }
        for await event in lane.events {
            events.yield(.lane(lane.name, event))
            await EventTurn.behind(events)
        }
        // Cancelled: nobody hears of the end, but the connection must not stay.
        lane.close()
    }

    /// Listener: a lane that was admitted is up.
    nonisolated func follow(_ lane: Lane) async { await Self.follow(lane, queue.events) }

    // MARK: events

    func laneUp(_ lane: Lane) {
        guard outcome == nil else { return lane.close() }
        lanes.add(lane)
        carryOut(channel?.laneOpened(lane.name, now: NodeClock.monotonic) ?? [])
        if agreement?.isOpen == true { work(on: lane.name) }
    }

    /// The transfer works on this lane from now on.
    func work(on name: LaneName) {
        guard lanes.isWaiting(name) else { return }
        lanes.work(on: name)
        shell?.laneUp(name)
    }

    /// A dial led to nothing.
    func laneDown(_ name: LaneName, _ code: FailureCode?) {
        carryOut(channel?.laneFailed(name, reason: code, now: NodeClock.monotonic, using: &generator) ?? [])
    }

    func laneEvent(_ event: LaneEvent, on name: LaneName) {
        let now = NodeClock.monotonic
        switch event {
        case .frames(let frames):
            let bytes = frames.reduce(0) { $0 + $1.cost }
            channel?.heard(name, bytes: bytes, now: now)
            meter.add(UInt64(bytes))
            follow(agreement?.heardWork(epoch: name.epoch) ?? [])
            if outcome == nil { shell?.frames(frames, on: name) }
        case .room: if outcome == nil, !lanes.isWaiting(name) { shell?.laneRoom(name) }
        case .echo(let number, let roundTrip):
            carryOut(channel?.echo(name, number: number, now: now) ?? [])
            node.echoes?.lane(number, roundTrip)
        case .drain:
            drains(name)
            carryOut(channel?.peerDrains(name, now: now) ?? [])
        case .closed(let closure):
            if let refusal = closure.violation {
                farewell = farewell ?? .protocolViolation
                outcome = outcome ?? .failed(MeshError(.other, refusal))
            }
            laneGone(name)
            carryOut(channel?.laneFailed(name, reason: nil, now: now, using: &generator) ?? [])
        }
    }

    private func drains(_ name: LaneName) {
        lanes.drain(name)
        if outcome == nil, !lanes.isWaiting(name) { shell?.laneDrains(name) }
    }

    private func laneGone(_ name: LaneName) {
        guard lanes[name] != nil else { return }
        let wasWaiting = lanes.isWaiting(name)
        if lanes.names.contains(name) { note(.lane(prime: name.prime), "lane lost") }
        let wasLead = lanes.remove(name)
        if outcome == nil, !wasWaiting { shell?.laneLost(name, wasLead: wasLead) }
        if conversation == nil, lanes.count == 0 { detach("its lanes are gone as well") }
    }

    /// Writes down what is done again for the transfer that runs.
    private func note(_ subject: RetryRecord.Subject, _ reason: String) {
        guard outcome == nil, let shell, !shell.isReceiptStored, let id = shell.transfer else { return }
        let (journal, retry) = (node.journal, RetryRecord(subject: subject, reason: reason, time: NodeClock.wall))
        queue.inJournal {
            try await journal.record([retry], of: id)
            return nil
        }
    }

    func tickChannel(now: UInt64) {
        if let echoes = node.echoes, wasOpen {
            for lane in lanes.all { lane.probe(number: echoes.nextProbe()) }
            say.yield(.sync(ClockSync(origin: NodeClock.wall)))
        }
        for lane in lanes.all {
            for write in lane.takeWrites() {
                channel?.frameWritten(lane.name, bytes: write.bytes, start: write.start, now: write.end)
                meter.add(UInt64(write.bytes))
            }
            if let count = lane.takeRepeats() { carryOut(channel?.repeated(lane.name, count: count, now: now) ?? []) }
        }
        if let (bytes, interval) = meter.due(now: now) {
            carryOut(channel?.throughput(bytes, over: interval, now: now) ?? [])
        }
        guard let deadline = channel?.nextDeadline, now >= deadline else { return }
        carryOut(channel?.tick(now: now, using: &generator) ?? [])
    }
}

/// Bytes per second of all lanes, measured while there is traffic.
struct ThroughputMeter {
    private static let interval: UInt64 = 1_000_000_000

    private var bytes: UInt64 = 0
    private var since: UInt64 = 0

    mutating func add(_ count: UInt64) { bytes += count }

    mutating func due(now: UInt64) -> (bytes: UInt64, interval: UInt64)? {
        guard now >= since + Self.interval else { return nil }
        defer {
            bytes = 0
            since = now
        }
        return bytes > 0 && since > 0 ? (bytes, now - since) : nil
    }
}

extension InboundFrame {
    /// Payload bytes, roughly: for health and throughput.
    fileprivate var cost: Int {
        switch self {
        case .message(_, let payload), .acknowledgement(_, let payload): payload.readableBytes
        case .handshake(let payload), .test(let payload): payload.readableBytes
        case .chunk(let chunk): chunk.cost
        }
    }
}

extension LaneClosure {
    /// The sentence where the peer broke a rule: such a peer gets no other lane.
    fileprivate var violation: String? {
        switch self {
        case .violation, .credit, .unread, .overspent: description
        case .done, .peerClosed, .interrupted, .untrusted, .timedOut, .refused, .opening: nil
        }
    }
}
