import MeshWire

extension ReceiveWork {
    /// Does what a driver asked of the pool.
    package func run(_ job: ReceiveDriver.PoolJob, with decoders: some ChunkDecoders) -> ReceiveEvent {
        switch job {
        case .decodePage(let first, let count, let rawLength, let deflated):
            Self.decodePage(first: first, count: count, rawLength: rawLength, deflated: deflated)
        case .store(let arrivals): decoders.with { store(arrivals, with: &$0) }
        case .makeParts(let entries): makeParts(entries)
        case .finish(let entries): finish(entries)
        case .discard(let entry): discard(entry)
        }
    }

    /// Does what a driver asked of the journal. `time`: wall clock, nanoseconds since 1970.
    package func run(
        _ job: ReceiveDriver.JournalJob, completion: ReceiveCompletion, at time: Int64
    ) async throws -> ReceiveEvent {
        switch job {
        case .keepPage(let entries): try await keepPage(entries)
        case .reckonRoom: try await reckonRoom()
        case .plan(let first, let limit): try await plan(from: first, limit: limit)
        case .commit(let group): try await commit(group, at: time)
        case .complete: try await completion.run(at: time)
        }
    }
}
