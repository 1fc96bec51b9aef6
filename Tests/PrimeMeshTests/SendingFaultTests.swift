import MeshDisk
import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@testable import PrimeMesh

/// What a receiver is told when its sender's own work fails, whose sessions are cancelled for it.
@Suite struct SendingFaultTests {
    private func told(_ errors: any Error...) -> FailureCode? {
        let fault = SendingFault()
        for error in errors { fault.note(error) }
        return fault.code
    }

    @Test func theCauseIsTold() {
        #expect(told(JournalError.full(path: "/home/ann/journal.sqlite")) == .journal)
        #expect(told(DiskError.denied(path: "/srv/data", errno: 13)) == .source)
        #expect(told(MeshError(.disk, "nothing is left of what was to be sent")) == .source)
        #expect(told(SourceError.disk(.denied(path: "/srv/data", errno: 13))) == .source)
        #expect(told(TransferError.tooManyFiles) == .source)
        #expect(told(MeshError(.pipeLost)) == .pipeLost)
    }

    /// Whoever is stopped only leaves, and the receiver waits for it.
    @Test func aStoppedSenderHasNoFault() {
        #expect(told() == nil)
        #expect(told(CancellationError()) == nil)
        #expect(told(MeshError(.interrupted, "interrupted")) == nil)
    }

    @Test func theFirstCauseStands() {
        #expect(told(JournalError.full(path: "/j"), DiskError.denied(path: "/srv", errno: 13)) == .journal)
        #expect(told(CancellationError(), DiskError.denied(path: "/srv", errno: 13)) == .source)
    }
}
