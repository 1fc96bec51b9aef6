import MeshJournal
import MeshTrust
import MeshWire

/// One process works on a transfer at a time, and one waits under a code that was typed here; a process that is gone holds
/// nothing.
struct TransferLock: Sendable {
    let node: NodeContext

    func acquire(_ id: TransferID) async throws {
        guard let holder = try await holder(of: .transfer(id)) else { return }
        throw MeshError(
            .conflict,
            "process \(holder.pid) works on transfer \(id.short) already: let it go on by itself, or stop it first")
    }

    func acquire(_ code: CodeMeeting) async throws {
        guard let holder = try await holder(of: .code(code.secrets.tag)) else { return }
        throw MeshError(
            .conflict, "process \(holder.pid) uses this code already: see what it shows or asks, or stop it first")
    }

    func release(_ id: TransferID) async {
        try? await node.journal.releaseLock(of: .transfer(id), by: node.process)
    }

    func release(_ code: CodeMeeting) async {
        try? await node.journal.releaseLock(of: .code(code.secrets.tag), by: node.process)
    }

    /// The process that holds it, where that is another one; the lock is this one's otherwise.
    private func holder(of subject: LockSubject) async throws -> ProcessIdentity? {
        let boot = node.boot
        switch try await node.journal.acquireLock(of: subject, for: node.process, isAlive: { $0.isAlive(boot: boot) }) {
        case .acquired: return nil
        case .heldBy(let holder): return holder
        }
    }
}
