import MeshJournal
import MeshTransfer
import MeshWire

// The same command after its transfer has ended: 0 means that the destination has the sources as they are now.
extension SendFlow {
    /// Seconds that the receiver is waited for, who was told all of it before.
    private static let endedWait = 10.0

    /// The ended transfer's summary where its sources are what was sent, and nil where another transfer shall begin. The
    /// receiver is met in either case, and hears how it is.
    func afterEnd(_ record: TransferRecord) async throws -> TransferSummary? {
        let report = TransferReport(emit: events)
        let manifest = ManifestWriter(journal: node.journal, record: record)
        let walk = ManifestWalk(node: node, record: record, options: options, manifest: manifest, report: report)
        let isUpToDate = try await walk.isUpToDate()
        if !isUpToDate && again { return nil }
        var flow = self
        flow.meeting.wait = min(meeting.wait ?? Self.endedWait, Self.endedWait)
        flow.meeting.patience = Self.endedWait
        do {
            return try await flow.send(record, verdict: isUpToDate ? nil : .sourcesEdited)
        } catch let error as MeshError where error.code == .noPeer || error.code == .timedOut {
            // Nobody came: what became of the sources is the same.
            guard isUpToDate else { throw MeshError(.sourcesEdited) }
            return try await report.end(record.id, in: node.journal)
        }
    }
}
