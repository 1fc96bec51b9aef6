import MeshTransfer
import MeshWire
import Testing

@testable import PrimeMesh
@testable import pmesh

@Suite struct TransferTextTests {
    @Test func columnsAlignAndLinesEndWithoutBlanks() {
        var table = TextTable([("NAME", .left), ("SIZE", .right), ("STATE", .left)])
        table.add(["a", "10", "done"])
        table.add(["longer", "1", ""])
        #expect(table.lines == ["NAME    SIZE  STATE", "a         10  done", "longer     1"])
    }

    @Test func recordsQuoteWhatWouldBreakThem() {
        #expect(CSVLine.text(["a", "b,c", "d\"e", "f\ng", ""]) == "a,\"b,c\",\"d\"\"e\",\"f\ng\",")
    }

    @Test func csvHasAFieldForEachHeading() {
        let lines = TransferText.csv([transfer()])
        #expect(lines.count == 2)
        #expect(lines.first?.split(separator: ",").count == 20)
        #expect(lines.last?.split(separator: ",", omittingEmptySubsequences: false).count == 20)
    }

    @Test func aTableNamesWhatIsNotThereYet() throws {
        let row = try #require(TransferText.table([transfer()]).last)
        #expect(row.contains("  receive  -        interrupted      2  2.0 KiB  50  0000000000000000  one, two, …  out"))
    }

    @Test func anObjectWritesTimesInUTCAndNullForWhatIsMissing() {
        let text = TransferText.line(transfer()).text
        #expect(
            text.hasPrefix(
                #"{"event":"transfer","transfer":"00000000000000000000000000","direction":"receive","state":"interrupted","peer":null"#
            ))
        #expect(text.contains(#""created":"1970-01-01T00:00:00.000Z""#))
        #expect(text.hasSuffix(#""receiptValid":null}"#))
    }

    @Test func oneTransferTellsWhatWasTriedAgain() {
        var one = transfer()
        one.retries = TransferRetries(chunks: 0, lanes: 0, channels: 0, entries: 0)
        #expect(!TransferText.details(one).contains { $0.hasPrefix("tried again") })
        one.retries = TransferRetries(chunks: 2, lanes: 1, channels: 0, entries: 0)
        #expect(TransferText.details(one).contains("tried again  2 chunks, 1 lane"))
        #expect(
            TransferText.line(one).text.hasSuffix(
                #""chunksRetried":2,"lanesRetried":1,"channelsRetried":0,"filesRetried":0}"#))
    }

    @Test func totals() {
        var sent = transfer()
        sent.direction = .send
        sent.state = .done
        sent.bytesDone = 2048
        #expect(
            TransferTotals([transfer(), sent], matching: 2).sentence
                == "2 transfers, 1 done; 2.0 KiB sent, 1.0 KiB received")
        #expect(
            TransferTotals([transfer(), sent], matching: 30).sentence
                == "the latest 2 of 30 transfers (--limit shows more), 1 done; 2.0 KiB sent, 1.0 KiB received")
    }

    @Test func filesThatWereVerified() {
        let files = [
            VerifiedFile(path: "a", size: 1, verdict: .intact), VerifiedFile(path: "b", size: 2, verdict: .missing),
            VerifiedFile(path: "c", size: 3, verdict: .damaged(7..<9)),
            VerifiedFile(path: "d", size: 4, verdict: .unreadable("denied")),
        ]
        #expect(
            Verify.line(files[2]).text
                == #"{"event":"file","path":"c","size":3,"verdict":"damaged","offset":7,"length":2}"#)
        #expect(Verify.Tally(files).sentence == "1 file intact, 1 missing, 1 damaged, 1 unreadable")
        #expect(Verify.Tally(files).failure?.code == .integrity)
        #expect(Verify.Tally([files[0], files[3]]).failure?.code == .disk)
        #expect(Verify.Tally([files[0]]).failure == nil)
    }

    private func transfer() -> TransferInfo {
        TransferInfo(
            id: TransferID(Bytes16()), direction: .receive, state: .interrupted, peer: nil, peerName: nil,
            paths: ["out"],
            names: ["one", "two"], hasMoreNames: true, folder: "out",
            files: 2,
            bytes: 2048, bytesDone: 1024, chunks: 2, chunksDone: 1, created: 0, updated: 0, message: nil, root: nil,
            isDurable: nil,
            skipped: nil, isReceiptValid: nil)
    }
}
