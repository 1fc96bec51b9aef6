import Dispatch
import Glibc
import Synchronization

/// Everything the program writes, in order, whole lines at a time.
///
/// Events come from threads that must not wait, and a pipe's reader may be slow: lines are handed to a queue that writes
/// them, one for the whole program. Progress is dropped while lines wait; all other lines are kept, and there are no
/// more of them than files.
final class Output: Sendable {
    enum Stream: Int32, Sendable {
        case standard = 1
        case error = 2
    }

    struct Style: Sendable {
        /// One object per line on standard output; notes for people are left out.
        var isJSON = false
        /// Only errors, and a code nobody else knows.
        var isQuiet = false
        /// What an engineer wants to see, too.
        var isVerbose = false
        /// Results go to standard error: standard output is for something else.
        var resultsAside = false
        /// Standard error is a terminal that can redraw a line.
        var redraws = false
        var colors = false
    }

    private struct State {
        /// The progress line that stands on the terminal.
        var shown: String?
        /// A question stands there, and what was typed behind it.
        var isPromptShown = false
        /// Why standard output takes nothing any more: the system's words, empty where its reader is gone.
        var loss: String?
    }

    let style: Style
    private static let queue = DispatchQueue(label: "pmesh.output")
    private static let state = Mutex(State())
    private static let waiting = Atomic<Int>(0)
    /// Lines that may wait before progress is dropped.
    private static let patience = 64

    init(_ style: Style) {
        self.style = style
    }

    /// What the options and the terminal allow.
    static func style(isJSON: Bool, isQuiet: Bool, environment: Environment) -> Style {
        let isTerminal = isatty(STDERR_FILENO) == 1 && environment.text("TERM").map { $0 != "dumb" } == true
        let noColor = environment.text("NO_COLOR") != nil
        return Style(
            isJSON: isJSON, isQuiet: isQuiet, redraws: isTerminal && !isJSON && !isQuiet, colors: isTerminal && !noColor
        )
    }

    /// A result, on standard output.
    func result(_ line: String) { write(line + "\n", to: style.resultsAside ? .error : .standard) }

    /// An object, on standard output.
    func object(_ line: JSONLine, isDroppable: Bool = false) {
        if isDroppable && Self.waiting.load(ordering: .relaxed) > Self.patience { return }
        write(line.text + "\n", to: .standard)
    }

    /// Something for people, on standard error; silent with `--quiet` and `--json`.
    func note(_ line: String) {
        if !style.isQuiet && !style.isJSON { write(line + "\n", to: .error) }
    }

    /// A note that matters to scripts too: with `--json` an event of its own.
    func warning(_ sentence: String) {
        if style.isJSON {
            var line = JSONLine(event: "warning")
            line.add("message", sentence)
            object(line)
        } else {
            note("\(colored("pmesh: warning:", 33)) \(sentence)")
        }
    }

    /// An error, on standard error whatever the options.
    func error(_ sentence: String) { write("\(colored("pmesh:", 31)) \(sentence)\n", to: .error) }

    /// `color`: a number of ECMA-48, 31 red, 33 yellow.
    private func colored(_ text: String, _ color: Int) -> String {
        style.colors ? "\u{1b}[\(color)m\(text)\u{1b}[0m" : text
    }

    /// Written whatever the options, on standard error, as it is.
    func essential(_ line: String) { write(line + "\n", to: .error) }

    /// A question; the cursor stays behind it.
    func prompt(_ text: String) {
        write(text, to: .error)
        flush()
    }

    /// Clears the terminal's line, on which `^C` may stand; a question stays, and a new line begins.
    func freshLine() {
        guard isatty(STDERR_FILENO) == 1 else { return }
        enqueue {
            let isPrompt = Self.state.withLock(\.isPromptShown)
            Self.put(isPrompt ? "\n" : "\r\u{1b}[K", to: .error)
        }
    }

    /// Why something of standard output was lost, once all is written; nil where nothing was.
    var loss: String? { Self.state.withLock(\.loss) }

    /// Redraws the progress line.
    func progress(_ line: ProgressLine) {
        guard style.redraws, Self.waiting.load(ordering: .relaxed) <= Self.patience else { return }
        let isVerbose = style.isVerbose
        enqueue {
            let text = line.text(width: Self.terminalWidth(), isVerbose: isVerbose)
            let isNew = Self.state.withLock { state in
                defer { state.shown = text }
                return state.shown != text
            }
            if isNew { Self.put("\r\(text)\u{1b}[K", to: .error) }
        }
    }

    /// Returns when all is written.
    func flush() {
        Self.queue.sync { Self.clearLine() }
    }

    private func write(_ text: String, to stream: Stream) {
        enqueue {
            Self.clearLine()
            if stream == .error { Self.state.withLock { $0.isPromptShown = !text.hasSuffix("\n") } }
            Self.put(text, to: stream)
        }
    }

    private func enqueue(_ body: @escaping @Sendable () -> Void) {
        Self.waiting.add(1, ordering: .relaxed)
        Self.queue.async {
            body()
            Self.waiting.subtract(1, ordering: .relaxed)
        }
    }

    private static func clearLine() {
        let shown = state.withLock { state in
            defer { state.shown = nil }
            return state.shown
        }
        if shown != nil { put("\r\u{1b}[K", to: .error) }
    }

    /// Writes all bytes. When the reader of standard output is gone (`| head`), the rest is dropped: a transfer goes on.
    private static func put(_ text: String, to stream: Stream) {
        if stream == .standard, state.withLock({ $0.loss }) != nil { return }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(stream.rawValue, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var descriptor = pollfd(fd: stream.rawValue, events: Int16(POLLOUT), revents: 0)
                poll(&descriptor, 1, 1000)
            } else if errno != EINTR {
                let reason = errno == EPIPE ? "" : String(cString: strerror(errno))
                if stream == .standard { state.withLock { $0.loss = reason } }
                return
            }
        }
    }

    private static func terminalWidth() -> Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
