import MeshDisk
import MeshTransfer
import MeshWire
import Synchronization

/// Why a sender's work beside its sessions failed: the walk, or what is read while it is sent. The sessions are cancelled
/// then, and a cancellation has no reason that they could name to the receiver, which would wait for a sender that is gone.
final class SendingFault: Sendable {
    private let first = Mutex<FailureCode?>(nil)

    /// What the receiver is to be told; nil where nothing failed, or the program was stopped.
    var code: FailureCode? { first.withLock { $0 } }

    func note(_ error: any Error) {
        guard let code = Self.code(of: error) else { return }
        first.withLock { $0 = $0 ?? code }
    }

    /// Nil where a person or the program only stops. Whatever fails a sender otherwise keeps it from its sources.
    private static func code(of error: any Error) -> FailureCode? {
        switch error {
        case is CancellationError: return nil
        case is DiskError: return .source
        case let error as MeshError where error.code == .interrupted: return nil
        default:
            let code = FailureCode(error)
            return code == .leaving ? .source : code
        }
    }
}
