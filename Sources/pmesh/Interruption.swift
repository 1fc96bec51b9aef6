import Dispatch
import Glibc
import Synchronization

/// Ctrl-C and its relatives: the first one asks the running command to stop cleanly, the second one ends the program.
///
/// Signal sources on a queue of their own rather than a sequence awaited in a task: the second Ctrl-C must work even
/// where every thread of the cooperative pool is busy.
final class Interruption: Sendable {
    private let count = Atomic<Int>(0)
    private let queue = DispatchQueue(label: "pmesh.signals")

    /// A stop was asked for.
    var isAsked: Bool { count.load(ordering: .relaxed) > 0 }

    /// Starts listening; `stop` runs once. The sources live as long as what is returned.
    func start(_ stop: @escaping @Sendable () -> Void) -> [any DispatchSourceSignal] {
        return [SIGINT, SIGTERM, SIGHUP, SIGQUIT].compactMap { number in
            // nohup asks for this signal to be ignored.
            if number == SIGHUP, Self.isIgnored(number) { return nil }
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                let before = self.count.add(1, ordering: .relaxed).oldValue
                guard before > 0 else { return stop() }
                TerminalEcho.restore()
                _exit(130)
            }
            source.resume()
            return source
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0, let handler = action.__sigaction_handler.sa_handler else {
            return false
        }
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
