import FoundationEssentials
import Glibc

/// rsync over ssh on loopback, with a private sshd: `rsync -a -W`, aes128-gcm@openssh.com.
final class Rsync {
    private let scratch: Scratch
    private let port: UInt16
    private let daemon: Child
    /// sshd, as root, wants this folder; where it is missing it is made, and removed at the end.
    private static let separation = "/run/sshd"
    private let madeSeparation: Bool

    /// Nil where a program is missing or sshd does not start: `reason` says which.
    static func start(_ scratch: Scratch) -> (rsync: Rsync?, reason: String) {
        do {
            return (try Rsync(scratch), "")
        } catch {
            return (nil, "\(error)")
        }
    }

    private init(_ scratch: Scratch) throws {
        self.scratch = scratch
        for program in ["rsync", "ssh", "ssh-keygen"] where Self.path(of: program) == nil {
            throw BenchError("\(program) is not installed")
        }
        guard let sshd = Self.path(of: "sshd") else { throw BenchError("sshd is not installed") }
        madeSeparation = geteuid() == 0 && mkdir(Self.separation, 0o755) == 0
        port = try FreePort.find()
        for key in ["host", "user"] {
            try Self.wait(
                for: Child(
                    ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", scratch[key]], errors: scratch["rsync"]))
        }
        let lines = [
            "Port \(port)", "ListenAddress 127.0.0.1", "HostKey \(scratch["host"])",
            "AuthorizedKeysFile \(scratch["user"]).pub", "StrictModes no", "PasswordAuthentication no", "PidFile none",
        ]
        try lines.joined(separator: "\n").write(toFile: scratch["sshd_config"], atomically: false, encoding: .utf8)
        daemon = try Child([sshd, "-D", "-e", "-f", scratch["sshd_config"]], errors: scratch["sshd"])
        try Self.awaitListening(daemon, log: scratch["sshd"])
    }

    deinit {
        daemon.kill()
        if madeSeparation { rmdir(Self.separation) }
    }

    func run(_ source: String) throws -> Transfer {
        scratch.clear("out")
        mkdir(scratch["out"], 0o700)
        let shell =
            "ssh -F /dev/null -p \(port) -i \(scratch["user"]) -c aes128-gcm@openssh.com -o IdentitiesOnly=yes "
            + "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        let start = Clock.now
        let child = try Child(
            ["rsync", "-a", "-W", "-e", shell, source, "\(Self.user)@127.0.0.1:\(scratch["out"])/"],
            errors: scratch["rsync"])
        try Self.wait(for: child)
        return Transfer(seconds: Clock.now - start)
    }

    /// Looks into the daemon's log until it listens: it gives no other sign of that. Within 10 s.
    private static func awaitListening(_ daemon: Child, log: String) throws {
        for _ in 0..<1_000 {
            try Stopping.check()
            let words = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) } ?? ""
            if words.contains("Server listening") { return }
            if daemon.hasEnded() { break }
            usleep(10_000)
        }
        throw BenchError("sshd does not start")
    }

    private static func wait(for child: Child) throws {
        while !child.hasEnded() {
            // Between two looks a stop must be heard; 2 ms are below what a row of the table shows.
            try Stopping.check()
            usleep(2_000)
        }
        guard child.status == 0 else { throw BenchError("rsync or ssh failed with exit code \(child.status ?? -1)") }
    }

    private static var user: String {
        getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
    }

    private static func path(of program: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (folders + ["/usr/sbin", "/usr/local/sbin"]).map { $0 + "/" + program }.first(where: isExecutable)
    }
}
