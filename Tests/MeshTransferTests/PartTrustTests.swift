import MeshTransfer
import Testing

@Suite struct PartTrustTests {
    private func judge(
        recorded: PartIdentity? = part(1), observed: PartIdentity? = part(1), size: UInt64 = 100, bound: UInt64 = 100,
        isThisBoot: Bool = true, isLocal: Bool = true, keepsInodes: Bool = true
    ) -> PartTrust {
        PartTrust.judge(
            recorded: recorded, observed: observed.map { ($0, size) }, bound: bound, isThisBoot: isThisBoot,
            isLocal: isLocal, keepsInodes: keepsInodes)
    }

    @Test func rowsOfThisBootOnALocalDiskAreTrusted() {
        #expect(judge() == .trusted)
        #expect(judge(size: 101) == .trusted)
    }

    @Test func rowsOfAnotherBootOrOnANetworkDiskAreHashedAgain() {
        #expect(judge(isThisBoot: false) == .rehashUnsynced)
        #expect(judge(isLocal: false) == .rehashUnsynced)
    }

    @Test func aPartThatIsGoneShortOrAnotherObjectHoldsNothing() {
        #expect(judge(recorded: nil) == .gone)
        #expect(judge(observed: nil) == .gone)
        #expect(judge(observed: part(2)) == .gone)
        #expect(judge(size: 99) == .gone)
        var replaced = part(1)
        replaced.born += 1
        #expect(judge(observed: replaced) == .gone)
    }

    /// A stick that is mounted again numbers its files anew.
    @Test func underAnotherNumberItsDigestsDecideWhereNumbersAreMadeUp() {
        #expect(judge(observed: part(2), keepsInodes: false) == .rehash)
        #expect(judge(observed: part(2), size: 99, keepsInodes: false) == .gone)
        #expect(judge(observed: nil, keepsInodes: false) == .gone)
        #expect(judge(isLocal: false, keepsInodes: false) == .rehashUnsynced)
    }
}
