/// Work that a session asked for and that has not been done: jobs of the pool end in any order, those of the journal in
/// the order they were asked for. What a job answers is heard only if its process still lives then.
struct JobQueue {
    typealias Answer = () -> Void

    private var pool: [() -> Answer] = []
    private var journal: [() async throws -> Answer] = []

    var hasPool: Bool { !pool.isEmpty }
    var hasJournal: Bool { !journal.isEmpty }

    mutating func onPool(_ job: @escaping () -> Answer) { pool.append(job) }
    mutating func inJournal(_ job: @escaping () async throws -> Answer) { journal.append(job) }

    mutating func takePool(using random: inout Seeded) -> () -> Answer {
        pool.remove(at: Int.random(in: pool.indices, using: &random))
    }

    /// What the end of a session waits for; nobody hears its answers. What had not begun is dropped.
    mutating func endPool(using random: inout Seeded) {
        for job in pool where random.oneIn(2) { _ = job() }
        pool = []
    }

    mutating func takeJournal() -> () async throws -> Answer { journal.removeFirst() }
}
