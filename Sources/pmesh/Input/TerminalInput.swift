import Dispatch
import Glibc
import Synchronization

/// Lines a person types, or a script writes to standard input.
struct TerminalInput: Sendable {
    let output: Output

    /// A question can be asked and answered: input and standard error are both a terminal.
    static var isInteractive: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// Shows `prompt` on standard error and reads a line; nil at the end of input or when the task is cancelled.
    func ask(_ prompt: String, isHidden: Bool = false) async -> String? {
        output.prompt(prompt)
        if isHidden { TerminalEcho.off() }
        defer {
            if TerminalEcho.restore() { output.note("") }
        }
        return await line()
    }

    /// One line of standard input without its end; nil at the end of input or when the task is cancelled.
    func line() async -> String? {
        let stop = StopFlag()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A thread of its own: a person may take minutes, and the cooperative pool must not wait for one.
                DispatchQueue.global().async { continuation.resume(returning: Self.read(until: stop)) }
            }
        } onCancel: {
            stop.isSet.store(true, ordering: .relaxed)
        }
    }

    /// Byte by byte, so that nothing behind the line is taken from who reads next.
    private static func read(until stop: StopFlag) -> String? {
        var bytes: [UInt8] = []
        while !stop.isSet.load(ordering: .relaxed) {
            var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            guard poll(&input, 1, 100) != 0 else { continue }
            var byte: UInt8 = 0
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            if bytes.count < longest { bytes.append(byte) }
        }
        return nil
    }

    /// Nothing that is asked for is longer, bytes.
    private static let longest = 4096
}

/// Set once, when a reader shall give up.
private final class StopFlag: Sendable {
    let isSet = Atomic<Bool>(false)
}
