import ArgumentParser
import FoundationEssentials
import MeshTransfer
import MeshWire
import PrimeMesh
import Synchronization

/// How long messages take beside a transfer at full speed: two nodes on loopback, one file of incompressible bytes, and
/// twenty times a second from both sides a probe on every lane and a question on the control link.
struct Echoes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure round trips on lanes and on the control link while a transfer runs at full speed.")

    /// What is promised of the 99th percentile, nanoseconds.
    private static let goal: UInt64 = 50_000_000

    @ParentCommand var bench: Bench

    func run() async throws {
        Stopping.listen()
        let (size, runs) = (bench.size, bench.runs)
        let scratch = try Scratch(below: bench.folder)
        defer { scratch.remove() }
        try Corpus.write(scratch["file"], size: size << 20, seed: 5)
        let watches = (EchoWatch(), EchoWatch())
        var seconds = 0.0
        for _ in 0..<runs {
            for name in ["A", "B", "out"] { scratch.clear(name) }
            try Stopping.check()
            seconds += try await transfer(scratch, watches)
        }
        let speed = Text.decimal(Double(size * runs) / seconds, 0)
        print("   \(runs) transfers of \(size) MiB at \(speed) MiB/s, both nodes in one process")
        let isGood = [
            report("heartbeats of lanes", watches.0.laneRoundTrips + watches.1.laneRoundTrips),
            report("messages of the control link", watches.0.controlRoundTrips + watches.1.controlRoundTrips),
        ]
        guard isGood == [true, true] else { throw ExitCode.failure }
    }

    private func report(_ what: String, _ roundTrips: [UInt64]) -> Bool {
        let sorted = roundTrips.sorted()
        guard !sorted.isEmpty else { return false }
        let milliseconds = { (share: Double) in
            Text.decimal(Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1e6, 1)
        }
        let isGood = sorted[min(sorted.count - 1, sorted.count * 99 / 100)] <= Self.goal
        print(
            "   \(what): \(sorted.count) round trips, median \(milliseconds(0.5)) ms, 90th \(milliseconds(0.9)), "
                + "99th \(milliseconds(0.99)), longest \(milliseconds(1)) (goal: 99th within 50) "
                + (isGood ? "reached" : "MISSED"))
        return isGood
    }

    /// One transfer; its seconds.
    private func transfer(_ scratch: Scratch, _ watches: (EchoWatch, EchoWatch)) async throws -> Double {
        let environment = ["XDG_RUNTIME_DIR": scratch.path]
        let ada = try await MeshNode(
            home: NodeHome(folder: scratch["A"], environment: environment), name: "ada", echoes: watches.0)
        let ben = try await MeshNode(
            home: NodeHome(folder: scratch["B"], environment: environment), name: "ben", echoes: watches.1)
        var (sending, receiving) = (
            SendRequest(paths: [Array(scratch["file"].utf8)]), ReceiveRequest(out: Array(scratch["out"].utf8))
        )
        let address = NodeAddress(host: "127.0.0.1", port: try FreePort.find())
        sending.code = MeshNode.drawCode()
        sending.meeting.listen = [address]
        receiving.code = sending.code
        receiving.meeting.peers = [address]
        let (send, receive) = (sending, receiving)
        async let sent = ada.send(send) { _ in }
        let received = try await ben.receive(receive, decide: { _ in true }, events: { _ in })
        _ = try await sent
        await ada.close()
        await ben.close()
        return received.first?.seconds ?? 0
    }
}
