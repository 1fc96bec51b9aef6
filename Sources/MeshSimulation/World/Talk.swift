import MeshChannel
import MeshTransfer
import MeshWire
import NIOCore

/// Two processes that have found each other: a control link, the lanes, and the session of each side. Ends with the link.
final class Talk {
    /// What goes over the control link, whole and in order: identifiers and numbers.
    private enum Note {
        case channelOffer(epoch: UInt32, PrimeSetName)
        case channelAgreed(epoch: UInt32, PrimeSetName)
        case ready(epoch: UInt32)
        case offer
        case accept(from: UInt64)
    }

    let course: Course
    let sending: SendingSide
    let receiving: ReceivingSide
    private(set) var road: LaneRoad
    private var mail = Both<[Note]>([], [])
    private var ready = Both<UInt32>(0, 0)
    private var isOpen = false
    private var brokenLanes: String?
    private var isLost = false
    private let channel: ChannelID
    private let witness: Witness
    private let ids: Both<NodeID>

    init(
        _ course: Course, process: SendingProcess, receiver: SimulatedNode, witness: Witness, seed: UInt64,
        now: @escaping () -> UInt64
    ) {
        self.course = course
        self.witness = witness
        ids = Both(process.node.id, receiver.id)
        sending = SendingSide(process, course: course, receiver: receiver.id, now: now)
        receiving = ReceivingSide(receiver, course: course, sender: process.node.id, witness: witness, now: now)
        road = LaneRoad(dialer: course.dialer, seed: seed, now: now())
        var random = Seeded(seed)
        channel = ChannelID(Bytes16(using: &random))
        mail[course.dialer.other].append(.channelOffer(epoch: 1, .standard))
    }

    /// Both sides have their receipt, or one has it and the other is gone.
    var isDone: Bool { sending.isDone && receiving.isSettled }
    var failure: FailureCode? { sending.failure ?? receiving.failure }
    var violation: String? { sending.violation ?? receiving.violation ?? brokenLanes }
    /// The channel could not be recovered: both sides close the link and meet anew.
    var isOver: Bool { isLost }

    // MARK: the control link

    func hasMail(_ side: Side) -> Bool { !mail[side].isEmpty }

    func readMail(_ side: Side) {
        switch mail[side].removeFirst() {
        case .channelOffer(let epoch, let set):
            guard epoch > road.epoch(side) else { return }
            agree(epoch, set, at: side)
            mail[side.other].append(.channelAgreed(epoch: epoch, set))
        case .channelAgreed(let epoch, let set):
            if epoch > road.epoch(side) { agree(epoch, set, at: side) }
        case .ready(let epoch):
            ready[side] = epoch
            openIfReady()
        case .offer: receiving.offered()
        case .accept(let from): sending.handle { $0.accepted(from: from) }
        }
        carry()
    }

    private func agree(_ epoch: UInt32, _ set: PrimeSetName, at side: Side) {
        let offer = ChannelOffer(channel: channel, epoch: epoch, set: set, lanes: 3, key: [])
        let ends = ChannelEnds(
            local: ids[side], remote: ids[side.other], role: side == course.dialer ? .dialer : .listener)
        road.agreed(AgreedChannel(offer, ends: ends, secret: [UInt8](repeating: 7, count: 32)), at: side)
    }

    private func openIfReady() {
        guard !isOpen, ready.sender > 0, ready.receiver > 0 else { return }
        isOpen = true
        // Pages may flow before the receiver has accepted.
        sending.handle { $0.accepted(from: 0) }
        mail[.receiver].append(.offer)
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
        receiving.handle { $0.tick(now: $1) }
        carry()
    }

    // MARK: between the sides

    /// Carries what both sides and the lanes have to say until nobody has anything left.
    func carry() {
        while true {
            let news = road.takeNews()
            let (outgoing, incoming) = (sending.takeOutput(), receiving.takeOutput())
            if let from = receiving.takeAccept() { mail[.sender].append(.accept(from: from)) }
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
        }
    }

    private func hear(_ news: LaneRoad.News, _ side: Side) {
        switch news {
        case .up(let name, let isOnly):
            if side == .receiver { receiving.handle { $0.laneOpened(isOnly: isOnly, now: $1) } }
            room(name, side)
        case .lost(let name, let wasLead):
            if side == .sender { sending.handle { $0.laneLost(name, wasLead: wasLead) } }
            if side == .receiver { receiving.handle { $0.laneLost(name, now: $1) } }
        case .drains(let name): if side == .sender { sending.handle { $0.laneDrains(name) } }
        case .room(let name): room(name, side)
        case .frames(let frames, let name):
            if side == .sender { sending.frames(frames) } else { receiving.frames(frames, on: name) }
        case .opened(let epoch):
            mail[side.other].append(.ready(epoch: epoch))
        case .recover(let epoch, let set): mail[side.other].append(.channelOffer(epoch: epoch, set))
        case .broken(let what): brokenLanes = brokenLanes ?? "a lane of the \(side): \(what)"
        case .channelLost: isLost = true
        }
    }

    private func room(_ name: LaneName, _ side: Side) {
        guard side == .sender, let room = road.room(name, .sender) else { return }
        let share = road.share(name, .sender)
        sending.handle {
            $0.lane(name, room: SendSession.LaneRoom(queued: room.queued, credit: room.credit, share: share))
        }
    }
}
