import MeshWire
import Testing

@testable import PrimeMesh
@testable import pmesh

@Suite struct ProgressLineTests {
    private let half = ProgressLine(
        bytes: 512 << 20, totalBytes: 1 << 30, files: 3, totalFiles: 10, rate: 400 * 1_048_576, remaining: 1.3,
        ratio: 1.25, lanes: 4)

    @Test func beforeAnythingMovesTheOtherSideIsAsked() {
        var line = ProgressLine(totalBytes: 12, totalFiles: 1, asked: "vm (k7qx9f2m)")
        #expect(line.text(width: 80) == "vm (k7qx9f2m) is asked whether it wants it")
        #expect(line.text(width: 5) == "vm (" && line.text(width: 0).isEmpty)
        line.bytes = 12
        #expect(line.text(width: 20) == "100 %  12 B of 12 B")
    }

    @Test func everythingWhereThereIsRoom() {
        #expect(
            half.text(width: 120, isVerbose: true)
                == " 50 %  512 MiB of 1.0 GiB  400 MiB/s  1.3 s left  ratio 1.25  4 lanes  3 of 10 files")
    }

    @Test func theLeastWantedPartsGoFirst() {
        #expect(half.text(width: 120) == " 50 %  512 MiB of 1.0 GiB  400 MiB/s  1.3 s left  3 of 10 files")
        #expect(half.text(width: 60) == " 50 %  512 MiB of 1.0 GiB  400 MiB/s  1.3 s left")
        #expect(half.text(width: 6) == " 50 %")
        #expect(half.text(width: 5) == "")
    }

    @Test(arguments: 0...120)
    func neverWiderThanTheTerminal(_ width: Int) {
        #expect(half.text(width: width).count < max(1, width))
    }

    @Test func whileCountingNothingIsPromised() {
        var line = half
        line.isCounting = true
        #expect(
            line.text(width: 120, isVerbose: true)
                == " 50 %  512 MiB of 1.0 GiB+  400 MiB/s  ratio 1.25  4 lanes  3 of 10+ files")
    }

    @Test func aHundredPercentMeansAllOfIt() {
        var line = ProgressLine(bytes: (1 << 30) - 1, totalBytes: 1 << 30)
        #expect(line.text(width: 8) == " 99 %")
        line.bytes = 1 << 30
        #expect(line.text(width: 8) == "100 %")
        #expect(ProgressLine().text(width: 8) == "  0 %")
    }

    @Test func transfersAddUpAndTheRatioLeavesOutWhatWasThere() {
        var sum = ProgressSum()
        sum.take(progress(1, bytes: 1000, wire: 0, rate: 0))
        sum.take(progress(1, bytes: 1400, wire: 200, rate: 10))
        sum.take(progress(2, bytes: 0, wire: 0, rate: 5))
        var line = sum.line
        #expect(line.bytes == 1400)
        #expect(line.totalBytes == 4000)
        #expect(line.rate == 15)
        #expect(line.lanes == 8)
        #expect(line.ratio == 2)
        sum.end(progress(1, bytes: 0, wire: 0, rate: 0).transfer)
        line = sum.line
        #expect(line.bytes == 1400)
        #expect(line.rate == 5)
        #expect(line.lanes == 4)
    }

    private func progress(_ number: UInt8, bytes: UInt64, wire: UInt64, rate: Double) -> TransferProgress {
        TransferProgress(
            transfer: TransferID(Bytes16([UInt8](repeating: number, count: 16))!), bytes: bytes, totalBytes: 2000,
            isCounting: false,
            files: 0, totalFiles: 1, wireBytes: wire, rate: rate, remaining: nil, lanes: 4)
    }

    /// An average that decays for ever told of 64 days.
    @Test func aStallIsSaid() {
        var line = ProgressLine(bytes: 1 << 20, totalBytes: 2 << 20, totalFiles: 1, remaining: 9, stalled: 12)
        line.lanes = 2
        #expect(line.text(width: 80) == " 50 %  1.0 MiB of 2.0 MiB  no answer for 12 s; still trying")
        line.lanes = 0
        #expect(line.text(width: 80) == " 50 %  1.0 MiB of 2.0 MiB  no connection for 12 s; still trying")
    }
}
