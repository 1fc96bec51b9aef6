import Testing

@testable import MeshControl

/// Addresses are tried one after the other, and none waits for another one's silence.
@Suite struct AddressRaceTests {
    @Test func silentAddressesBeginATurnApart() {
        var race = AddressRace(count: 3)
        #expect(race.start() == 0)
        #expect(race.turnPassed(of: 0) == 1)
        #expect(race.turnPassed(of: 1) == 2)
        #expect(race.turnPassed(of: 2) == nil)
        #expect(!race.isLost)
    }

    @Test func aClosedAddressCostsNoTurn() {
        var race = AddressRace(count: 3)
        #expect(race.start() == 0)
        #expect(race.failed() == 1)
        // The first one's turn comes to its end meanwhile: the second one has a turn of its own.
        #expect(race.turnPassed(of: 0) == nil)
        #expect(race.turnPassed(of: 1) == 2)
    }

    @Test func itIsLostWithTheLastAttemptOnly() {
        var race = AddressRace(count: 2)
        #expect(race.start() == 0)
        #expect(race.failed() == 1)
        #expect(!race.isLost)
        #expect(race.failed() == nil)
        #expect(race.isLost)
    }

    @Test func withoutAnAddressNothingBegins() {
        var race = AddressRace(count: 0)
        #expect(race.start() == nil)
        #expect(race.isLost)
    }
}
