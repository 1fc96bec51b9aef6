import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire
import Synchronization
import Testing

@testable import PrimeMesh

/// What a person sees of how far it is, over several sessions.
@Suite struct TransferReportTests {
    private final class Events: Sendable {
        let all = Mutex<[PrimeMesh.TransferProgress]>([])

        func take(_ event: TransferEvent) {
            if case .progress(let progress) = event { all.withLock { $0.append(progress) } }
        }
    }

    private let events = Events()

    private func report(_ base: TransferReport.Base) -> TransferReport {
        let report = TransferReport(base: base) { [events] in events.take($0) }
        report.begin(TransferID(Bytes16()))
        return report
    }

    /// Nothing is told of it as long as no entry is known.
    private func unseen(bytes: UInt64, files: UInt64) -> TransferSnapshot {
        TransferSnapshot(bytes: bytes, files: files)
    }

    private func seen(bytes: UInt64, files: UInt64) -> TransferSnapshot {
        var snapshot = unseen(bytes: bytes, files: files)
        snapshot.totals.entries = 1
        snapshot.totals.bytes = 100
        snapshot.totals.files = 10
        return snapshot
    }

    @Test func aSenderGoesOnWhereItsLastSessionStopped() throws {
        let report = report(.known(bytes: 20, files: 2))
        report.progress(unseen(bytes: 30, files: 3), lanes: 0)
        report.nextSession()
        report.progress(seen(bytes: 5, files: 1), lanes: 2)
        let progress = try #require(events.all.withLock { $0.last })
        #expect(progress.bytes == 55 && progress.files == 6)
    }

    /// Chunks that were lost with a lane are sent twice.
    @Test func aSenderNeverTellsOfMoreThanThereIs() throws {
        let report = report(.known(bytes: 90, files: 9))
        report.progress(seen(bytes: 30, files: 4), lanes: 1)
        let progress = try #require(events.all.withLock { $0.last })
        #expect(progress.bytes == 100 && progress.files == 10)
    }

    /// Whoever was waited for costs no speed.
    @Test func theTimeOfATransferBeginsWhenItIsAccepted() {
        let report = report(.counted)
        report.accepted(at: 7_000_000_000)
        report.accepted(at: 8_000_000_000)
        let node = NodeID(Bytes32())
        let receipt = Receipt(
            sender: node, receiver: node, transfer: TransferID(Bytes16()), root: Digest(), entries: 0, bytes: 0,
            chunks: 0,
            skipped: 0, isDurable: true, time: 0)
        #expect(report.summary(receipt, LeftOut(), now: 9_500_000_000).seconds == 2.5)
    }

    /// Its session looks at what is there, and counts it.
    @Test func aReceiverTellsWhatItsSessionCounts() throws {
        let report = report(.counted)
        report.progress(unseen(bytes: 30, files: 3), lanes: 0)
        report.nextSession()
        report.progress(seen(bytes: 40, files: 4), lanes: 2)
        let progress = try #require(events.all.withLock { $0.last })
        #expect(progress.bytes == 40 && progress.files == 4)
    }
}
