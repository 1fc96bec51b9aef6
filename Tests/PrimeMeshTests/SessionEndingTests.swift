import MeshWire
import Testing

@testable import PrimeMesh

@Suite struct SessionEndingTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func askingChangesNothing() {
        let ending = SessionEnding()
        #expect(!ending.isOver(isSent: true, now: 0) && !ending.hasBegun)
    }

    @Test func lastWordsAreSaidOnceAndMayLeave() {
        var ending = SessionEnding()
        let began = (ending.begin(now: 0), ending.begin(now: Self.second))
        #expect(began.0 && !began.1)
        #expect(!ending.isOver(isSent: false, now: 3 * Self.second - 1))
        #expect(ending.isOver(isSent: true, now: 1))
        #expect(ending.isOver(isSent: false, now: 3 * Self.second))
    }
}

@Suite struct TargetResultsTests {
    private static func summary(_ outcome: ExitCode) -> TransferSummary {
        TransferSummary(
            transfer: TransferID(Bytes16(repeatElement(1, count: 16))!), files: 1, bytes: 1, wireBytes: 1, chunks: 1,
            chunksResumed: 0, chunksRetried: 0, seconds: 1, root: digest(1), skipped: 0, failed: 0, isDurable: true,
            outcome: outcome)
    }

    private static let absent = MeshError(.noPeer, "nobody was found")

    @Test func allGotIt() throws {
        var results = TargetResults()
        results.sent(Self.summary(.done))
        results.sent(Self.summary(.partial))
        #expect(try results.summaries(of: 2).map(\.outcome) == [.done, .partial])
    }

    @Test(arguments: [(ExitCode.done, ExitCode.partial), (.sourceChanged, .sourceChanged)])
    func someGotIt(outcome: ExitCode, code: ExitCode) {
        var results = TargetResults()
        results.failed("cleo", Self.absent)
        results.sent(Self.summary(outcome))
        let error = #expect(throws: MeshError.self) { try results.summaries(of: 2) }
        #expect(error?.code == code && error?.message.contains("cleo (4: nobody was found)") == true)
    }

    @Test func nobodyGotIt() {
        var results = TargetResults()
        results.failed("cleo", Self.absent)
        #expect(throws: Self.absent) { try results.summaries(of: 1) }
        results.failed("ben", MeshError(.refused, "declined"))
        let error = #expect(throws: MeshError.self) { try results.summaries(of: 2) }
        #expect(error?.code == .noPeer)
    }
}
