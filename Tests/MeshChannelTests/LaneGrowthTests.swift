import Testing

@testable import MeshChannel

@Suite struct LaneGrowthTests {
    private let mib: UInt64 = 1024 * 1024

    @Test func growsWhileEachLaneHelpsAndStopsAtEight() {
        var growth = LaneGrowth(lanes: 4)
        let grown = [100, 120, 144, 173, 300].map { growth.measured($0 * mib, over: second) }
        #expect(grown == [true, true, true, true, false])
        #expect(growth.lanes == 8)
    }

    @Test func stopsWhereALaneNoLongerHelps() {
        var growth = LaneGrowth(lanes: 4)
        let grown = [100, 109, 105, 60, 111].map { growth.measured($0 * mib, over: second) }
        #expect(grown == [true, false, false, false, true])
        #expect(growth.lanes == 6)
    }

    @Test func littleSaysNothing() {
        var growth = LaneGrowth(lanes: 1)
        let grown = [growth.measured(mib - 1, over: second), growth.measured(100 * mib, over: 499 * ms)]
        #expect(grown == [false, false])
        #expect(growth.measured(mib, over: 500 * ms) == true)
    }
}
