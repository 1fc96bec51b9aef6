import MeshWire
import Testing

@testable import MeshChannel

@Suite struct LaneCreditTests {
    @Test func aWindowIsSpentAndGivenBack() throws {
        var out = LaneCreditOut()
        #expect(out.available == Limits.laneCredit)
        let largest = FrameEncoder.cost(payload: Limits.chunk)
        #expect([out.spend(largest), out.spend(largest)] == [true, false])
        #expect(out.sent == UInt64(largest))
        try out.freed(UInt64(largest))
        #expect(out.spend(largest) == true)
        #expect(out.available == Limits.laneCredit - UInt64(largest))
    }

    @Test func freedOnlyGrowsAndNeverBeyondWhatWasSent() throws {
        var out = LaneCreditOut()
        #expect(out.spend(1_000) == true)
        try out.freed(600)
        try out.freed(600)
        #expect(throws: LaneCreditError.shrunk(from: 600, to: 599)) { try out.freed(599) }
        #expect(throws: LaneCreditError.freedUnsent(freed: 1_001, sent: 1_000)) { try out.freed(1_001) }
        #expect(throws: LaneCreditError.freedUnsent(freed: .max, sent: 1_000)) { try out.freed(.max) }
        #expect(out.freed == 600)
        try out.freed(1_000)
        #expect(out.available == Limits.laneCredit)
    }

    @Test func aPeerMayFillTheWindowAndNotOneByteMore() throws {
        var credit = LaneCreditIn()
        try credit.received(Int(Limits.laneCredit))
        #expect(throws: LaneCreditError.overdrawn(by: 1)) { try credit.received(1) }
        // Freed and not yet told: the peer cannot know.
        #expect(credit.freed(100) == nil)
        #expect(throws: LaneCreditError.overdrawn(by: 50)) { try credit.received(50) }
        #expect(credit.idle() == .credit(freed: 100))
        try credit.received(100)
        #expect(throws: LaneCreditError.overdrawn(by: 1)) { try credit.received(1) }
    }

    /// What may be freed and not yet told never keeps the largest chunk from leaving.
    @Test func theLargestChunkFitsBesideWhatIsNotTold() {
        let largest = UInt64(FrameEncoder.cost(payload: Limits.chunk))
        #expect(largest + LaneCreditIn.quantum <= Limits.laneCredit)
    }

    @Test func aQuantumIsToldAtOnceTheRestWhenIdle() throws {
        var credit = LaneCreditIn()
        let quantum = Int(LaneCreditIn.quantum)
        try credit.received(3 * quantum)
        #expect(credit.idle() == nil)
        #expect(credit.freed(quantum - 1) == nil)
        #expect(credit.freed(1) == .credit(freed: UInt64(quantum)))
        #expect(credit.freed(10) == nil)
        #expect(credit.idle() == .credit(freed: UInt64(quantum) + 10))
        #expect(credit.idle() == nil)
    }

    @Test func bothEndsTogetherNeverStall() throws {
        var out = LaneCreditOut()
        var credit = LaneCreditIn()
        var chance = Seeded(state: 4)
        var held: [Int] = []
        for _ in 0..<2_000 {
            let cost = FrameEncoder.cost(payload: Int.random(in: 1...Limits.chunk, using: &chance))
            while !out.spend(cost) {
                let told = held.isEmpty ? credit.idle() : credit.freed(held.removeFirst())
                if case .credit(let freed)? = told { try out.freed(freed) }
            }
            try credit.received(cost)
            held.append(cost)
        }
        #expect(credit.received == out.sent)
    }
}
