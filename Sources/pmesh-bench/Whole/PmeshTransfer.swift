import FoundationEssentials
import Glibc

/// One transfer between two `pmesh` processes with fresh homes, over loopback.
struct PmeshTransfer {
    let scratch: Scratch
    let program: String
    /// What is sent.
    let source: String
    /// It is one file, whose first chunk can be watched for.
    let isFile: Bool

    func run() throws -> Transfer {
        for name in ["A", "B", "out", "errors"] { scratch.clear(name) }
        let environment = ["PMESH_CODE": try code(), "XDG_RUNTIME_DIR": scratch.path]
        let address = "127.0.0.1:\(try FreePort.find())"
        let errors = scratch["errors"]
        let start = now
        let sender = try Child(
            [program, "send", source, "--home", scratch["A"], "--listen", address, "--json"],
            environment: environment, errors: errors)
        let receiver = try Child(
            [
                program, "receive", "--home", scratch["B"], "--out", scratch["out"], "--yes", "--peer", address,
                "--json",
            ],
            environment: environment, errors: errors)
        let watched = try watch(sender, receiver)
        guard sender.status == 0, receiver.status == 0 else { throw failure(sender, receiver) }
        return Transfer(
            seconds: watched.end - start, firstFromStart: watched.first.map { $0 - start },
            firstFromUp: watched.first.flatMap { first in watched.up.map { max(0, first - $0) } },
            senderPeak: sender.peak, receiverPeak: receiver.peak)
    }

    private struct Watched {
        /// When both sides had said that they wait for each other.
        var up: Double?
        var first: Double?
        var end = 0.0
    }

    /// Looks every 2 ms until the first chunk is there, later when one of them says something or ends, or after 50 ms. Who
    /// looks takes time from those looked at: they have the same cores.
    private func watch(_ sender: Child, _ receiver: Child) throws -> Watched {
        var watched = Watched()
        var waiting: Set<pid_t> = []
        var round = 0
        while true {
            try Stopping.check()
            for child in [sender, receiver] {
                let isUp = child.lines().contains { $0.hasPrefix("{\"event\":\"waiting\"") }
                if isUp, waiting.insert(child.pid).inserted, waiting.count == 2 { watched.up = now }
                if watched.first != nil || !isFile || round % 10 == 0 { child.lookAtMemory() }
            }
            if isFile, watched.first == nil, hasFirstChunk() { watched.first = now }
            // Both are asked, so that none stays a zombie.
            let ended = [sender.hasEnded(), receiver.hasEnded()]
            watched.end = now
            if ended == [true, true] { return watched }
            if ended != [false, false], sender.status ?? 0 != 0 || receiver.status ?? 0 != 0 { return watched }
            Child.sleep(beside: [sender, receiver], milliseconds: isFile && watched.first == nil ? 2 : 50)
            round += 1
        }
    }

    /// A part, or the finished file, holds data and not only a hole of its later size.
    private func hasFirstChunk() -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: scratch["out"])) ?? []
        return names.contains { name in
            let file = open(scratch["out"] + "/" + name, O_RDONLY | O_CLOEXEC)
            defer { close(file) }
            return file >= 0 && lseek(file, 0, Self.seekData) >= 0
        }
    }

    /// SEEK_DATA of lseek(2).
    private static let seekData: Int32 = 3

    private func code() throws -> String {
        let child = try Child([program, "code"], errors: scratch["errors"])
        child.wait()
        guard child.status == 0, let code = child.lines().first else { throw failure(child, child) }
        return code
    }

    private func failure(_ sender: Child, _ receiver: Child) -> BenchError {
        let words = FileManager.default.contents(atPath: scratch["errors"]).map { String(decoding: $0, as: UTF8.self) }
        return BenchError(
            "a transfer failed (exit codes \(sender.status ?? -1) and \(receiver.status ?? -1)): \(words ?? "no reason given")"
        )
    }

    private var now: Double { Clock.now }
}

enum Clock {
    /// Seconds that never go back.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.inSeconds
    }
}

/// A TCP port of 127.0.0.1 that nobody listens at just now.
enum FreePort {
    static func find() throws -> UInt16 {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(file) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(file, address, length) == 0 && getsockname(file, address, &length) == 0
            }
        }
        guard file >= 0, result else { throw BenchError("no free port was found on 127.0.0.1") }
        return UInt16(bigEndian: address.sin_port)
    }
}
