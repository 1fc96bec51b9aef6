/// Work that a session asked for and that has not been done: jobs of the pool end in any order, those of the journal in
/// the order they were asked for. Each answers with an event of its session.
struct JobQueue<Session> {
    typealias Event = (inout Session) -> Void
    typealias Job = () throws -> Event

    private var pool: [Job] = []
    private var journal: [Job] = []

    var hasPool: Bool { !pool.isEmpty }
    var hasJournal: Bool { !journal.isEmpty }

    mutating func onPool(_ job: @escaping Job) { pool.append(job) }
    mutating func inJournal(_ job: @escaping Job) { journal.append(job) }

    mutating func runPool(using random: inout Seeded) throws -> Event {
        try pool.remove(at: Int.random(in: pool.indices, using: &random))()
    }

    mutating func runJournal() throws -> Event { try journal.removeFirst()() }

    /// The process is gone, and what it had not begun with it.
    mutating func drop() {
        pool = []
        journal = []
    }
}
