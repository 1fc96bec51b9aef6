import Glibc
import Synchronization

/// Whether the terminal shows what is typed. The settings from before belong to the whole program: a second signal ends it
/// on another thread, and must leave the terminal as it was.
enum TerminalEcho {
    private static let saved = Mutex<termios?>(nil)

    /// Nothing happens where input is no terminal.
    static func off() {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
        saved.withLock { $0 = $0 ?? settings }
        settings.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    /// Whether there was something to restore.
    @discardableResult
    static func restore() -> Bool {
        let settings = saved.withLock { saved in
            defer { saved = nil }
            return saved
        }
        guard var settings else { return false }
        tcsetattr(STDIN_FILENO, TCSANOW, &settings)
        return true
    }
}
