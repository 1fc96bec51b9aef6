import MeshWire
import NIOCore

// What can happen next; which of it does is drawn.
extension World {
    private enum Action {
        case meet(Int)
        case relink(Int)
        case walk(Int)
        case read(Int)
        case pool(Int, Side)
        case journal(Int, Side)
        case sync(Int)
        case mail(Int, Side)
        case dial(Int, Int)
        case settle(Int, Int, Side)
        case deliver(Int, Int, Side)
    }

    func move() async {
        var actions: [Action] = []
        for index in courses.indices { gather(index, &actions) }
        pause(actions.isEmpty)
        // Time passes even while there is work, though slowly; without any it leaps to what comes next.
        if actions.isEmpty {
            let next = talks.compactMap { $0?.road.nextDeadline }.min() ?? 0
            pass(min(max(next, now + 50_000_000) - now, 1_000_000_000))
        } else if random.oneIn(20) {
            pass(UInt64.random(in: 1_000_000...30_000_000, using: &random))
        }
        guard let action = actions.randomElement(using: &random) else { return }
        trace("\(step): \(action)")
        await perform(action)
    }

    private func gather(_ index: Int, _ actions: inout [Action]) {
        if canMeet(index) { actions.append(.meet(index)) }
        if processes[index]?.source.isReadable ?? false { actions.append(.read(index)) }
        guard let talk = talks[index] else { return }
        if !talk.isLinked { actions.append(.relink(index)) }
        if processes[index]?.isWalking ?? false { actions.append(.walk(index)) }
        if talk.sending.jobs.hasPool { actions.append(.pool(index, .sender)) }
        if talk.sending.jobs.hasJournal { actions.append(.journal(index, .sender)) }
        if talk.receiving.jobs.hasPool { actions.append(.pool(index, .receiver)) }
        if talk.receiving.jobs.hasJournal { actions.append(.journal(index, .receiver)) }
        if talk.receiving.isSyncDue { actions.append(.sync(index)) }
        for side in Side.allCases where talk.hasMail(side) { actions.append(.mail(index, side)) }
        actions += talk.road.dueDials.map { .dial(index, $0) }
        for (lane, state) in talk.road.lanes.enumerated() {
            actions += talk.road.pending(lane).map { .settle(index, lane, $0) }
            for side in Side.allCases where state.hasMail(for: side, now: now) {
                actions.append(.deliver(index, lane, side))
            }
        }
    }

    private func perform(_ action: Action) async {
        switch action {
        case .meet(let index): await meet(index)
        case .relink(let index): talks[index]?.relink()
        case .walk(let index): walk(index)
        case .read(let index): read(index)
        case .pool(let index, let side): pool(index, side)
        case .journal(let index, let side): await journal(index, side)
        case .sync(let index): await sync(index)
        case .mail(let index, let side): talks[index]?.readMail(side)
        case .dial(let index, let dial): talks[index]?.dial(dial, isReachable: isReachable(index))
        case .settle(let index, let lane, let side): talks[index]?.settle(lane, side)
        case .deliver(let index, let lane, let side): deliver(index, lane, side)
        }
    }

    private func walk(_ index: Int) {
        guard let talk = talks[index] else { return }
        do { try processes[index]?.walk(using: &random) } catch { talk.sending.failed(error) }
        talk.carry()
    }

    private func read(_ index: Int) {
        do { try processes[index]?.readOn() } catch { talks[index]?.sending.failed(error) }
        talks[index]?.carry()
    }

    private func pool(_ index: Int, _ side: Side) {
        guard let talk = talks[index] else { return }
        let job =
            side == .sender
            ? talk.sending.jobs.takePool(using: &random) : talk.receiving.jobs.takePool(using: &random)
        hear(job(), talk, side)
    }

    private func journal(_ index: Int, _ side: Side) async {
        guard let talk = talks[index] else { return }
        let job = side == .sender ? talk.sending.jobs.takeJournal() : talk.receiving.jobs.takeJournal()
        do { hear(try await job(), talk, side) } catch {
            if side == .sender { talk.sending.failed(error) } else { talk.receiving.failed(error) }
        }
    }

    private func sync(_ index: Int) async {
        guard let talk = talks[index], let job = talk.receiving.takeSync() else { return }
        do { hear(try await job(), talk, .receiver) } catch { talk.receiving.failed(error) }
    }

    /// The dead hear nothing.
    private func hear(_ answer: JobQueue.Answer, _ talk: Talk, _ side: Side) {
        guard !nodes[talk.course.node(side)].fuse.isBlown else { return }
        answer()
        talk.carry()
    }

    private func deliver(_ index: Int, _ lane: Int, _ side: Side) {
        var left = damagesLeft
        talks[index]?.deliver(lane, to: side) { buffer in
            guard left > 0, let last = buffer.lastPayloadByte else { return }
            left -= 1
            buffer.setInteger((buffer.getInteger(at: last, as: UInt8.self) ?? 0) ^ 0x40, at: last)
        }
        damagesLeft = left
    }
}
