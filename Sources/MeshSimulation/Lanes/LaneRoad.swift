import MeshChannel
import MeshTransfer
import MeshWire
import NIOCore

/// The lanes between two processes and the `ChannelSession` of each: dialed, admitted, tested, lost, recovered, as the
/// sessions say. What concerns the transfer or the control link comes out as news.
struct LaneRoad {
    /// What a side's transfer or control link is told.
    enum News {
        case up(LaneName)
        case lost(LaneName, wasLead: Bool)
        /// The lane takes no new work.
        case drains(LaneName)
        case room(LaneName)
        case frames([InboundFrame], LaneName)
        /// The channel passed its test in this epoch.
        case opened(epoch: UInt32)
        /// The dialer wants the channel agreed on anew.
        case recover(epoch: UInt32, PrimeSetName)
        case broken(String)
        /// No lane could be opened for as long as patience lasts.
        case channelLost
    }

    private struct End {
        var channel: ChannelSession?
        var roster = LaneRoster()
    }

    let dialer: Side
    private var ends = Both(End(), End())
    private(set) var lanes: [VirtualLane] = []
    private var dials: [(name: LaneName, time: UInt64)] = []
    private var news: [(side: Side, news: News)] = []
    private var random: Seeded
    private var now: UInt64

    init(dialer: Side, seed: UInt64, now: UInt64) {
        self.dialer = dialer
        self.now = now
        random = Seeded(seed)
    }

    mutating func takeNews() -> [(side: Side, news: News)] {
        defer { news = [] }
        return news
    }

    func lead(_ side: Side) -> LaneName? { ends[side].roster.lead }

    // MARK: time

    /// When something happens next without anybody's doing.
    var nextDeadline: UInt64? {
        let deadlines = Side.allCases.compactMap { ends[$0].channel?.nextDeadline } + dials.map(\.time)
        let stalls = lanes.map(\.stalledUntil).filter { $0 > now }
        return (deadlines + stalls).min()
    }

    mutating func tick(now: UInt64) {
        self.now = now
        for side in Side.allCases {
            guard let deadline = ends[side].channel?.nextDeadline, now >= deadline else { continue }
            perform(side) { $0.tick(now: now, using: &$1) }
        }
    }

    // MARK: agreement

    mutating func agreed(_ agreed: AgreedChannel, at side: Side) {
        let now = now
        if ends[side].channel == nil {
            ends[side].channel = ChannelSession(agreed, patience: 60_000_000_000)
            perform(side) { channel, _ in channel.start(now: now) }
        } else {
            perform(side) { channel, _ in channel.recovered(agreed, now: now) }
        }
    }

    mutating func recoveryFailed(_ side: Side) {
        let now = now
        perform(side) { channel, random in
            channel.recoveryFailed(now: now, using: &random)
            return []
        }
    }

    private mutating func perform(
        _ side: Side, _ event: (inout ChannelSession, inout Seeded) -> [ChannelSession.Instruction]
    ) {
        guard var channel = ends[side].channel else { return }
        let instructions = event(&channel, &random)
        ends[side].channel = channel
        for instruction in instructions { carryOut(instruction, side) }
    }

    private mutating func carryOut(_ instruction: ChannelSession.Instruction, _ side: Side) {
        switch instruction {
        case .dial(let name, let time): dials.append((name, time))
        case .probe(let name, let number): send(.probe(number: number, sent: now), on: name, from: side)
        case .close(let name, _): leave(name, side)
        case .examine(let name):
            guard let lane = lanes.first(where: { $0.name == name }) else { return }
            let (now, count) = (now, lane.stalledUntil > now ? 5 : 0)
            perform(side) { channel, _ in channel.repeated(name, count: count, now: now) }
        case .drain(let name):
            send(.drain, on: name, from: side)
            drains(name, side)
        case .opened(let epoch): news.append((side, .opened(epoch: epoch)))
        case .recover(let epoch, let set): news.append((side, .recover(epoch: epoch, set)))
        case .lost: news.append((side, .channelLost))
        }
    }

    private mutating func drains(_ name: LaneName, _ side: Side) {
        guard index(of: name, side) != nil else { return }
        ends[side].roster.drain(name)
        if ends[side].roster.contains(name) { news.append((side, .drains(name))) }
    }

    private mutating func send(_ test: ChannelTest, on name: LaneName, from side: Side) {
        guard let index = lanes.firstIndex(where: { $0.name == name && $0.standing(side) == .up }) else { return }
        attempt(side) { road throws(LaneOutboxError) in try road.lanes[index].send(test, from: side) }
    }

    private mutating func attempt<E: Error>(_ side: Side, _ body: (inout LaneRoad) throws(E) -> Void) {
        do throws(E) { try body(&self) } catch { news.append((side, .broken("\(error)"))) }
    }

    // MARK: lanes

    var dueDials: [Int] { dials.indices.filter { dials[$0].time <= now } }

    /// A dial arrives: the listener admits it or not. `isReachable`: somebody listens at the address.
    mutating func dial(_ index: Int, isReachable: Bool) {
        let name = dials.remove(at: index).name
        guard ends[dialer].channel?.isWanted(name) ?? false else { return }
        let refusal: FailureCode?
        do throws(LaneRefusal) {
            if isReachable { try ends[dialer.other].channel?.admit(name) }
            refusal = nil
        } catch {
            refusal = error.code
        }
        guard isReachable, refusal == nil, ends[dialer.other].channel != nil else {
            let now = now
            return perform(dialer) { $0.laneFailed(name, reason: refusal, now: now, using: &$1) }
        }
        lanes.append(VirtualLane(name))
    }

    /// Sides whose end of the lane at `index` is about to be up, or about to hear of its end.
    func pending(_ index: Int) -> [Side] {
        Side.allCases.filter {
            lanes[index].standing($0) == .opening
                || lanes[index].standing($0) == .up && lanes[index].standing($0.other) == .gone
        }
    }

    /// One side's handshake ends, or it hears that the other has closed.
    mutating func settle(_ index: Int, _ side: Side) {
        let name = lanes[index].name
        let now = now
        guard lanes[index].standing(side) == .opening, lanes[index].standing(side.other) != .gone else {
            leave(name, side)
            return perform(side) { $0.laneFailed(name, reason: nil, now: now, using: &$1) }
        }
        lanes[index].stand(side, .up)
        // As in a node: the channel first, then the transfer.
        perform(side) { channel, _ in channel.laneOpened(name, now: now) }
        if self.index(of: name, side) != nil { news.append((side, .up(name))) }
    }

    /// Lanes that are up and carry no work yet.
    func waiting(_ side: Side) -> [LaneName] {
        let roster = ends[side].roster
        return lanes.filter { $0.standing(side) == .up }.map(\.name)
            .filter { !roster.contains($0) && !roster.isDraining($0) }
            .sorted { ($0.prime, $0.generation) < ($1.prime, $1.generation) }
    }

    /// The transfer works on this lane from now on; answers whether it is the only one.
    mutating func work(on name: LaneName, at side: Side) -> Bool {
        ends[side].roster.add(name)
        return ends[side].roster.count == 1
    }

    /// One side has done with a lane.
    private mutating func leave(_ name: LaneName, _ side: Side) {
        guard let index = lanes.firstIndex(where: { $0.name == name && $0.standing(side) != .gone }) else { return }
        lanes[index].stand(side, .gone)
        let isTold = ends[side].roster.contains(name)
        let wasLead = ends[side].roster.remove(name)
        if isTold { news.append((side, .lost(name, wasLead: wasLead))) }
        if lanes[index].isOver { lanes.remove(at: index) }
    }

    /// The connection breaks: what was under way is gone, and each side hears of it in its time.
    mutating func cut(_ index: Int) {
        let name = lanes[index].name
        let side = random.oneIn(2) ? Side.sender : .receiver
        lanes[index].cut()
        let now = now
        leave(name, side)
        perform(side) { $0.laneFailed(name, reason: nil, now: now, using: &$1) }
    }

    mutating func stall(_ index: Int, until time: UInt64) { lanes[index].stalledUntil = time }

    // MARK: traffic

    mutating func deliver(_ index: Int, to side: Side, harm: (inout ByteBuffer) -> Void) {
        let name = lanes[index].name
        let now = now
        do {
            var frames: [InboundFrame] = []
            let arrivals = try lanes[index].deliver(to: side, using: &random, harm: harm)
            if !arrivals.isEmpty { ends[side].channel?.heard(name, bytes: 1, now: now) }
            for arrival in arrivals {
                switch arrival {
                case .frame(let frame): frames.append(frame)
                case .echo(let number): perform(side) { channel, _ in channel.echo(name, number: number, now: now) }
                case .room: news.append((side, .room(name)))
                case .drain:
                    drains(name, side)
                    perform(side) { channel, _ in channel.peerDrains(name, now: now) }
                }
            }
            if !frames.isEmpty { news.append((side, .frames(frames, name))) }
            // What left the other side's queue made room there.
            news.append((side.other, .room(name)))
        } catch {
            news.append((side, .broken("\(error)")))
        }
    }

    /// A message of `side`'s transfer; without a lane it is lost, as in a node.
    mutating func send(_ frame: ByteBuffer, from side: Side) {
        guard let index = index(of: ends[side].roster.lead, side) else { return }
        attempt(side) { road throws(LaneOutboxError) in try road.lanes[index].send(frame, from: side) }
    }

    mutating func transmit(_ frames: ByteBuffer, on name: LaneName, from side: Side) {
        guard let index = index(of: name, side) else { return }
        if !lanes[index].transmit(frames, from: side) {
            news.append((side, .broken("chunks beyond the lane's credit")))
        }
    }

    mutating func free(_ bytes: Int, on name: LaneName, at side: Side) {
        guard let index = index(of: name, side) else { return }
        attempt(side) { road throws(LaneOutboxError) in try road.lanes[index].free(bytes, at: side) }
    }

    /// What a lane that takes new work can take.
    func room(_ name: LaneName, _ side: Side) -> SendSession.LaneRoom? {
        guard ends[side].roster.names.contains(name), let index = index(of: name, side) else { return nil }
        let (queued, credit) = lanes[index].room(side)
        return SendSession.LaneRoom(queued: queued, credit: credit, share: lanes[index].share)
    }

    func rooms(_ side: Side) -> [(name: LaneName, room: SendSession.LaneRoom)] {
        lanes.compactMap { lane in room(lane.name, side).map { (lane.name, $0) } }
    }

    private func index(of name: LaneName?, _ side: Side) -> Int? {
        lanes.firstIndex { $0.name == name && $0.standing(side) == .up }
    }
}
