import MeshJournal

/// What a node's journal does not need any more, taken away by the commands that use it: codes whose time is over, transfers
/// that nobody ever came to, and what crashes left. A journal that is busy or full is tidied another time.
struct Housekeeping: Sendable {
    let node: NodeContext

    func run() async {
        do {
            let now = NodeClock.wall
            for id in try await node.journal.hopeless(at: now) {
                // Its process may still wait, with a code that another command has called expired.
                if let holder = try await node.journal.lockHolder(of: .transfer(id)), holder.isAlive(boot: node.boot) {
                    continue
                }
                try await node.journal.forget(id, at: now)
            }
            let unused = try await node.journal.codes(state: .unused, limit: 1_000)
            if unused.contains(where: { $0.expires <= now }) { try await node.journal.expireCodes(at: now) }
            try await node.journal.tidy()
        } catch {
            return
        }
    }
}
