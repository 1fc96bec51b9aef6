import MeshJournal
import MeshTrust
public import MeshWire
import NIOCore
import NIOPosix

/// One node: its home, its identity, and what can be done with them.
///
/// ```swift
/// let node = try await MeshNode(home: NodeHome(folder: "/tmp/a", environment: [:]), name: "ada")
/// let summaries = try await node.send(SendRequest(paths: [Array("/data/report".utf8)])) { event in print(event) }
/// ```
///
/// Every method throws ``MeshError``. Cancelling the surrounding task stops a transfer cleanly: it stays resumable.
public final class MeshNode: Sendable {
    let context: NodeContext

    /// Makes the home's folders, key and journal on first use. `name` is how the node introduces itself.
    public init(home: NodeHome, name: String) async throws(MeshError) {
        context = try await MeshError.catching { try await NodeContext(home: home, name: name) }
    }

    /// The same with its round trips watched; for measurements.
    package init(home: NodeHome, name: String, echoes: EchoWatch) async throws(MeshError) {
        context = try await MeshError.catching { try await NodeContext(home: home, name: name, echoes: echoes) }
    }

    public var id: NodeID { context.identity.nodeID }

    /// Closes the journal and stops the node's threads. Nothing may be asked of the node afterwards.
    public func close() async {
        try? await context.journal.close()
        try? await context.pool.shutdownGracefully()
        try? await context.group.shutdownGracefully()
    }

    /// A fresh code with its check symbol, for scripts that tell both sides: `xxxx-xxxx-xxxx-c`.
    public static func drawCode() -> String {
        var generator = SystemRandomNumberGenerator()
        return OneTimeCode(using: &generator).withCheck
    }

    /// Reads a code of 12 symbols, or of 13 with its check symbol; throws where it is none.
    public static func readCode(_ text: String) throws(MeshError) -> TypedCode {
        do {
            let code = try OneTimeCode(text)
            return TypedCode(
                text: code.withCheck, isChecked: OneTimeCode.isChecked(text), looksChosen: code.looksChosen)
        } catch {
            throw MeshError(error)
        }
    }

    /// Whether a node may have this name: nil, or what is wrong with it.
    public static func nameProblem(_ name: String) -> String? {
        do {
            _ = try MemberName(name)
            return nil
        } catch {
            return error.description
        }
    }
}

extension MeshError {
    /// Turns any error into one that says what to do.
    static func catching<Value>(
        _ body: () async throws -> Value
    ) async throws(MeshError) -> Value {
        do {
            return try await body()
        } catch {
            throw MeshError(error)
        }
    }
}
