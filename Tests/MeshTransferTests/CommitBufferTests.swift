import MeshWire
import Testing

@testable import MeshTransfer

@Suite struct CommitBufferTests {
    private let interval: UInt64 = 100_000_000

    private func chunk(_ number: UInt64) -> ChunkRecord { ChunkRecord(number: number, digest: digest(number)) }

    @Test func anEmptyGroupIsNeverDue() {
        var buffer = CommitBuffer()
        #expect(buffer.deadline == nil)
        #expect(buffer.take(now: 0, isIdle: true) == nil)
    }

    @Test func aGroupIsDueAtItsDeadlineOrAtOnceWhenIdle() {
        var buffer = CommitBuffer()
        buffer.add(now: 7) { $0.chunks.append(chunk(0)) }
        buffer.add(now: 8) { $0.chunks.append(chunk(1)) }
        #expect(buffer.deadline == 7 + interval)
        #expect(buffer.take(now: 6 + interval, isIdle: false) == nil)
        var idle = buffer
        #expect(idle.take(now: 8, isIdle: true)?.text == " chunks 0-1")
        #expect(buffer.take(now: 7 + interval, isIdle: false)?.text == " chunks 0-1")
    }

    @Test func sixteenMebibytesAreDueAtOnce() {
        var buffer = CommitBuffer()
        buffer.add(now: 0) {
            $0.chunks.append(chunk(0))
            $0.bytes += 16 * 1024 * 1024 - 1
        }
        #expect(buffer.take(now: 0, isIdle: false) == nil)
        buffer.add(now: 0) {
            $0.chunks.append(chunk(1))
            $0.bytes += 1
        }
        #expect(buffer.take(now: 0, isIdle: false)?.text == " chunks 0-1")
    }

    @Test func fourThousandRecordsAreDueAtOnce() {
        var buffer = CommitBuffer()
        buffer.add(now: 0) { $0.chunks = (0..<4_095).map { chunk($0) } }
        #expect(buffer.take(now: 0, isIdle: false) == nil)
        buffer.add(now: 0) { $0.ended.append(EndedEntry(number: 0, state: .finished)) }
        #expect(buffer.take(now: 0, isIdle: false) != nil)
    }

    @Test func oneTransactionIsUnderWayAtATime() {
        var buffer = CommitBuffer()
        buffer.add(now: 0) { $0.sealed.append(1) }
        #expect(buffer.take(now: 0, isIdle: true)?.text == " sealed 1")
        buffer.add(now: 5) { $0.sealed.append(2) }
        #expect(buffer.deadline == nil)
        #expect(buffer.take(now: 10 * interval, isIdle: true) == nil)
        buffer.committed()
        #expect(buffer.deadline == 5 + interval)
        #expect(buffer.take(now: 6, isIdle: true)?.text == " sealed 2")
    }
}
