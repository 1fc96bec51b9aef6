import Foundation
import Glibc
import MeshTrust
import MeshWire
import Synchronization
import Testing

/// One way of not keeping to the protocol, and how it must end.
struct Misdeed: Sendable, CustomTestStringConvertible {
    /// How the node under attack ends.
    struct Ending: Sendable {
        /// Its exit code.
        var status: Int32
        /// Words of the sentence on its standard error; none where it ended well.
        var words: String = ""
        /// What the peer was told; nil where it was told nothing that is asserted.
        var told: FailureCode?

        static let success = Ending(status: 0)
        static func broken(_ words: String, status: Int32 = 1, told: FailureCode? = .protocolViolation) -> Ending {
            Ending(status: status, words: words, told: told)
        }
    }

    let name: String
    /// Further words of the command line under attack.
    var options: [String] = []
    let ending: Ending
    /// Looks at what stands in the destination afterwards.
    private(set) var leaves: (@Sendable (Stage) -> Void)?
    let act: @Sendable (HostilePeer) async throws -> Void

    init(
        _ name: String, _ ending: Ending, options: [String] = [],
        _ act: @escaping @Sendable (HostilePeer) async throws -> Void
    ) {
        self.name = name
        self.ending = ending
        self.options = options
        self.act = act
    }

    /// Looks at the destination afterwards.
    func leaving(_ check: @escaping @Sendable (Stage) -> Void) -> Misdeed {
        var checked = self
        checked.leaves = check
        return checked
    }

    var testDescription: String { name }
}

/// Bytes of memory a node may have taken at its worst, whatever a peer does.
let memoryLimit = 200 * 1024 * 1024 * Int(Stage.patience)

extension Stage {
    /// A node that waits for one peer, and everything around it.
    func attack(_ misdeed: Misdeed, on side: VictimSide) async throws {
        let code = side.code(self)
        let port = try freePort()
        let victim = try side.start(self, code, port, misdeed.options)
        guard await victim.event("listening") != nil else {
            Issue.record("\(misdeed.name): the node does not listen: \(victim.errors)")
            return
        }
        await play(misdeed, victim) { try await HostilePeer.meet(self, code: code, port: port) }
    }

    /// A receiver that is sent to a node which knows its code and means it no good.
    func lure(_ misdeed: Misdeed) async throws {
        let (code, port, identity) = (VictimSide.receiver.code(self), try freePort(), NodeIdentity())
        let credentials = try HostilePeer.credentials(identity, code: code)
        let host = try await HostileHost.open(port, identity, credentials)
        let victim = try VictimSide.receiver.dial(self, code, port, misdeed.options)
        await play(misdeed, victim) {
            try HostilePeer(identity, credentials, code, port, try await host.link(), self, host: host)
        }
        await host.close()
    }

    private func play(_ misdeed: Misdeed, _ victim: Child, _ meet: () async throws -> HostilePeer) async {
        let before = surroundings
        let memory = MemoryWatch(victim)
        do {
            let peer = try await meet()
            do { try await misdeed.act(peer) } catch let failure as PlayFailure {
                Issue.record("\(misdeed.name): \(failure); node: \(victim.errors)")
                peer.close()
                victim.signal(SIGINT)
            } catch {
                // The node closed in the middle of a word, as it should: how it ended is looked at below.
                if misdeed.ending.status == 0 {
                    Issue.record(
                        "\(misdeed.name): \(error); node: \(victim.errors) \(victim.events.last?.description ?? "")")
                    peer.close()
                    victim.signal(SIGINT)
                }
            }
            let status = await victim.exit()
            expect(misdeed, status, victim, peer)
            peer.close()
        } catch {
            Issue.record("\(misdeed.name): \(error)")
            victim.signal(SIGINT)
        }
        let peak = memory.peak
        #expect(peak < memoryLimit, "\(misdeed.name): \(peak >> 20) MiB")
        #expect(surroundings == before, "\(misdeed.name): something was touched outside of the destination")
        misdeed.leaves?(self)
        Log.line("\(misdeed.name): exit \(await victim.exit()), \(peak >> 20) MiB, \(victim.sentence)")
    }

    private func expect(_ misdeed: Misdeed, _ status: Int32, _ victim: Child, _ peer: HostilePeer) {
        let ending = misdeed.ending
        #expect(status == ending.status, "\(misdeed.name): exit \(status): \(victim.errors)")
        #expect(
            ending.words.isEmpty || victim.errors.contains(ending.words), "\(misdeed.name): \(victim.errors)")
        if let told = ending.told { #expect(peer.reasons.contains(told), "\(misdeed.name): told \(peer.reasons)") }
        let isPlain = !(victim.errors + victim.output).unicodeScalars.contains { $0.value < 32 && $0 != "\n" }
        #expect(isPlain, "\(misdeed.name): control characters on the terminal")
    }

    /// The home that was attacked still serves: an honest transfer under another code.
    func expectServing(_ side: VictimSide) async throws {
        let code = "7777-7777-77\(Int.random(in: 10...99))"
        let port = try freePort()
        folder("honest")
        file("honest/file", Noise.bytes(300_000))
        let (from, to) = side == .sender ? ("V", "W") : ("W", "V")
        let sender = try send("honest", home: from, port: port, code: code)
        let receiver = try receive(home: to, out: "HONEST", port: port, code: code)
        let codes = (await sender.exit(), await receiver.exit())
        #expect(codes == (0, 0), "\(sender.errors)\(receiver.errors)")
        expectSame("HONEST/honest", as: "honest")
    }

    /// Everything around the destination that a peer has no business with.
    var surroundings: [String: String] {
        let own: Set = ["OUT", "HONEST", "honest", "V", "W", "run", "goods"]
        var found: [String: String] = [:]
        for name in names("") where !own.contains(name) {
            for path in [name] + below(name).map({ name + "/" + $0 }) { found[path] = fingerprint(path) }
        }
        return found
    }

    private func below(_ name: String) -> [String] {
        (FileManager.default.enumerator(atPath: self(name))?.allObjects as? [String]) ?? []
    }

    private func fingerprint(_ path: String) -> String {
        guard let found = try? FileManager.default.attributesOfItem(atPath: self(path)) else { return "gone" }
        let kind = found[.type] as? FileAttributeType
        let bytes = kind == .typeRegular ? "\(contents(path) ?? [])" : ""
        let keys: [FileAttributeKey] = [.systemFileNumber, .posixPermissions, .size, .modificationDate]
        return (keys.map { "\(found[$0] ?? "-")" } + ["\(kind?.rawValue ?? "-")", bytes]).joined(separator: " ")
    }
}

/// Which command is attacked.
enum VictimSide: Sendable {
    case sender, receiver

    func code(_ stage: Stage) -> String {
        let symbols = Array("0123456789abcdefghjkmnpqrstvwxyz")
        return (0..<3).map { _ in String((0..<4).map { _ in symbols.randomElement()! }) }.joined(separator: "-")
    }

    func start(_ stage: Stage, _ code: String, _ port: UInt16, _ options: [String]) throws -> Child {
        try start(stage, code, ["--listen", "127.0.0.1:\(port)"] + options)
    }

    /// The same, going to another node at `port` instead of waiting for it.
    func dial(_ stage: Stage, _ code: String, _ port: UInt16, _ options: [String] = []) throws -> Child {
        try start(stage, code, ["--peer", "127.0.0.1:\(port)"] + options)
    }

    private func start(_ stage: Stage, _ code: String, _ options: [String]) throws -> Child {
        let words: [String] =
            switch self {
            case .sender: ["send", stage("goods")]
            case .receiver: ["receive", "--out", stage("OUT"), "--yes"]
            }
        let home = ["--home", stage("V"), "--json"]
        return try stage.start([Program.path] + words + home + options, environment: ["PMESH_CODE": code])
    }
}

extension Child {
    /// What it said on standard error: why it ended.
    var sentence: String { errors.split(separator: "\n").last { $0.hasPrefix("pmesh: ") }.map(String.init) ?? "" }
}

/// Looks at a process's memory while it lives: the most it ever had, bytes.
final class MemoryWatch: Sendable {
    private let most = Mutex(0)

    init(_ child: Child) {
        Thread.detachNewThread {
            while child.isRunning {
                if let now = Self.highWater(child.pid) { self.most.withLock { $0 = max($0, now) } }
                usleep(5_000)
            }
        }
    }

    var peak: Int { most.withLock { $0 } }

    /// VmHWM of proc(5).
    private static func highWater(_ pid: pid_t) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({
                Int($0)
            })
        else { return nil }
        return kilobytes * 1024
    }
}

/// The table of what was seen, where `PMESH_HOSTILE_LOG` names a file.
enum Log {
    static func line(_ text: String) {
        guard let path = ProcessInfo.processInfo.environment["PMESH_HOSTILE_LOG"] else { return }
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        guard let file = FileHandle(forWritingAtPath: path) else { return }
        defer { try? file.close() }
        _ = try? file.seekToEnd()
        try? file.write(contentsOf: Data((text + "\n").utf8))
    }
}
