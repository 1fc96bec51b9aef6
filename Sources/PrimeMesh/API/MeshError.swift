import MeshWire

/// How a command ends, for scripts.
public enum ExitCode: Int32, Sendable, CaseIterable {
    case done = 0
    case other = 1
    case usage = 2
    case refused = 3
    case noPeer = 4
    case identity = 5
    case integrity = 6
    case disk = 7
    case conflict = 8
    case partial = 23
    case sourceChanged = 24
    case timedOut = 30
    case interrupted = 130
}

/// Why something could not be done: what happened, to what, and what to do now.
public struct MeshError: Error, Sendable, Hashable, CustomStringConvertible {
    public let code: ExitCode
    /// One sentence, without a final full stop.
    public let message: String

    public init(_ code: ExitCode, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    /// Nothing can go on with this transfer, whoever runs what again.
    public var isFinal: Bool { self == MeshError(.pipeLost) }
}
