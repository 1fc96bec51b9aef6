import Foundation
import Glibc
import Testing

/// What a system does to processes. Short forms of `Scripts/disasters/process.sh` and `clock.sh`.
@Suite struct ProcessDisasterTests {
    enum Side: CaseIterable {
        case sender, receiver
    }

    /// Asleep for a while, as on a laptop whose lid was closed: it goes on by itself.
    @Test(arguments: Side.allCases) func processIsStopped(_ side: Side) async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            let half = try await stage.startHalf()
            let stopped = side == .sender ? half.sender : half.receiver
            stopped.signal(SIGSTOP)
            half.road.release()
            // The other side goes on talking to one who does not answer. How long is not what counts here.
            #expect(system("sleep", "3"))
            stopped.signal(SIGCONT)
            try await stage.bothSucceed(half.sender, half.receiver)
            stage.expectSame()
        }
    }

    /// Too few to open sockets, journal and files: said at once, instead of failing at one of them.
    @Test(arguments: Side.allCases) func descriptorsRunOut(_ side: Side) async throws {
        try await onStage { stage in
            stage.makeTree(size: 100_000)
            // What the test runner has open and hands down would count, too, and leave the runtime itself too few.
            let closing =
                #"for name in /proc/self/fd/*; do n=${name##*/}; [ $n -lt 3 ] || eval "exec $n>&-"; done; exec "$@""#
            let limit = ["bash", "-c", closing, "_", "prlimit", "--nofile=20:20", Program.path]
            let environment = ["PMESH_CODE": stage.code]
            let words =
                side == .sender
                ? ["send", stage("tree"), "--home", stage("A"), "--listen", "127.0.0.1:\(stage.port)", "--json"]
                : ["receive", "--home", stage("B"), "--out", stage("OUT"), "--yes", "--json"]
            try await stage.start(limit + words, environment: environment).expectEnd(7, saying: "ulimit -n")
            try await stage.bothSucceed(try stage.send(), try stage.receive())
            stage.expectSame()
        }
    }

    /// The receiver's clock goes back by more than a year, then forward by twenty: what it wrote before is no hindrance.
    @Test(.enabled(if: WallClock.compiler != nil, "needs clang"))
    func clockIsSetBetweenRuns() async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            let clock = try await WallClock(stage)
            let half = try await stage.startHalf()
            await half.receiver.kill()
            await half.sender.kill()
            for days in [-400, 20 * 365] {
                clock.set(seconds: days * 86_400)
                try await stage.bothSucceed(try stage.send(), try stage.receive(environment: clock.environment))
            }
            stage.expectSame()
            #expect(stage.names("OUT") == ["tree"])
        }
    }

    @Test(.enabled(if: WallClock.compiler != nil, "needs clang"))
    func clockJumpsWhileItRuns() async throws {
        try await onStage { stage in
            stage.makeTree(size: 12_000_000)
            let clock = try await WallClock(stage)
            let road = try stage.road(after: 4_000_000)
            let sender = try stage.send("tree", "--compress", "never", environment: clock.environment)
            try #require(await sender.event("listening") != nil, "\(sender.errors)")
            let receiver = try stage.receive(port: road.port, environment: clock.environment)
            try await stage.expectCommitted(receiver)
            clock.set(seconds: -3 * 86_400)
            road.release()
            try await stage.bothSucceed(sender, receiver)
            stage.expectSame()
        }
    }
}

/// Shifts the wall clock of processes, and no other clock of theirs: `Scripts/disasters/clock.c`.
private struct WallClock {
    let environment: [String: String]
    private let file: String

    static let compiler: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { $0 + "/clang" }.first { access($0, X_OK) == 0 }

    init(_ stage: Stage) async throws {
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Scripts/disasters/clock.c").path
        let library = stage("clock.so")
        let build = try stage.start(
            [try #require(Self.compiler), "-O1", "-shared", "-fPIC", "-o", library, source])
        try #require(await build.exit() == 0, "\(build.errors)")
        file = stage("clock")
        environment = ["LD_PRELOAD": library, "WALL_CLOCK": file]
        stage.file("clock", Array(repeating: UInt8(ascii: " "), count: 32))
    }

    /// By how much the clock is wrong from now on.
    func set(seconds: Int) {
        let descriptor = open(file, O_WRONLY)
        let text = Array("\(seconds)".utf8)
        let padded = text + Array(repeating: UInt8(ascii: " "), count: 32 - text.count)
        pwrite(descriptor, padded, 32, 0)
        close(descriptor)
    }
}
