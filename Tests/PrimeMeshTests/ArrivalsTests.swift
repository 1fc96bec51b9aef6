import Testing

@testable import PrimeMesh

/// Links wait for whoever asks next, however often somebody gave up before.
@Suite struct ArrivalsTests {
    @Test func whatCameFirstIsTakenFirst() async {
        let arrivals = Arrivals<Int>()
        #expect(arrivals.add(1) && arrivals.add(2))
        #expect(await arrivals.take() == 1)
        #expect(await arrivals.take() == 2)
    }

    @Test func whoeverWaitsGetsTheNext() async {
        let arrivals = Arrivals<Int>()
        async let next = arrivals.take()
        #expect(arrivals.add(7))
        #expect(await next == 7)
    }

    @Test func whoGivesUpTakesNothingAlong() async {
        let arrivals = Arrivals<Int>()
        let taken = await withTaskGroup(of: Int?.self) { group in
            group.addTask { await arrivals.take() }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(taken == nil)
        #expect(arrivals.add(3))
        #expect(await arrivals.take() == 3)
    }

    @Test func behindTheEndNothingComes() async {
        let arrivals = Arrivals<Int>()
        #expect(arrivals.add(1) && arrivals.add(2))
        #expect(await arrivals.take() == 1)
        #expect(arrivals.finish() == [2])
        #expect(!arrivals.add(3))
        #expect(await arrivals.take() == nil)
    }
}
