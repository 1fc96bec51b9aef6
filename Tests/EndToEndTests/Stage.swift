import Foundation
import Glibc
import Synchronization
import Testing

/// A test's own world: a folder, a runtime folder in which nobody else is met, and processes that end with it.
final class Stage: Sendable {
    let folder: String
    let port: UInt16
    /// Digits and letters that occur in no other test.
    let code: String
    private let children = Mutex<[Child]>([])
    private let roads = Mutex<[Road]>([])

    fileprivate init() throws {
        var template = Array("/tmp/pmesh-stage-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        folder = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        port = try FreePort.take()
        let symbols = Array("0123456789abcdefghjkmnpqrstvwxyz")
        code = (0..<3).map { _ in String((0..<4).map { _ in symbols.randomElement()! }) }.joined(separator: "-")
        mkdir(folder + "/run", 0o700)
        chmod(folder, 0o755)
    }

    fileprivate func clear() async {
        for child in children.withLock({ $0 }) where child.isRunning { await child.kill() }
        for road in roads.withLock({ $0 }) { road.close() }
        system("umount", "-l", folder + "/disk")
        system("chmod", "-R", "u+rwx", folder)
        system("rm", "-rf", folder)
    }

    /// A path in the folder.
    func callAsFunction(_ name: String) -> String { folder + "/" + name }

    // MARK: commands

    /// Seconds after which a command is killed: ten times what one takes on a machine that is busy. Under a sanitizer all
    /// takes longer.
    static let deadline = 120.0 * patience
    /// More than 1 under a sanitizer, which takes time and memory.
    static let patience = ProcessInfo.processInfo.environment["PMESH_TEST_PATIENCE"].flatMap(Double.init) ?? 1

    func start(
        _ words: [String], environment: [String: String] = [:], input: String = "", deadline: Double = Stage.deadline
    ) throws -> Child {
        var all = [
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder, "XDG_RUNTIME_DIR": folder + "/run", "TERM": "dumb",
        ]
        for name in ["LD_LIBRARY_PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "SWIFT_BACKTRACE"] {
            all[name] = ProcessInfo.processInfo.environment[name]
        }
        let child = try Child(
            words, environment: all.merging(environment) { $1 }, input: input, deadline: deadline)
        children.withLock { $0.append(child) }
        return child
    }

    /// `pmesh` with these arguments; the code in PMESH_CODE, unless that is said otherwise.
    func pmesh(
        _ words: String..., code: String? = nil, environment: [String: String] = [:], input: String = ""
    ) throws -> Child {
        var environment = environment
        if let given = code ?? self.code as String?, !given.isEmpty { environment["PMESH_CODE"] = given }
        return try start([Program.path] + words, environment: environment, input: input)
    }

    /// A command that answers at once and well.
    func ask(_ words: String..., at location: SourceLocation = #_sourceLocation) async throws -> Child {
        let child = try start([Program.path] + words)
        #expect(await child.exit() == 0, "\(child.errors)", sourceLocation: location)
        return child
    }

    /// The line of the sending script: `tree` in home `A`.
    func send(
        _ path: String = "tree", _ options: String..., home: String = "A", port: UInt16? = nil, code: String? = nil,
        environment: [String: String] = [:]
    ) throws -> Child {
        let line = ["send", self(path), "--home", self(home), "--listen", "127.0.0.1:\(port ?? self.port)", "--json"]
        return try start(
            [Program.path] + line + options, environment: environment.merging(["PMESH_CODE": code ?? self.code]) { $1 })
    }

    /// The line of the receiving script: into `OUT`, home `B`.
    func receive(
        _ options: String..., home: String = "B", out: String = "OUT", port: UInt16? = nil, code: String? = nil,
        environment: [String: String] = [:]
    ) throws -> Child {
        let line = [
            "receive", "--home", self(home), "--out", self(out), "--yes", "--peer", "127.0.0.1:\(port ?? self.port)",
            "--json",
        ]
        return try start(
            [Program.path] + line + options, environment: environment.merging(["PMESH_CODE": code ?? self.code]) { $1 })
    }

    /// A road to the port that lets so many bytes of one end through and then holds the rest.
    func road(
        holding end: Road.End = .listener, after bytes: Int = .max, recording: Bool = false,
        from place: Road.Place? = nil, to target: Road.Place? = nil
    ) throws -> Road {
        let road = try Road(
            from: try place ?? .port(FreePort.take()), to: target ?? .port(port), holding: end, after: bytes,
            recording: recording)
        roads.withLock { $0.append(road) }
        return road
    }

    func freePort() throws -> UInt16 { try FreePort.take() }
}

/// Runs `body` on a stage of its own; a few at a time, since each is two processes.
func onStage(_ body: (Stage) async throws -> Void) async throws {
    await Turnstile.shared.enter()
    let stage: Stage
    do {
        stage = try Stage()
    } catch {
        await Turnstile.shared.leave()
        throw error
    }
    do {
        try await body(stage)
        await stage.clear()
        await Turnstile.shared.leave()
    } catch {
        await stage.clear()
        await Turnstile.shared.leave()
        throw error
    }
}

/// Lets so many through at once.
private actor Turnstile {
    static let shared = Turnstile(places: 3)

    private var places: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) { self.places = places }

    func enter() async {
        if places > 0 {
            places -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func leave() {
        if waiting.isEmpty { places += 1 } else { waiting.removeFirst().resume() }
    }
}

/// The program that was built with the tests.
enum Program {
    static let path: String = {
        if let given = ProcessInfo.processInfo.environment["PMESH"] { return given }
        let runner = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(filePath: runner).deletingLastPathComponent().appending(path: "pmesh").path
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return FileManager.default.isExecutableFile(atPath: beside)
            ? beside : root.appending(path: ".build/debug/pmesh").path
    }()
}

enum FreePort {
    /// A port that nobody listens at. It lies below those that the system gives out by itself, where it could be taken by
    /// an outgoing connection before its test uses it.
    static func take() throws -> UInt16 {
        for _ in 0..<1_000 {
            let port = UInt16.random(in: 20_000..<32_000)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            guard isTaken.withLock({ $0.insert(port).inserted }), bind(descriptor, port) else { continue }
            return port
        }
        throw POSIXError(.EADDRINUSE)
    }

    private static let isTaken = Mutex<Set<UInt16>>([])

    private static func bind(_ descriptor: Int32, _ port: UInt16) -> Bool { Loopback.bind(descriptor, port) == 0 }
}

/// Runs a command of the system to its end; whether it did what it was asked to.
@discardableResult
func system(_ words: String...) -> Bool {
    guard
        let child = try? Child(
            words, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], input: "", deadline: 60)
    else { return false }
    return child.exitBlocking() == 0
}
