import ArgumentParser
import Glibc
import PrimeMesh

/// The program: arguments in, exit code out. Everything between is a command's.
@main
enum Program {
    static func main() async {
        StandardStreams.secure()
        ProcessTuning.apply()
        let arguments = ArgumentBytes.arguments()
        let output = Output(.init(isJSON: isJSON(arguments)))
        let interruption = Interruption()
        // The one task beside `main`: a signal's handler needs something to cancel, and nothing structured gives it a handle.
        let task = Task { await run(arguments) }
        let sources = interruption.start { task.cancel() }
        let (failure, onlyPrints) = await task.value
        withExtendedLifetime(sources) {}
        output.flush()
        let lost = LostOutput.failure(reason: output.loss, isJSON: output.style.isJSON, onlyPrints: onlyPrints)
        let code = report(failure ?? lost, arguments, wasInterrupted: interruption.isAsked, on: output)
        output.flush()
        exit(code)
    }

    /// Parses and runs the command; no failure when it did all it was asked to.
    private static func run(_ arguments: [String]) async -> (failure: (any Error)?, onlyPrints: Bool) {
        var onlyPrints = true
        do {
            if let unknown = UsageError(arguments: arguments).unknownHelp { throw MeshError(.usage, unknown) }
            let (rest, aside) = PathsAside.split(arguments)
            var command = try await Pmesh.asyncParseAsRoot(rest)
            if var send = command as? Send {
                send.pathsAside = aside
                command = send
            }
            onlyPrints = (command as? any ActingCommand)?.onlyPrints ?? true
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return (nil, onlyPrints)
        } catch {
            return (error, onlyPrints)
        }
    }

    /// Says what went wrong and answers the exit code.
    private static func report(
        _ error: (any Error)?, _ arguments: [String], wasInterrupted: Bool, on output: Output
    ) -> Int32 {
        guard let error else { return 0 }
        let failure: CommandFailure
        switch error {
        case let error as CommandFailure: failure = error
        case let error as MeshError: failure = CommandFailure(error)
        case is CancellationError: failure = CommandFailure(.interrupted(canResume: false))
        default: return reportParsing(error, arguments, on: output)
        }
        // The terminal has just shown ^C behind whatever stands there.
        if wasInterrupted { output.freshLine() }
        return tell(wasInterrupted ? failure.interrupted : failure, on: output)
    }

    private static func tell(_ failure: CommandFailure, on output: Output) -> Int32 {
        output.error(failure.message)
        if let resume = failure.resume, failure.code.isResumable, !failure.message.contains(resume) {
            output.essential("  go on with: \(resume)")
        }
        if output.style.isJSON { output.object(EventLine.error(failure)) }
        return failure.code.rawValue
    }

    /// Help, the version, and what is wrong with the arguments; the parser's exit code for those (64) becomes 2.
    private static func reportParsing(_ error: any Error, _ arguments: [String], on output: Output) -> Int32 {
        let text = ArgumentBytes.readable(Pmesh.fullMessage(for: error))
        if Pmesh.exitCode(for: error).isSuccess {
            output.result(text)
            output.flush()
            return LostOutput.failure(reason: output.loss, isJSON: false, onlyPrints: true)?.code.rawValue ?? 0
        }
        let isUsage = Pmesh.exitCode(for: error) == .validationFailure
        let message = ArgumentBytes.readable(Pmesh.message(for: error))
        guard isUsage else { return tell(CommandFailure(MeshError(.other, message)), on: output) }
        let sentence = UsageError(arguments: arguments).sentence(message, full: text)
        return tell(CommandFailure(MeshError(.usage, sentence)), on: output)
    }

    /// Errors of the parser come before any option is read, and scripts want them as events too.
    private static func isJSON(_ arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains("--json")
    }
}

extension CommandFailure {
    /// The same after a signal: whatever was thrown while stopping, the person asked for it.
    fileprivate var interrupted: CommandFailure {
        if code == .interrupted && resume == nil { return self }
        return CommandFailure(.interrupted(canResume: resume != nil, at: progress), resume: resume)
    }
}

extension PrimeMesh.ExitCode {
    /// A resume may mend it without anything else being done first, or after what the message asks for.
    fileprivate var isResumable: Bool {
        switch self {
        case .timedOut, .interrupted, .disk, .noPeer, .integrity, .other: true
        case .done, .usage, .refused, .identity, .conflict, .partial, .sourceChanged: false
        }
    }
}
