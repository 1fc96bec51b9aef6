import Glibc
import Testing

/// Two hosts joined by two wires: control links on one, user data on the other. Counters of the system and captures of
/// tcpdump tell which plane went where.
@Suite(.enabled(if: Capture.isThere && Namespaces.areAllowed, Capture.need)) struct PlanesTests {
    private static let size = 20_000_000
    /// What the control wire may carry in all: the handshake of TLS with its post-quantum key and two certificates, two
    /// X-Wing messages, a dozen small ones, and the neighbours' own talk.
    private static let controlLimit = 64 * 1024

    /// `--data-listen` on the second wire.
    @Test func dataHasAWireOfItsOwn() async throws {
        try await onStage { stage in
            let wires = try await Wires(stage)
            defer { wires.hosts.remove() }
            try await wires.transfer(
                ["--data-listen", "\(wires.data.address):\(try stage.freePort())"], size: Self.size)
            let (control, data) = (try await wires.end(0), try await wires.end(1))
            #expect(control.protocols == ["pmesh-control/1"] && data.protocols == ["pmesh-lane/1"])
            #expect(control.counted < Self.controlLimit && control.counted > 5_000, "\(control.counted)")
            #expect(data.counted > Self.size, "\(data.counted)")
            tell("--data-listen", control, data)
        }
    }

    /// Without it, both planes share the listener's port, and the second wire carries nothing of either: what was told
    /// apart above can be told apart.
    @Test func withoutItBothShareOne() async throws {
        try await onStage { stage in
            let wires = try await Wires(stage)
            defer { wires.hosts.remove() }
            try await wires.transfer([], size: Self.size)
            let (control, data) = (try await wires.end(0), try await wires.end(1))
            #expect(control.protocols == ["pmesh-control/1", "pmesh-lane/1"] && data.protocols.isEmpty)
            #expect(control.counted > Self.size && data.counted < 5_000, "\(control.counted) \(data.counted)")
            tell("one listener", control, data)
        }
    }

    private func tell(_ run: String, _ control: Wires.Traffic, _ data: Wires.Traffic) {
        for (name, traffic) in [("first", control), ("second", data)] {
            print(
                "planes, \(run), \(name) wire: \(traffic.counted) bytes counted, \(traffic.captured) captured, "
                    + "\(traffic.connections) connections for \(traffic.protocols.sorted())")
        }
    }
}

/// Two wires between two hosts, each with its capture.
private struct Wires {
    struct Traffic {
        /// Bytes by the system's counters, from the first capture on, both ways.
        var counted: Int
        /// Bytes of the frames in tcpdump's record.
        var captured: Int
        var connections: Int
        var protocols: Set<String>
    }

    let stage: Stage
    let hosts: Namespaces
    private var captures: [Capture] = []

    var control: Namespaces.Port { hosts.pairs[0].first }
    var data: Namespaces.Port { hosts.pairs[1].first }

    init(_ stage: Stage) async throws {
        self.stage = stage
        hosts = try Namespaces(wires: 2)
        for pair in hosts.pairs {
            captures.append(try await Capture(stage, host: pair.first.host, device: pair.first.device))
        }
    }

    /// The sender listens for control links on the first wire.
    func transfer(_ options: [String], size: Int) async throws {
        stage.makeTree(size: size)
        let line = [
            "send", stage("tree"), "--home", stage("A"), "--listen", "\(control.address):\(stage.port)", "--json",
        ]
        let sender = try stage.start(
            hosts.first + [Program.path] + line + ["--compress", "never"] + options,
            environment: ["PMESH_CODE": stage.code])
        #expect(await sender.event("listening") != nil)
        let receiver = try stage.start(
            hosts.second + [
                Program.path, "receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--peer",
                "\(control.address):\(stage.port)", "--json",
            ], environment: ["PMESH_CODE": stage.code, "XDG_RUNTIME_DIR": stage("other")])
        try await stage.bothSucceed(sender, receiver)
        stage.expectSame()
    }

    func end(_ wire: Int) async throws -> Traffic {
        let counters = hosts.pairs[wire].first.counters
        let file = try await captures[wire].end(to: hosts.pairs[wire].second.address, saying: Array("the end".utf8))
        let hellos = file.streams.compactMap { ClientHello($0.bytes) }
        // Every connection says what it is for.
        #expect(hellos.count * 2 == file.streams.count)
        return Traffic(
            counted: counters.sent + counters.received, captured: file.frameBytes, connections: hellos.count,
            protocols: Set(hellos.flatMap(\.protocols)))
    }
}
