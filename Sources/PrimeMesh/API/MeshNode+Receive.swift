import MeshDisk
import MeshJournal
import MeshTrust

extension MeshNode {
    /// Receives a transfer: the one under a code, or without a code the next one that a member sends. `decide` answers an
    /// offer; it is not asked again on a resume.
    public func receive(
        _ request: ReceiveRequest, decide: @escaping @Sendable (Offer) async -> Bool,
        events: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(MeshError) -> [TransferSummary] {
        try await MeshError.catching {
            let options = ReceiveOptions(
                onConflict: request.onConflict, allLinks: request.allLinks, fsync: request.fsync,
                permissions: request.permissions)
            await housekeep()
            let destination = try AbsolutePath.here(request.out)
            let scope = try await scope(request)
            let born = Int64(bitPattern: UInt64.random(in: 1 ... .max))
            let output = request.passesOn ? ReceiveOutput(try OutputSink(born: born)) : nil
            return [
                try await context.withJournal(durable: options.fsync) { journal in
                    try await ReceiveFlow(
                        node: context, journal: journal, scope: scope, destination: destination, output: output,
                        options: options,
                        meeting: request.meeting, decide: decide, events: events
                    ).run()
                }
            ]
        }
    }

    private func scope(_ request: ReceiveRequest) async throws -> MeetingScope {
        guard let text = request.code else {
            let membership = try await MembershipStore(node: context).only()
            return .mesh(MeshMeeting(membership: membership, identity: context.identity))
        }
        return .code(try await CodeMeeting.open(try OneTimeCode(text), role: .claimant, node: context))
    }
}
