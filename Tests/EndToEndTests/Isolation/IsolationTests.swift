import Foundation
import Glibc
import Testing

/// User data goes over the data plane alone, and leaves a process only encrypted. Marked names and contents cross between
/// two real processes; every byte on the wire and every byte of the control plane before encryption is recorded and searched.
///
/// What shows that the search would find something: node names are marks as well, and do stand on the control plane, in
/// `membership` alone; the protocol's name stands in clear in every TLS handshake; and the last datagram of every capture
/// carries a mark.
@Suite struct IsolationTests {
    /// A code, and a relay on loopback that writes down every byte of both planes.
    @Test(arguments: ["never", "always"]) func underACode(compress: String) async throws {
        try await onStage { stage in
            let scene = try Scene(stage)
            let road = try stage.road(recording: true)
            let sender = try stage.send(
                "tree", "--compress", compress, "--name", scene.names[0].text, environment: scene.environment)
            let receiver = try stage.receive(
                "--name", scene.names[1].text, port: road.port, environment: scene.environment)
            try await scene.follow(sender, receiver)
            try scene.expectCleanControl(sender, receiver, named: "introduce")
            let sizes = scene.expectClean(road.conversations.map { ($0.dialer, $0.listener) })
            // Deflated or not: the noise has 2 MiB.
            #expect(sizes.lane > 2 << 20 && sizes.control > 3_000 && sizes.control < 40_000, "\(sizes)")
            scene.tell("under a code, --compress \(compress)", sizes)
        }
    }

    /// Members of a mesh on one machine: they meet through a Unix socket, which is relayed; loopback is captured. The
    /// machine has no other network, so that no answer to multicast comes first.
    @Test(.enabled(if: Capture.isThere && Namespaces.areAllowed, Capture.need))
    func betweenMembersOfOneMachine() async throws {
        try await onStage { stage in
            let scene = try Scene(stage)
            let hosts = try Namespaces(wires: 0)
            defer { hosts.remove() }
            try await scene.foundMesh(on: hosts.first)
            let capture = try await Capture(stage, host: hosts.first[3], device: "lo")
            let receiver = try scene.receiver(on: hosts.first)
            #expect(await receiver.event("listening") != nil)
            let road = try await stage.meetingRoad(to: "other")
            let sender = try scene.sender(
                ["--to", scene.names[1].text], on: hosts.first, environment: ["XDG_RUNTIME_DIR": stage("other")])
            try await scene.follow(sender, receiver)
            try scene.expectCleanControl(sender, receiver, named: "introduce", hasDiscovery: true)
            scene.expectCleanMeeting(road)
            let file = try await capture.end(to: "127.0.0.1", saying: scene.clear.bytes)
            scene.tell("members of one machine", scene.expectClean(file, datagrams: 0))
        }
    }

    /// Two hosts on one wire, found by multicast.
    @Test(.enabled(if: Capture.isThere && Namespaces.areAllowed, Capture.need), arguments: [true, false])
    func betweenHosts(isMesh: Bool) async throws {
        try await onStage { stage in
            let scene = try Scene(stage)
            let hosts = try Namespaces()
            defer { hosts.remove() }
            if isMesh { try await scene.foundMesh(on: hosts.first) }
            let wire = hosts.pairs[0].first
            let capture = try await Capture(stage, host: wire.host, device: wire.device)
            let code = isMesh ? [:] : ["PMESH_CODE": stage.code]
            let receiver = try scene.receiver(
                on: hosts.second, environment: code.merging(["XDG_RUNTIME_DIR": stage("other")]) { $1 })
            #expect(await receiver.event(isMesh ? "listening" : "waiting") != nil)
            let to = isMesh ? ["--to", scene.names[1].text] : []
            let sender = try scene.sender(to, on: hosts.first, environment: code)
            try await scene.follow(sender, receiver)
            try scene.expectCleanControl(sender, receiver, named: "introduce", hasDiscovery: true)
            let file = try await capture.end(to: hosts.pairs[0].second.address, saying: scene.clear.bytes)
            scene.tell("two hosts, \(isMesh ? "members" : "a code")", scene.expectClean(file, datagrams: 2))
        }
    }

    /// Joining a mesh: the one conversation in which names are asked for and granted.
    @Test func joiningAMesh() async throws {
        try await onStage { stage in
            let scene = try Scene(stage)
            try await scene.foundMesh(on: [], environment: scene.environment)
            let record = try ControlRecord(folder: stage("tap"))
            #expect(scene.search.finds(in: record.bytes, deep: true).isEmpty)
            let frames = try record.frames()
            try scene.expectNames(in: frames, "introduce", "request", "grant")
            #expect(Set(frames.map(\.type)) == ["membership"])
        }
    }
}

/// One run with everything it is made of.
private struct Scene {
    let stage: Stage
    let tree: MarkedTree
    let names = [Mark(.nodeName), Mark(.nodeName)]
    /// Sent in clear at the end of a capture.
    let clear = Mark(.chatLine)
    let search: MarkSearch
    let environment: [String: String]

    init(_ stage: Stage) throws {
        self.stage = stage
        tree = MarkedTree(stage)
        search = MarkSearch(tree.marks)
        for folder in ["tap", "tmp", "other"] { stage.folder(folder) }
        chmod(stage("other"), 0o700)
        environment = ["PMESH_CONTROL_TAP": stage("tap"), "TMPDIR": stage("tmp")]
    }

    /// Waits for both ends, and looks at what of the processes others can see meanwhile and afterwards.
    func follow(_ sender: Child, _ receiver: Child) async throws {
        let traces = Traces(stage: stage, search: MarkSearch(tree.contents))
        for child in [sender, receiver] {
            #expect(await child.event("connected") != nil)
            traces.expectNone(traces.ofRunning(child))
            #expect(traces.strayFiles(of: child).isEmpty)
        }
        try await stage.bothSucceed(sender, receiver)
        stage.expectSame()
        // Names are shown to people and kept in the journal; what is in files is neither.
        for child in [sender, receiver] { traces.expectNone(traces.ofOutput(child)) }
        for folder in ["A", "B", "run", "other"] { traces.expectNone(traces.below(folder)) }
        #expect(stage.names("tmp").isEmpty)
    }

    /// No mark in any byte of the control plane; both ends tell of the same bytes; texts stand in known places alone.
    func expectCleanControl(_ sender: Child, _ receiver: Child, named kind: String, hasDiscovery: Bool = false) throws {
        let record = try ControlRecord(folder: stage("tap"))
        #expect(record.isMirrored(sender.pid, receiver.pid))
        let found = search.finds(in: record.bytes, deep: true)
        #expect(found.isEmpty, "on the control plane: \(found)")
        let frames = try record.frames()
        for frame in frames {
            for hidden in frame.hidden { #expect(search.finds(in: hidden, deep: true).isEmpty) }
            for (place, text) in frame.texts {
                let isKnown = Self.isKnown(place, text)
                #expect(isKnown, "\(text) at \(place)")
            }
        }
        #expect(
            Set(frames.map(\.type)).isSuperset(of: [
                "membership", "channel-offer", "channel-status", "ready", "transfer",
            ]))
        try expectNames(in: frames, kind)
        #expect(record.datagrams.isEmpty == !hasDiscovery)
        #expect(MarkSearch(names).finds(in: record.datagrams.flatMap { $0 }).isEmpty)
    }

    /// The search finds the names of nodes: in `membership` messages of these kinds, and in no others.
    func expectNames(in frames: [ControlJSON], _ kinds: String...) throws {
        let search = MarkSearch(names)
        let named = frames.filter { frame in
            !search.finds(in: frame.bytes).isEmpty || frame.hidden.contains { !search.finds(in: $0).isEmpty }
        }
        #expect(Set(named.map(\.type)) == ["membership"])
        for kind in kinds {
            #expect(named.contains { $0.bytes.contains(Array("\"\(kind)\":".utf8)) }, "no name in \(kind)")
        }
    }

    /// Identifiers, words of the protocol, addresses, and names in `membership`.
    private static func isKnown(_ place: String, _ text: String) -> Bool {
        switch place {
        case "from", "body.channel", "body.transfer", "body.fingerprint", "body.pin.secret", "body.introduce.instance":
            text.wholeMatch(of: #/[0-9a-z-]{26,64}/#) != nil
        case "type", "body.set": text.wholeMatch(of: #/[a-z-]{4,16}/#) != nil
        case "body.outcome.accepted.dataHost": text.wholeMatch(of: #/[0-9a-f.:]+/#) != nil
        case "body.introduce.name": text.wholeMatch(of: #/[a-z0-9-]{1,63}/#) != nil
        default: false
        }
    }

    /// Bytes on the wire by plane, both ways.
    struct Sizes {
        var control = 0
        var lane = 0
        var controlLinks = 0
        var lanes = 0
        var other = 0
    }

    /// No mark and no name in clear on connections: each is one of a plane, sorted by what its first message asks for.
    func expectClean(_ connections: [(dialer: [UInt8], listener: [UInt8])]) -> Sizes {
        let search = MarkSearch(tree.marks + names)
        var sizes = Sizes()
        for (dialer, listener) in connections {
            for said in [dialer, listener] {
                let found = search.finds(in: said)
                #expect(found.isEmpty, "on the wire: \(found)")
            }
            let count = dialer.count + listener.count
            guard let hello = ClientHello(dialer) else {
                Issue.record("a connection that is no TLS: \(dialer.prefix(16))")
                continue
            }
            // In clear for anybody, so that the search finds it.
            #expect(hello.protocols.count == 1 && dialer.contains(Array(hello.protocols[0].utf8)))
            switch hello.protocols {
            case ["pmesh-control/1"]:
                sizes.control += count
                sizes.controlLinks += 1
            case ["pmesh-lane/1"]:
                sizes.lane += count
                sizes.lanes += 1
            default: Issue.record("a connection for \(hello.protocols)")
            }
        }
        #expect(sizes.controlLinks > 0 && sizes.lanes > 0)
        return sizes
    }

    /// A capture: its connections, its datagrams, and its bytes as they lie in the file.
    func expectClean(_ file: PacketFile, datagrams: Int) -> Sizes {
        let search = MarkSearch(tree.marks + names + [clear])
        let isEnd = { (datagram: [UInt8]) in datagram == clear.bytes }
        let last = file.datagrams.filter(isEnd)
        // Both ends of loopback are one interface, but each frame is seen once.
        #expect(
            last.count == 1 && search.finds(in: last.first ?? []).contains { $0.mark == clear && $0.dress == .plain })
        let all = search.finds(in: file.bytes)
        #expect(!all.isEmpty && all.allSatisfy { $0.mark == clear }, "\(all)")
        let others = file.datagrams.filter { !isEnd($0) }
        #expect(others.count >= datagrams, "\(others.count) datagrams")
        for datagram in others { #expect(search.finds(in: datagram, deep: true).isEmpty) }
        let dialers = file.streams.filter { ClientHello($0.bytes) != nil }
        let pairs = dialers.map { dialer in
            (dialer.bytes, file.streams.first { $0.from == dialer.to && $0.to == dialer.from }?.bytes ?? [])
        }
        #expect(pairs.count * 2 == file.streams.count)
        var sizes = expectClean(pairs)
        sizes.other = others.reduce(0) { $0 + $1.count }
        return sizes
    }

    /// The relayed Unix socket: sealed questions and answers.
    func expectCleanMeeting(_ road: Road) {
        let search = MarkSearch(tree.marks + names)
        #expect(road.conversations.contains { $0.dialer.count > 900 && $0.listener.count > 50 })
        for conversation in road.conversations {
            let found = search.finds(in: conversation.dialer, deep: true)
                .union(search.finds(in: conversation.listener, deep: true))
            #expect(found.isEmpty, "in the meeting: \(found)")
        }
    }

    /// The figures of a run, for whoever reads the log. What the wire carried of the control plane beyond what the tap
    /// saw is the handshake of TLS and the 22 bytes around each of its records.
    func tell(_ run: String, _ sizes: Sizes) {
        let links = (try? ControlRecord(folder: stage("tap")).links) ?? []
        let tapped = links.reduce(0) { $0 + $1.inbound.count + $1.outbound.count } / 2
        let rest = sizes.control - tapped
        #expect(rest > 0 && rest < 8_192 * sizes.controlLinks, "\(rest) bytes that the tap did not see")
        print(
            "isolation, \(run): \(sizes.control) bytes on \(sizes.controlLinks) control links, \(sizes.lane) on "
                + "\(sizes.lanes) lanes, \(sizes.other) in datagrams; \(tapped) bytes tapped; "
                + "\(tree.marks.count) marks in \(search.needles.count) forms")
    }

    // MARK: processes

    /// `A` founds a mesh and invites `B`; both are called by marks.
    func foundMesh(on host: [String], environment: [String: String] = [:]) async throws {
        let founded = try stage.start(
            host + [
                Program.path, "mesh", "create", "team", "--name", names[0].text, "--home", stage("A"), "--recovery",
                stage("team.recovery"),
            ], environment: ["PMESH_PASSPHRASE": "correct horse"])
        #expect(await founded.exit() == 0, "\(founded.errors)")
        let code = environment.merging(["PMESH_CODE": stage.code]) { $1 }
        let (issuer, joiner) = (
            try stage.start(
                host + [
                    Program.path, "mesh", "invite", "--name", names[0].text, "--home", stage("A"), "--listen",
                    "127.0.0.1:\(stage.port)", "--json",
                ], environment: code),
            try stage.start(
                host + [
                    Program.path, "mesh", "join", "--name", names[1].text, "--home", stage("B"), "--peer",
                    "127.0.0.1:\(stage.port)", "--json",
                ], environment: code)
        )
        let codes = (await joiner.exit(), await issuer.exit())
        #expect(codes == (0, 0), "\(joiner.errors) \(issuer.errors)")
    }

    func receiver(on host: [String], environment: [String: String] = [:]) throws -> Child {
        let line = ["receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--name", names[1].text, "--json"]
        return try start(line, on: host, environment)
    }

    func sender(_ options: [String], on host: [String], environment: [String: String] = [:]) throws -> Child {
        let line = ["send", stage("tree"), "--home", stage("A"), "--name", names[0].text, "--json"]
        return try start(line + options, on: host, environment)
    }

    private func start(_ line: [String], on host: [String], _ environment: [String: String]) throws -> Child {
        try stage.start(host + [Program.path] + line, environment: self.environment.merging(environment) { $1 })
    }
}

extension Stage {
    /// Waits for the one meeting point of the runtime folder and relays it into another runtime folder.
    fileprivate func meetingRoad(to folder: String) async throws -> Road {
        var socket = ""
        let isAnnounced = await poll {
            socket = names("run/pmesh").first { $0.hasSuffix(".sock") } ?? ""
            return !socket.isEmpty
        }
        try #require(isAnnounced, "nobody announced a meeting point")
        self.folder(folder + "/pmesh")
        chmod(self("\(folder)/pmesh"), 0o700)
        return try road(
            recording: true, from: .path(self("\(folder)/pmesh/\(socket)")), to: .path(self("run/pmesh/\(socket)")))
    }
}
