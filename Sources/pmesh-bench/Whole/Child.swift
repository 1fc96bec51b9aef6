import FoundationEssentials
import Glibc

/// A process that is measured: its output, its memory, its end. For one thread.
final class Child {
    let pid: pid_t
    private let output: Int32
    private var pending: [UInt8] = []
    private var isAtEnd = false
    /// Highest resident memory so far, bytes.
    private(set) var peak: UInt64 = 0
    /// The exit code, once it has ended; 128 and the signal where one ended it.
    private(set) var status: Int32?

    /// `environment` is added to ours. What the process says on standard error goes to the file `errors`.
    init(_ arguments: [String], environment: [String: String] = [:], errors: String) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw BenchError("no pipe can be made") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // The child's end blocks: programs expect it.
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        defer { close(ends[1]) }
        output = ends[0]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var child: pid_t = 0
        let result = withCStrings(arguments) { arguments in
            withCStrings(variables) { posix_spawnp(&child, arguments[0]!, &actions, nil, arguments, $0) }
        }
        guard result == 0 else {
            close(ends[0])
            throw BenchError("cannot start \(arguments[0]) (\(String(cString: strerror(result))))")
        }
        pid = child
    }

    deinit {
        kill()
        close(output)
    }

    /// Lines that came since the last call.
    func lines() -> [String] {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while !isAtEnd {
            let count = read(output, &buffer, buffer.count)
            if count > 0 { pending += buffer.prefix(count) } else { isAtEnd = count == 0 }
            if count <= 0 { break }
        }
        guard let end = pending.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        let lines = pending[...end].split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
        pending.removeSubrange(...end)
        return lines
    }

    /// Sleeps until one of them says something or ends its output, which it does when it ends, or time is up.
    static func sleep(beside children: [Child], milliseconds: Int32) {
        // One whose output has ended would be ready for ever.
        var ends = children.map { pollfd(fd: $0.isAtEnd ? -1 : $0.output, events: Int16(POLLIN), revents: 0) }
        // Between the end of the output and that of the process lies a moment.
        let isEnding = children.contains { $0.isAtEnd && $0.status == nil }
        _ = poll(&ends, nfds_t(ends.count), isEnding ? min(milliseconds, 1) : milliseconds)
    }

    /// Looks at its memory. The number that wait4(2) gives would also hold ours from before the exec.
    func lookAtMemory() {
        guard status == nil, let data = FileManager.default.contents(atPath: "/proc/\(pid)/status") else { return }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("VmHWM:") }),
            let value = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ UInt64($0) }
            )
        else { return }
        peak = max(peak, value * 1024)
    }

    /// Whether it has ended by now.
    func hasEnded() -> Bool { hasEnded(options: WNOHANG) }

    /// `options`: of waitpid(2).
    private func hasEnded(options: Int32) -> Bool {
        if status != nil { return true }
        var raw: Int32 = 0
        guard waitpid(pid, &raw, options) == pid else { return false }
        status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + raw & 0x7f
        return true
    }

    /// Returns once it has ended: for programs that do so by themselves, and say less than a pipe holds.
    func wait() { _ = hasEnded(options: 0) }

    /// Ends it, if it still runs.
    func kill() {
        guard !hasEnded() else { return }
        Glibc.kill(pid, SIGKILL)
        var raw: Int32 = 0
        waitpid(pid, &raw, 0)
        status = 128 + SIGKILL
    }
}

/// Calls `body` with an array of C strings that ends with nil.
private func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
}
