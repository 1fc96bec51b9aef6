import MeshWire
import Testing

@testable import MeshChannel

@Suite struct PrimeSetTests {
    private static func isPrime(_ number: Int) -> Bool {
        number > 1 && !(2..<number).contains { $0 * $0 <= number && number % $0 == 0 }
    }

    @Test(arguments: [(PrimeSetName.standard, 1009, 1223), (.high, 1229, 1459)])
    func everyPrimeOfTheRangeAndNothingElse(name: PrimeSetName, first: Int, last: Int) {
        let primes = PrimeSet(name).primes.map(Int.init)
        #expect(primes == (first...last).filter(Self.isPrime))
        #expect(primes.count == 32)
    }

    @Test(arguments: PrimeSetName.allCases)
    func bothEndsComputeOneOrder(name: PrimeSetName) {
        let set = PrimeSet(name)
        let order = set.order(for: lowNode, highNode)
        #expect(order == set.order(for: highNode, lowNode))
        #expect(order.sorted() == set.primes)
        #expect(order != set.primes)
        #expect(order != set.order(for: lowNode, node(0xed)))
    }

    /// Changes only with the protocol: nodes of two versions must agree. Values from an independent computation
    /// (Python's hashlib, by the doc comment alone).
    @Test func theOrderIsAsDocumented() {
        let order = PrimeSet(.standard).order(for: lowNode, highNode)
        #expect(Array(order.prefix(8)) == [1013, 1021, 1033, 1103, 1091, 1049, 1129, 1051])
        #expect(
            Array(PrimeSet(.high).order(for: lowNode, highNode).prefix(8)) == [
                1231, 1433, 1409, 1279, 1301, 1451, 1319, 1381,
            ])
    }

    @Test func placesAreUsedEvenly() {
        var firsts: [UInt16: Int] = [:]
        for one in UInt8.min...UInt8.max {
            firsts[PrimeSet(.standard).order(for: node(one), highNode)[0], default: 0] += 1
        }
        #expect(firsts.count > 28)
        #expect(firsts.values.allSatisfy { $0 < 24 })
    }

    @Test func periodIsFiveMillisecondsForEachUnitOfThePrime() {
        #expect(PrimeSet.probePeriod(1009) == 5_045 * ms)
        #expect(PrimeSet.probePeriod(1459) == 7_295 * ms)
    }

    @Test func eachSetIsTheReserveOfTheOther() {
        #expect(PrimeSetName.standard.other == .high)
        #expect(PrimeSetName.high.other == .standard)
    }
}
