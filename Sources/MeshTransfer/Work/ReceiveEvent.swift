package import MeshWire

/// Answers to `ReceiveSession`'s instructions, as events of the queue that its shell has.
package enum ReceiveEvent: Sendable {
    case pageDecoded(first: UInt64, Result<[ManifestEntry], WireError>)
    case pageKept(withdrawn: [ReceivedEntry])
    case roomIsThere
    case planned([PlannedEntry], next: UInt64)
    case stored([ReceiveSession.Stored], released: [LaneName: Int])
    case partsMade([UInt64: PartIdentity], refused: [UInt64: SkipReason])
    case discarded
    case committed
    case finished([EndedEntry])
    case diskFailed(DiskError)
    /// Of the one file that is passed on in order, so many bytes are out.
    case passedOn(UInt64)
    case completed(Receipt, skipped: [SkipReason: NumberSet], message: DataMessage)
}

extension ReceiveSession {
    /// Tells the session what became of an instruction.
    package mutating func handle(_ event: ReceiveEvent, now: UInt64) -> [Instruction] {
        switch event {
        case .pageDecoded(let first, .success(let entries)): pageDecoded(first: first, entries, now: now)
        case .pageDecoded(_, .failure(let error)): violation(error)
        case .pageKept(let withdrawn): pageKept(withdrawn: withdrawn, now: now)
        case .roomIsThere: roomIsThere(now: now)
        case .planned(let entries, let next): planned(entries, next: next, now: now)
        case .stored(let results, let released): stored(results, released: released, now: now)
        case .partsMade(let parts, let refused): partsMade(parts, refused: refused, now: now)
        case .discarded: discarded(now: now)
        case .committed: committed(now: now)
        case .finished(let ended): finished(ended, now: now)
        case .diskFailed(let error): diskFailed(error, now: now)
        case .passedOn(let bytes): passedOn(bytes, now: now)
        case .completed(let receipt, let skipped, let message):
            completed(entries: receipt.entries, skipped: skipped, receipt: message, now: now)
        }
    }
}
