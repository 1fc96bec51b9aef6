import MeshTransfer
import MeshWire
import Testing

/// What of a manifest takes room at its destination.
@Suite struct RoomNeededTests {
    /// Room for files of 100 bytes under this rule, beside what is there: nil, or size and time.
    private func room(
        _ rule: ConflictRule, _ there: (size: UInt64, seconds: Int64)?..., state: EntryState = .open,
        part: PartIdentity? = nil
    ) -> UInt64 {
        var needed = RoomNeeded()
        for (number, there) in there.enumerated() {
            let manifest = ManifestEntry(kind: .file, path: [97], size: 100, allocated: 100, seconds: 5)
            let entry = ReceivedEntry(number: UInt64(number), manifest: manifest, state: state, part: part)
            let existing = there.map {
                ExistingFile(kind: .file, size: $0.size, seconds: $0.seconds, nanoseconds: 0, mode: 0o644)
            }
            needed.add(entry, over: existing, rule: rule)
        }
        return needed.bytes
    }

    @Test(arguments: ConflictRule.allCases) func whatIsNotThereNeedsRoom(_ rule: ConflictRule) {
        #expect(room(rule, nil, nil) == 200)
    }

    @Test func whatTheRuleKeepsNeedsNone() {
        #expect(room(.skip, (7, 1), (100, 5)) == 0)
        #expect(room(.newer, (7, 9), (100, 5)) == 0)
    }

    /// The new file stands beside the old one until it takes its place.
    @Test func whatIsReplacedGivesItsRoom() {
        #expect(room(.newer, (70, 1)) == 130)
        #expect(room(.overwrite, (100, 1), (100, 1), (300, 1)) == 100)
    }

    @Test func whatTurnsOutToBeThereNeedsRoomForAWhile() {
        #expect(room(.rename, (100, 5), (100, 5)) == 100)
        #expect(room(.rename, (100, 6)) == 100)
        #expect(room(.rename, (100, 6), (100, 6)) == 200)
    }

    @Test func whatHasEndedOrBegunHasItsRoom() {
        #expect(room(.rename, nil, state: .finished) == 0)
        #expect(room(.rename, nil, state: .skipped) == 0)
        #expect(room(.rename, nil, part: part(1)) == 0)
    }

    @Test func sumsStayWhatTheyAre() {
        var needed = RoomNeeded()
        let most = UInt64(Int64.max)
        for number in UInt64(0)..<4 {
            let manifest = ManifestEntry(kind: .file, path: [97], size: most, allocated: most)
            needed.add(ReceivedEntry(number: number, manifest: manifest), over: nil, rule: .rename)
        }
        #expect(needed.bytes == .max)
    }
}
