import MeshChannel
import MeshTransfer
import MeshWire
import NIOCore

/// Two processes that have found each other: a control link, the lanes, and the session of each side. Ends with the link.
final class Talk {
    /// What goes over the control link, whole and in order: identifiers and numbers.
    private enum Note {
        case channel(ControlMessage)
        case offer(TransferSums, counting: Bool)
        case accept(from: UInt64)
    }

    let course: Course
    let sending: SendingSide
    let receiving: ReceivingSide
    private(set) var road: LaneRoad
    private var mail = Both<[Note]>([], [])
    private var agreements: Both<ChannelAgreement>
    private var wasOffered = false
    private var breach: String?
    private var isLost = false
    private let witness: Witness

    init(
        _ course: Course, process: SendingProcess, receiver: SimulatedNode, witness: Witness, seed: UInt64,
        now: @escaping () -> UInt64
    ) {
        self.course = course
        self.witness = witness
        sending = SendingSide(process, course: course, receiver: receiver.id, now: now)
        receiving = ReceivingSide(receiver, course: course, sender: process.node.id, witness: witness, now: now)
        road = LaneRoad(dialer: course.dialer, seed: seed, now: now())
        let ids = Both(process.node.id, receiver.id)
        agreements = Both(
            Self.agreement(.sender, ids, course.dialer), Self.agreement(.receiver, ids, course.dialer))
        var random = Seeded(seed)
        let channel = ChannelID(Bytes16(using: &random))
        follow(agreements[course.dialer].begin(channel, lanes: 3), course.dialer)
    }

    private static func agreement(_ side: Side, _ ids: Both<NodeID>, _ dialer: Side) -> ChannelAgreement {
        let ends = ChannelEnds(
            local: ids[side], remote: ids[side.other], role: side == dialer ? .dialer : .listener)
        return ChannelAgreement(role: ends.role, negotiation: GivenSecret(ends: ends))
    }

    /// Both sides have their receipt, or one has it and the other is gone.
    var isDone: Bool { sending.isDone && receiving.isSettled }
    var failure: FailureCode? { sending.failure ?? receiving.failure }
    var violation: String? { sending.violation ?? receiving.violation ?? breach }
    /// The channel could not be recovered: both sides close the link and meet anew.
    var isOver: Bool { isLost }

    // MARK: the control link

    func hasMail(_ side: Side) -> Bool { !mail[side].isEmpty }

    func readMail(_ side: Side) {
        switch mail[side].removeFirst() {
        case .channel(let message): follow(heard(message, side), side)
        case .offer(let sums, let counting): receiving.offered(sums, counting: counting)
        case .accept(let from): sending.handle { $0.accepted(from: from) }
        }
        carry()
    }

    private func heard(_ message: ControlMessage, _ side: Side) -> [ChannelAgreement.Instruction] {
        switch message {
        case .channelOffer(let offer): agreements[side].heard(offer)
        case .channelStatus(let status): agreements[side].heard(status)
        case .ready(let channel, let epoch, let fingerprint):
            agreements[side].heardReady(channel, epoch: epoch, fingerprint: fingerprint)
        case .sync, .heartbeat, .transfer, .membership, .leaving, .error, .unknown: []
        }
    }

    private func follow(_ instructions: [ChannelAgreement.Instruction], _ side: Side) {
        for instruction in instructions {
            switch instruction {
            case .say(let message): mail[side.other].append(.channel(message))
            case .agreed(let agreed): road.agreed(agreed, at: side)
            case .open:
                if side == .sender { offer() }
                for name in road.waiting(side) { work(on: name, side) }
            case .failed(let error): breach = breach ?? "no channel at the \(side): \(error)"
            case .recoveryFailed: road.recoveryFailed(side)
            case .refuse(let code): breach = breach ?? "the \(side) refuses the channel: \(code)"
            }
        }
    }

    private func offer() {
        guard !wasOffered else { return }
        wasOffered = true
        // Pages may flow before the receiver has accepted.
        sending.handle { $0.accepted(from: 0) }
        let process = sending.process
        let totals = process.totals
        let sums = TransferSums(
            entries: totals.entries, files: totals.files, bytes: totals.bytes, allocated: totals.allocated)
        let isReading = process.source.files.contains { $0.source.manifest.isOpen }
        mail[.receiver].append(.offer(sums, counting: process.isWalking || isReading))
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
        case .up(let name): if agreements[side].isOpen, road.waiting(side).contains(name) { work(on: name, side) }
        case .lost(let name, let wasLead):
            if side == .sender { sending.handle { $0.laneLost(name, wasLead: wasLead) } }
            if side == .receiver { receiving.handle { $0.laneLost(name, now: $1) } }
        case .drains(let name): if side == .sender { sending.handle { $0.laneDrains(name) } }
        case .room(let name): room(name, side)
        case .frames(let frames, let name):
            follow(agreements[side].heardWork(epoch: name.epoch), side)
            if side == .sender { sending.frames(frames) } else { receiving.frames(frames, on: name) }
        case .opened(let epoch): follow(agreements[side].passed(epoch: epoch), side)
        case .recover(let epoch, let set): follow(agreements[side].recover(epoch: epoch, set: set), side)
        case .broken(let what): breach = breach ?? "a lane of the \(side): \(what)"
        case .channelLost: isLost = true
        }
    }

    private func work(on name: LaneName, _ side: Side) {
        let isOnly = road.work(on: name, at: side)
        if side == .receiver { receiving.handle { $0.laneOpened(isOnly: isOnly, now: $1) } }
        room(name, side)
    }

    private func room(_ name: LaneName, _ side: Side) {
        guard side == .sender, let room = road.room(name, .sender) else { return }
        let share = road.share(name, .sender)
        sending.handle {
            $0.lane(name, room: SendSession.LaneRoom(queued: room.queued, credit: room.credit, share: share))
        }
    }
}
