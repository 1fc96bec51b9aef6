import MeshWire

/// What came of a send to several members, and what all of it comes to.
struct TargetResults: Sendable {
    private var sent: [TransferSummary] = []
    private var failures: [(name: String, cause: MeshError)] = []

    mutating func sent(_ summary: TransferSummary) { sent.append(summary) }

    mutating func failed(_ name: String, _ cause: MeshError) { failures.append((name, cause)) }

    /// The summaries where all `count` targets got it. Throws the first target's cause where nobody did, and 23 where
    /// some did, with the names of those who did not.
    func summaries(of count: Int) throws(MeshError) -> [TransferSummary] {
        guard let first = failures.first else { return sent }
        guard !sent.isEmpty else {
            guard count > 1 else { throw first.cause }
            throw MeshError(
                first.cause.code, "nobody of \(count) members got it; \(first.name): \(first.cause.message)")
        }
        let isChanged = sent.contains { $0.outcome == .sourceChanged }
        let missed = failures.map { "\($0.name) (\($0.cause.code.rawValue): \($0.cause.message))" }
        throw MeshError(
            isChanged ? .sourceChanged : .partial,
            "\(sent.count) of \(count) members got it, and these did not: \(missed.joined(separator: "; "))")
    }
}
