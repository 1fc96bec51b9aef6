import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire

extension MeshError {
    /// Every error that reaches a user, with its exit code. The sentences are those of the errors themselves.
    init(_ error: any Error) {
        switch error {
        case let error as MeshError: self = error
        case let error as DiskError: self.init(.disk, error.description)
        case let error as SourceError: self.init(error)
        case let error as IgnoreFault: self.init(.disk, error.description)
        case let error as TransferError: self.init(error)
        case let error as JournalError: self.init(error)
        case let error as TransportError: self.init(error)
        case let error as PeerRejection: self.init(.identity, error.description)
        case let error as CodeError: self.init(.usage, error.description)
        case let error as MembershipError: self.init(.identity, error.description)
        case let error as RecoveryError: self.init(.usage, error.description)
        case let error as MemberNameError: self.init(.usage, error.description)
        case let error as WireError: self.init(.other, "\(error), and was disconnected: update pmesh on both machines")
        case is CancellationError: self.init(.interrupted, "interrupted: run the same command again to go on")
        default: self.init(.other, "\(error)")
        }
    }

    private init(_ error: SourceError) {
        switch error {
        case .disk, .ignore: self.init(.disk, error.description)
        case .sameName, .unnamed, .tooMany: self.init(.usage, error.description)
        }
    }

    private init(_ error: TransferError) {
        switch error {
        case .manifestContradicts, .digestsMissing: self.init(.integrity, error.description)
        case .noMemory: self.init(.other, error.description)
        case .tooManyFiles: self.init(.usage, error.description)
        }
    }

    private init(_ error: JournalError) {
        switch error {
        case .newer, .notAJournal, .corrupt, .refused: self.init(.other, error.description)
        case .locked: self.init(.conflict, error.description)
        case .full, .denied, .failed: self.init(.disk, error.description)
        case .unknownTransfer: self.init(.usage, error.description)
        case .transferExists: self.init(.conflict, error.description)
        }
    }

    private init(_ error: TransportError) {
        switch error {
        case .unknownAuthority, .untrusted: self.init(.identity, error.description)
        case .cannotListen: self.init(.usage, error.description)
        case .nameNotFound, .refused, .unreachable, .timedOut: self.init(.noPeer, error.description)
        default: self.init(.other, error.description)
        }
    }

    /// What the other side's reason means here.
    init(_ code: FailureCode) {
        switch code {
        case .declined:
            self.init(.refused, "the other side declined the transfer: to offer it again, run both commands again")
        case .cancelled: self.init(.refused, "the other side cancelled the transfer")
        case .paused: self.init(.timedOut, "the other side paused the transfer: `pmesh resume` goes on once it does")
        case .diskFull:
            self.init(.disk, "no space is left at the receiver: free some there and run both commands again")
        case .destination:
            self.init(
                .disk, "the receiver cannot write to its destination: see its own message, then run both commands again"
            )
        case .source:
            self.init(.disk, "the sender cannot read its files: see its own message, then run both commands again")
        case .integrity:
            self.init(
                .integrity,
                "the data does not verify: check the disks and memory of both machines, then run both commands again")
        case .sourceChanged:
            self.init(.sourceChanged, "files kept changing at the sender: send them again once nothing writes to them")
        case .sourcesEdited:
            self.init(
                .sourceChanged,
                "the sources have changed since this transfer ended: the sender's --again sends them under the same code"
            )
        case .pipeLost:
            self.init(
                .other,
                "what was read of the sender's pipe is gone, and cannot be resumed: run both commands again from its beginning"
            )
        case .oneFile:
            self.init(
                .refused,
                "with --stdout the receiver takes one file, and no folder: send one, or receive without --stdout")
        case .busy: self.init(.conflict, "another process there works on this transfer: let it finish, or stop it")
        case .protocolViolation:
            self.init(
                .other,
                "the other side broke off for a breach of protocol: run the same version of pmesh on both machines")
        case .leaving: self.init(.timedOut, "the other side stopped: run both commands again to go on")
        case .journal:
            self.init(
                .disk, "the other side cannot keep its journal: see its own message, then run both commands again")
        case .timedOut: self.init(.timedOut, "the other side did not answer in time: run both commands again to go on")
        case .unknown: self.init(.noPeer, "the other side knows no such transfer, channel or name")
        case .identity:
            self.init(
                .identity,
                "the other side expects another node than this one: use the home the transfer began with, or a new code"
            )
        case .nameTaken:
            self.init(.conflict, "this name is taken by another node of the mesh: choose another with --name")
        case .unsupported: self.init(.other, "the other side runs another version: update pmesh on both machines")
        case .tooMany: self.init(.other, "the other side has too many connections or attempts: try again later")
        }
    }
}

extension FailureCode {
    /// What the other side is told of an error here.
    init(_ error: any Error) {
        switch error {
        case let error as DiskError: self = error.isFull ? .diskFull : .destination
        case is JournalError: self = .journal
        case TransferError.manifestContradicts, TransferError.digestsMissing: self = .integrity
        case let error as MeshError where error == MeshError(.pipeLost): self = .pipeLost
        case let error as MeshError:
            self = error.code == .conflict ? .busy : error.code == .integrity ? .integrity : .leaving
        default: self = .leaving
        }
    }
}
