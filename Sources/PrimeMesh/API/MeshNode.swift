public import MeshWire

/// One node: its home, its identity, and what can be done with them.
///
/// ```swift
/// let node = try await MeshNode(home: NodeHome(folder: "/tmp/a", environment: [:]), name: "ada")
/// let summary = try await node.send(SendRequest(paths: [Array("/data/report".utf8)])) { event in print(event) }
/// ```
///
/// Every method throws ``MeshError``. Cancelling the surrounding task stops a transfer cleanly: it stays resumable.
public final class MeshNode: Sendable {
    /// Makes the home's folders and key on first use.
    public init(home: NodeHome, name: String) async throws(MeshError) {
        throw MeshError(.other, "not yet")
    }
    public var id: NodeID { NodeID(Bytes32()) }

    public func send(
        _ request: SendRequest, events: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(MeshError) -> [TransferSummary] { [] }
    /// What would be sent.
    public func preview(_ request: SendRequest) async throws(MeshError) -> [(path: String, size: UInt64)] { [] }
    /// `decide` answers an offer; it is not asked again on a resume.
    public func receive(
        _ request: ReceiveRequest, decide: @escaping @Sendable (Offer) async -> Bool,
        events: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(MeshError) -> [TransferSummary] { [] }
    /// Goes on with an interrupted transfer (nil: the only or latest one), either direction, as it was asked for then.
    public func resume(
        _ id: String?, meeting: MeetingOptions, events: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(MeshError) -> [TransferSummary] { [] }

    public func transfers(_ query: HistoryQuery) async throws(MeshError) -> [TransferInfo] { [] }
    /// By full id or unique beginning.
    public func transfer(_ id: String) async throws(MeshError) -> TransferInfo { throw MeshError(.other, "not yet") }
    public func pause(_ id: String) async throws(MeshError) {}
    public func cancel(_ id: String) async throws(MeshError) {}
    public func retry(_ id: String) async throws(MeshError) {}
    public func forget(_ id: String) async throws(MeshError) {}
    /// Checks a transfer's files, or the file or folder at a path, against the journal's digests.
    public func verify(
        _ idOrPath: String, report: @escaping @Sendable (VerifiedFile) -> Void
    ) async throws(MeshError) -> [VerifiedFile] { [] }

    /// Makes a mesh with this node as its first member and issuer; writes the recovery file under the passphrase.
    public func createMesh(named name: String, recovery: String, passphrase: String) async throws(MeshError) {}
    /// Waits for one node to join under a code (`.code` event); answers its name.
    public func invite(
        code: String?, meeting: MeetingOptions, events: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(MeshError) -> MemberInfo { throw MeshError(.other, "not yet") }
    /// Joins a mesh with a code; answers the mesh's name.
    public func join(code: String, meeting: MeetingOptions) async throws(MeshError) -> String { "" }
    public func members() async throws(MeshError) -> [MemberInfo] { [] }

    /// A fresh code, for scripts that tell both sides.
    public static func drawCode() -> String { "" }
    /// A sentence where the code looks chosen by a person rather than drawn, else nil; throws where it is no code.
    public static func codeWarning(_ text: String) throws(MeshError) -> String? { nil }
}
