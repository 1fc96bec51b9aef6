import Glibc

/// The three streams that every program is given, and some are not.
enum StandardStreams {
    /// A closed one is opened in the direction that nobody asks of it: else its number would go to a file or a socket of
    /// ours, and what is printed into that. A reader that is gone must not end a transfer, either.
    static func secure() {
        signal(SIGPIPE, SIG_IGN)
        for (number, direction) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(number, F_GETFD) < 0 {
            // The lowest free number is this one. Kept over an exec: it is the program's stream.
            _ = open("/dev/null", direction)
        }
    }
}
