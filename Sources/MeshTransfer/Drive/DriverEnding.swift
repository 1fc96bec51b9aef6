import MeshWire

/// A step of either driver: what both say when they end.
protocol EndingStep {
    static func message(_ message: DataMessage) -> Self
    static func ended(_ end: TransferEnd) -> Self
}

extension SendDriver.Step: EndingStep {}
extension ReceiveDriver.Step: EndingStep {}

/// How a driver ends: once, for the first reason, and where this end is the one that cannot go on, the peer hears why on the
/// lead lane before that. Owned by a driver, which does nothing once ``isOver``.
struct DriverEnding: Sendable {
    private(set) var isOver = false

    mutating func end<Step: EndingStep>(_ end: TransferEnd) -> [Step] {
        guard !isOver else { return [] }
        isOver = true
        return [.ended(end)]
    }

    /// This end cannot go on.
    mutating func fail<Step: EndingStep>(_ code: FailureCode, _ error: (any Error)? = nil) -> [Step] {
        guard !isOver else { return [] }
        return [.message(.failed(code))] + end(.failed(code, error))
    }

    /// The peer broke a rule.
    mutating func breach<Step: EndingStep>(_ error: WireError) -> [Step] {
        guard !isOver else { return [] }
        return [.message(.failed(.protocolViolation))] + end(.breach(error))
    }
}
