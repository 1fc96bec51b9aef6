import MeshJournal
import MeshWire

/// One process works on a transfer at a time; a process that is gone holds nothing.
struct TransferLock: Sendable {
    let node: NodeContext

    func acquire(_ id: TransferID) async throws {
        let boot = node.boot
        switch try await node.journal.acquireLock(of: id, for: node.process, isAlive: { $0.isAlive(boot: boot) }) {
        case .acquired: break
        case .heldBy(let holder):
            throw MeshError(
                .conflict,
                "process \(holder.pid) works on transfer \(id.short) already: let it go on by itself, or stop it first")
        }
    }

    func release(_ id: TransferID) async {
        try? await node.journal.releaseLock(of: id, by: node.process)
    }
}
