import MeshChannel
import MeshControl
import MeshTransfer
import MeshWire
import NIOCore

/// Two processes that have found each other: a control link, the channel's lanes, and the driver of each side. Outlives its
/// link while the channel is open and a lane lives: another link takes its place then.
final class Talk {
    let course: Course
    let sending: SendingSide
    let receiving: ReceivingSide
    private(set) var road: LaneRoad
    /// What goes over the control link, whole and in order.
    private var mail = Both<[ControlMessage]>([], [])
    private var agreements: Both<ChannelAgreement>
    private var deadlines: Both<LinkDeadlines>
    private var breach: String?
    private var isLost = false
    /// Each side has heard on this link that the other has the channel as well.
    private var isCompared = Both(false, false)
    /// The control link is there; without one lanes alone carry what is said.
    private(set) var isLinked = true
    private let witness: Witness
    private let now: () -> UInt64

    init(
        _ course: Course, process: SendingProcess, receiver: SimulatedNode, witness: Witness, seed: UInt64,
        now: @escaping () -> UInt64
    ) {
        self.course = course
        self.witness = witness
        sending = SendingSide(process, course: course, receiver: receiver.id, now: now)
        receiving = ReceivingSide(receiver, course: course, sender: process.node.id, witness: witness, now: now)
        road = LaneRoad(dialer: course.dialer, seed: seed, now: now())
        deadlines = Both(LinkDeadlines(now: now()), LinkDeadlines(now: now()))
        self.now = now
        let ids = Both(process.node.id, receiver.id)
        agreements = Both(
            Self.agreement(.sender, ids, course.dialer), Self.agreement(.receiver, ids, course.dialer))
        var random = Seeded(seed)
        let channel = ChannelID(Bytes16(using: &random))
        follow(agreements[course.dialer].begin(channel, lanes: 3), course.dialer)
        sending.rooms = { [unowned self] in road.rooms(.sender) }
    }

    private static func agreement(_ side: Side, _ ids: Both<NodeID>, _ dialer: Side) -> ChannelAgreement {
        let ends = ChannelEnds(
            local: ids[side], remote: ids[side.other], role: side == dialer ? .dialer : .listener)
        return ChannelAgreement(role: ends.role, negotiation: GivenSecret(ends: ends))
    }

    /// Both sides have their receipt, or one has it and the other is gone.
    var isDone: Bool { sending.isDone && receiving.isReceiptStored }
    var failure: FailureCode? { sending.end?.failure ?? receiving.end?.failure }
    var violation: String? {
        let broken = sending.end?.breach.map { "sender: \($0)" } ?? receiving.end?.breach.map { "receiver: \($0)" }
        return sending.violation ?? receiving.violation ?? broken ?? breach
    }
    /// The channel could not be recovered, or the other side said nothing in time: both meet anew.
    var isOver: Bool { isLost }

    /// What has begun on the pools of both sides is done, and nobody hears of it; the rest is dropped.
    func drain(using random: inout Seeded) {
        sending.jobs.endPool(using: &random)
        receiving.jobs.endPool(using: &random)
    }

    // MARK: the control link

    /// The link breaks, and what was under way on it is gone. True where the transfer goes on without it.
    func unlink() -> Bool {
        mail = Both([], [])
        isLinked = false
        for side in Side.allCases { deadlines[side].recovers() }
        return canWork
    }

    /// Without a link only what has a lane goes on: a channel with none cannot be recovered.
    private var canWork: Bool {
        Side.allCases.allSatisfy { agreements[$0].isOpen && road.lead($0) != nil }
    }

    /// Another link takes the lost one's place.
    func relink() {
        isLinked = true
        isCompared = Both(false, false)
        for side in Side.allCases {
            deadlines[side].awaitsReady(now: now())
            follow(agreements[side].relinked(), side)
        }
        sending.hear { $0.relinked() }
        carry()
    }

    private func say(_ message: ControlMessage, to side: Side) {
        // What matters is said again on the next link.
        if isLinked { mail[side].append(message) }
    }

    func hasMail(_ side: Side) -> Bool { !mail[side].isEmpty }

    func readMail(_ side: Side) {
        switch mail[side].removeFirst() {
        case .channelOffer(let offer): follow(agreements[side].heard(offer), side)
        case .channelStatus(let status): follow(agreements[side].heard(status), side)
        case .ready(let channel, let epoch, let fingerprint):
            follow(agreements[side].heardReady(channel, epoch: epoch, fingerprint: fingerprint), side)
        case .transfer(let message): heard(message, side)
        case .error(let code, _): breach = breach ?? "the \(side) was answered with an error: \(code)"
        case .sync, .heartbeat, .membership, .leaving, .unknown: break
        }
        carry()
    }

    private func heard(_ message: TransferControl, _ side: Side) {
        guard side == .receiver else { return sending.hear { $0.heard(message) } }
        deadlines[.receiver].offered()
        receiving.hear { $0.heard(message, now: $1) }
    }

    private func follow(_ instructions: [ChannelAgreement.Instruction], _ side: Side) {
        for instruction in instructions {
            switch instruction {
            case .say(let message): say(message, to: side.other)
            case .agreed(let agreed):
                deadlines[side].recovers()
                road.agreed(agreed, at: side)
            case .open: open(side)
            case .failed(let error): breach = breach ?? "no channel at the \(side): \(error)"
            case .recoveryFailed: road.recoveryFailed(side)
            case .refuse(let code): breach = breach ?? "the \(side) refuses the channel: \(code)"
            case .superseded: breach = breach ?? "the \(side) takes the channel for another"
            }
        }
    }

    private func open(_ side: Side) {
        isCompared[side] = true
        let awaitsOffer = side == .receiver && !receiving.isUnderWay
        deadlines[side].channelOpened(awaitsOffer: awaitsOffer, now: now())
        if side == .sender { sending.hear { $0.channelOpened() } }
        for name in road.waiting(side) { work(on: name, side) }
    }

    // MARK: the lanes

    func dial(_ index: Int, isReachable: Bool) {
        road.dial(index, isReachable: isReachable)
        carry()
    }

    func settle(_ index: Int, _ side: Side) {
        road.settle(index, side)
        carry()
    }

    func cut(_ index: Int) {
        road.cut(index)
        carry()
    }

    func stall(_ index: Int, until time: UInt64) { road.stall(index, until: time) }

    func deliver(_ index: Int, to side: Side, harm: (inout ByteBuffer) -> Void) {
        road.deliver(index, to: side, harm: harm)
        carry()
    }

    func tick(now: UInt64) {
        road.tick(now: now)
        receiving.hear { $0.tick(now: $1) }
        for side in Side.allCases { lookAtDeadlines(side, now: now) }
        carry()
    }

    private func lookAtDeadlines(_ side: Side, now: UInt64) {
        guard let overdue = deadlines[side].overdue(now: now) else { return }
        // On a later link only that link is at fault.
        if overdue == .channel, isLinked, !isCompared[side], agreements[side].isOpen, unlink() { return }
        isLost = true
        if overdue == .channel ? isCompared[side] : receiving.isUnderWay {
            breach = breach ?? "the \(side) gave up a link that works"
        }
    }

    // MARK: between the sides

    /// Carries what both sides and the lanes have to say until nobody has anything left.
    func carry() {
        while true {
            let news = road.takeNews()
            let (outgoing, incoming) = (sending.takeOutput(), receiving.takeOutput())
            if news.isEmpty && outgoing.isEmpty && incoming.isEmpty { break }
            for output in outgoing { put(output, from: .sender) }
            for output in incoming { put(output, from: .receiver) }
            for item in news { hear(item.news, item.side) }
        }
        witness.bounds(sending, receiving, road)
    }

    private func put(_ output: SideOutput, from side: Side) {
        switch output {
        case .message(let message):
            road.send(FrameEncoder.frame(.message, stream: 1, payload: message.encoded()), from: side)
        case .acknowledgement(let numbers):
            var payload = ByteBuffer()
            payload.writeNumbers(numbers)
            road.send(FrameEncoder.frame(.acknowledgement, stream: 1, payload: payload), from: side)
        case .transmit(let name, let frames): road.transmit(frames, on: name, from: side)
        case .free(let name, let bytes): road.free(bytes, on: name, at: side)
        case .say(let message): say(message, to: side.other)
        }
    }

    private func hear(_ news: LaneRoad.News, _ side: Side) {
        switch news {
        case .up(let name): if agreements[side].isOpen, road.waiting(side).contains(name) { work(on: name, side) }
        case .lost(let name, let wasLead):
            if side == .sender { sending.hear { $0.laneLost(name, wasLead: wasLead) } }
            if side == .receiver { receiving.hear { $0.laneLost(name, now: $1) } }
        case .drains(let name): if side == .sender { sending.hear { $0.laneDrains(name) } }
        case .room(let name): room(name, side)
        case .frames(let frames, let name):
            follow(agreements[side].heardWork(epoch: name.epoch), side)
            if side == .sender { sending.hear { $0.frames(frames) } }
            if side == .receiver { receiving.hear { $0.frames(frames, on: name, now: $1) } }
        case .opened(let epoch):
            follow(agreements[side].passed(epoch: epoch), side)
            if epoch > 0, !agreements[side].isOpen { deadlines[side].awaitsReady(now: now()) }
        case .recover(let epoch, let set):
            guard isLinked else {
                isLost = true
                return
            }
            deadlines[side].recovers()
            isCompared[side] = false
            follow(agreements[side].recover(epoch: epoch, set: set), side)
        case .broken(let what): breach = breach ?? "a lane of the \(side): \(what)"
        case .channelLost: isLost = true
        }
    }

    private func work(on name: LaneName, _ side: Side) {
        let isOnly = road.work(on: name, at: side)
        if side == .receiver { receiving.hear { $0.laneOpened(isOnly: isOnly, now: $1) } }
        room(name, side)
    }

    private func room(_ name: LaneName, _ side: Side) {
        guard side == .sender, let room = road.room(name, .sender) else { return }
        sending.hear { $0.lane(name, room: room) }
    }
}
