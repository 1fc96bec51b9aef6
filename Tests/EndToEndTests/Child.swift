import Foundation
import Glibc
import Synchronization

/// A running process whose output can be waited for. Killed at its deadline at the latest.
final class Child: Sendable {
    let pid: pid_t
    let command: String
    private let state = Mutex(State())

    private struct State {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var events: [Event] = []
        /// Bytes of `output` that are events already.
        var parsed = 0
        var status: Int32?
        var waiting: [(isMet: @Sendable (borrowing State) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []

        mutating func parse() {
            while let end = output[parsed...].firstIndex(of: UInt8(ascii: "\n")) {
                if let event = Event(String(decoding: output[parsed..<end], as: UTF8.self)) { events.append(event) }
                parsed = end + 1
            }
        }

        mutating func takeMet() -> [CheckedContinuation<Void, Never>] {
            let isOver = status != nil
            var met: [CheckedContinuation<Void, Never>] = []
            var rest = waiting
            waiting = []
            rest.removeAll { entry in
                guard isOver || entry.isMet(self) else { return false }
                met.append(entry.continuation)
                return true
            }
            waiting = rest
            return met
        }
    }

    /// Starts `words[0]`, looked up in PATH. `input` is what standard input holds; without it, it is empty.
    init(_ words: [String], environment: [String: String], input: String, deadline: Double) throws {
        command = words.joined(separator: " ")
        // One at a time: a process that is started between a pipe's making and its marking would hold it open.
        let (child, ends) = try Self.isStarting.withLock { _ in try Self.spawn(words, environment) }
        pid = child
        _ = input.withCString { write(ends.entry, $0, strlen($0)) }
        close(ends.entry)
        let end = Date().addingTimeInterval(deadline)
        Thread.detachNewThread { self.watch(ends.output, ends.errors, until: end) }
    }

    private static let isStarting = Mutex(())

    /// Our ends of its three pipes.
    private struct Ends {
        var entry: Int32
        var output: Int32
        var errors: Int32
    }

    private static func spawn(_ words: [String], _ environment: [String: String]) throws -> (pid_t, Ends) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let (standard, errors, entry) = (try Pipe(), try Pipe(), try Pipe())
        posix_spawn_file_actions_adddup2(&actions, entry.read, 0)
        posix_spawn_file_actions_adddup2(&actions, standard.write, 1)
        posix_spawn_file_actions_adddup2(&actions, errors.write, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, and signals as a shell sets them: the test runner may ignore some.
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setsigmask(&attributes, &none)
        var child: pid_t = 0
        let result = withCStrings(words) { words in
            withCStrings(environment.map { "\($0)=\($1)" }) { environment in
                posix_spawnp(&child, words[0]!, &actions, &attributes, words, environment)
            }
        }
        for descriptor in [entry.read, standard.write, errors.write] { close(descriptor) }
        guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .EINVAL) }
        return (child, Ends(entry: entry.write, output: standard.read, errors: errors.read))
    }

    // MARK: what it says

    var events: [Event] { state.withLock { $0.events } }
    var output: String { state.withLock { String(decoding: $0.output, as: UTF8.self) } }
    var errors: String { state.withLock { String(decoding: $0.errors, as: UTF8.self) } }
    var isRunning: Bool { state.withLock { $0.status == nil } }

    /// Waits for an event that fits, or for the `count`th of them, past ones included; nil where the process ended without.
    func event(
        _ name: String, count: Int = 1, where fits: @escaping @Sendable (Event) -> Bool = { _ in true }
    ) async -> Event? {
        await wait { state in state.events.count { $0.name == name && fits($0) } >= count }
        let found = events.filter { $0.name == name && fits($0) }
        return found.count >= count ? found[count - 1] : nil
    }

    /// Waits for words on standard error.
    func says(_ words: String) async -> Bool {
        await wait { String(decoding: $0.errors, as: UTF8.self).contains(words) }
        return errors.contains(words)
    }

    /// Waits for the end: the exit code, or 128 and the signal's number as in a shell.
    @discardableResult
    func exit() async -> Int32 {
        await wait { _ in false }
        let status = state.withLock { $0.status ?? 0 }
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    /// For commands of the system that take no time.
    func exitBlocking() -> Int32 {
        while true {
            if let status = state.withLock({ $0.status }) { return status & 0x7f == 0 ? (status >> 8) & 0xff : 255 }
            usleep(1_000)
        }
    }

    private func wait(until isMet: @escaping @Sendable (borrowing State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isNow = state.withLock { state in
                if state.status != nil || isMet(state) { return true }
                state.waiting.append((isMet, continuation))
                return false
            }
            if isNow { continuation.resume() }
        }
    }

    // MARK: what is done to it

    func signal(_ number: Int32) {
        // Only while it is not waited for is the number surely its own.
        state.withLock { if $0.status == nil { _ = Glibc.kill(pid, number) } }
    }

    /// SIGKILL, and its end awaited.
    func kill() async {
        signal(SIGKILL)
        await exit()
    }

    /// On a thread of its own, until the process is gone.
    private func watch(_ standard: Int32, _ errors: Int32, until end: Date) {
        var open = [
            pollfd(fd: standard, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
        ]
        var room = [UInt8](repeating: 0, count: 65_536)
        while open.contains(where: { $0.fd >= 0 }) {
            if Date() > end { signal(SIGKILL) }
            poll(&open, 2, 200)
            for index in 0..<2 where open[index].fd >= 0 && open[index].revents != 0 {
                let count = read(open[index].fd, &room, room.count)
                if count <= 0 {
                    close(open[index].fd)
                    open[index].fd = -1
                } else {
                    take(room[..<count], isError: index == 1)
                }
            }
        }
        var status: Int32 = 0
        // Output may be closed before the process ends.
        while waitpid(pid, &status, WNOHANG) == 0 {
            if Date() > end { signal(SIGKILL) }
            usleep(2_000)
        }
        let met = state.withLock { state in
            state.status = status
            return state.takeMet()
        }
        for continuation in met { continuation.resume() }
    }

    private func take(_ bytes: ArraySlice<UInt8>, isError: Bool) {
        let met = state.withLock { state in
            if isError { state.errors += bytes } else { state.output += bytes }
            state.parse()
            return state.takeMet()
        }
        for continuation in met { continuation.resume() }
    }
}

/// Both ends, not passed on to processes that are started meanwhile.
private struct Pipe {
    let read: Int32
    let write: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (read, write) = (ends[0], ends[1])
    }
}

private func withCStrings<Value>(_ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value) -> Value {
    let pointers = texts.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}
