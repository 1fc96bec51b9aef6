import Testing

@testable import PrimeMesh

/// A session is over once what it handed in to the pool has ended.
@Suite struct RunningJobsTests {
    @Test func withoutJobsNobodyWaits() async {
        let jobs = RunningJobs()
        await jobs.ended()
        jobs.begin()
        jobs.end()
        await jobs.ended()
    }

    @Test func theLastJobLetsAllGo() async {
        let jobs = RunningJobs()
        jobs.begin()
        jobs.begin()
        let order = await withTaskGroup(of: String.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    await jobs.ended()
                    return "ended"
                }
            }
            jobs.end()
            group.addTask {
                jobs.end()
                return "last"
            }
            return await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(order.count == 3 && order.count { $0 == "ended" } == 2)
    }
}
