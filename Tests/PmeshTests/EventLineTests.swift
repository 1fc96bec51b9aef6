import MeshTransfer
import MeshWire
import Testing

@testable import PrimeMesh
@testable import pmesh

/// What scripts rely on: the article Events lists the same fields.
@Suite struct EventLineTests {
    private let transfer = TransferID(Bytes16())
    private let zero26 = "00000000000000000000000000"
    private let node = NodeID(Bytes32())

    @Test func smallEvents() {
        #expect(EventLine.line(.code("k7qx-9f2m-r4tz")).text == #"{"event":"code","code":"k7qx-9f2m-r4tz"}"#)
        #expect(EventLine.line(.waiting).text == #"{"event":"waiting"}"#)
        let addresses = [NodeAddress(host: "127.0.0.1", port: 7411), NodeAddress(host: "::1", port: 1)]
        #expect(
            EventLine.line(.listening(addresses)).text
                == #"{"event":"listening","addresses":["127.0.0.1:7411","[::1]:1"]}"#)
        #expect(EventLine.line(.file(path: "a/\\xff", size: 3)).text == #"{"event":"file","path":"a/\\xff","size":3}"#)
        #expect(EventLine.line(.warning("left out")).text == #"{"event":"warning","message":"left out"}"#)
        #expect(EventLine.line(.lost(reason: "reset")).text == #"{"event":"lost","reason":"reset"}"#)
        #expect(
            EventLine.line(.connected(peer: node, name: "ada", isResumed: true)).text
                == #"{"event":"connected","peer":"\#(node)","name":"ada","resumed":true}"#)
    }

    @Test func anOffer() {
        let offer = Offer(
            transfer: transfer, sender: node, senderName: "ada", names: ["tree"], files: 2, bytes: 9, isCounting: true)
        #expect(
            EventLine.line(.offer(offer)).text
                == #"{"event":"offer","transfer":"\#(zero26)","sender":"\#(node)","senderName":"ada","names":["tree"],"files":2,"bytes":9,"counting":true}"#
        )
    }

    @Test func progress() {
        let progress = TransferProgress(
            transfer: transfer, bytes: 1, totalBytes: 2, isCounting: false, files: 3, totalFiles: 4, wireBytes: 5,
            rate: 6.5,
            remaining: nil, lanes: 7)
        #expect(
            EventLine.line(.progress(progress)).text
                == #"{"event":"progress","transfer":"\#(zero26)","bytes":1,"totalBytes":2,"counting":false,"files":3,"totalFiles":4,"wireBytes":5,"rate":6.500,"remaining":null,"lanes":7,"stalled":null}"#
        )
    }

    @Test func done() {
        #expect(
            EventLine.line(.done(summary())).text
                == #"{"event":"done","transfer":"\#(zero26)","files":1,"bytes":2,"wireBytes":3,"chunks":4,"chunksResumed":0,"chunksRetried":0,"seconds":2.000,"root":"\#(Digest().hex)","skipped":0,"kept":0,"unchanged":0,"failed":0,"durable":true,"outcome":0}"#
        )
    }

    @Test func errors() {
        let failure = CommandFailure(MeshError(.timedOut, "nobody came"), resume: "pmesh resume abc")
        #expect(
            EventLine.error(failure).text
                == #"{"event":"error","code":30,"message":"nobody came","resume":"pmesh resume abc"}"#)
        #expect(
            EventLine.error(CommandFailure(MeshError(.usage, "no"))).text
                == #"{"event":"error","code":2,"message":"no"}"#)
    }

    @Test func summariesForPeople() {
        #expect(
            SummaryText.lines(summary(), direction: .send).first
                == "sent 1 file, 2 B in 2.0 s")
        var resumed = summary()
        resumed.chunksResumed = 3
        resumed.chunksRetried = 1
        resumed.skipped = 2
        #expect(
            SummaryText.lines(resumed, direction: .receive).first
                == "received 1 file, 2 B in 2.0 s; 3 of 4 chunks were there already; 1 chunk sent again; 2 left out"
        )
    }

    /// A speed of what took no time, and a ratio that saved nothing, would be noise.
    @Test func aSpeedIsToldOfWhatWasLongEnough() {
        var long = summary()
        long.bytes = 4_194_304
        long.wireBytes = 4_194_400
        #expect(
            SummaryText.lines(long, direction: .receive, folder: Array("in/\u{1b}".utf8)).first
                == "received 1 file, 4.0 MiB into in/\\x1b in 2.0 s, 2.0 MiB/s")
        long.wireBytes = 1_048_576
        #expect(
            SummaryText.lines(long, direction: .send).first
                == "sent 1 file, 4.0 MiB in 2.0 s, 2.0 MiB/s, compressed 4.0 to 1")
        #expect(SummaryText.lines(long, direction: .send).count == 2)
        #expect(
            SummaryText.lines(long, direction: .send, isVerbose: true).last
                == "1.0 MiB on the wire, root \(Digest().hex)")
        long.chunksResumed = 1
        #expect(
            SummaryText.lines(long, direction: .send).first
                == "sent 1 file, 4.0 MiB in 2.0 s; 1 of 4 chunks were there already")
    }

    @Test func aLossSaysNothingToDo() {
        #expect(
            SummaryText.lost("the connection with a:1 broke off (the peer is gone); try again")
                == "connection lost: the connection with a:1 broke off (the peer is gone); waiting for the other side")
    }

    @Test func theWorstOutcomeDecides() {
        var partial = summary()
        partial.outcome = .partial
        var changed = summary()
        changed.outcome = .sourceChanged
        #expect(SummaryText.failure([summary()]) == nil)
        #expect(SummaryText.failure([summary(), partial])?.code == .partial)
        #expect(SummaryText.failure([changed, partial, summary()])?.code == .sourceChanged)
    }

    private func summary() -> TransferSummary {
        TransferSummary(
            transfer: transfer, files: 1, bytes: 2, wireBytes: 3, chunks: 4, chunksResumed: 0, chunksRetried: 0,
            seconds: 2,
            root: Digest(), skipped: 0, failed: 0, isDurable: true, outcome: .done)
    }
}
