import MeshSimulation
import MeshWire
import Testing

@testable import MeshTransfer

@Suite struct SendWindowTests {
    /// What `find` answers, as text.
    private func find(_ window: inout SendWindow, _ chunk: UInt64) -> String {
        switch window.find(chunk) {
        case .file(let entry, _): "file \(entry.number)"
        case .load: "load"
        case .loading: "loading"
        case .gone(let next): "gone before \(next)"
        }
    }

    @Test func filesAreFoundByTheirChunks() {
        // Chunks 0-2; none; 3; 4-5.
        let files = sources([600_000, 0, 1, 300_000])
        var window = SendWindow()
        #expect(find(&window, 0) == "load")
        window.loading()
        #expect(find(&window, 0) == "loading")
        #expect(window.loaded(files, holding: 0) == 0)
        for (chunk, file) in [(0, 0), (2, 0), (3, 2), (5, 3), (1, 0), (4, 3), (3, 2), (0, 0)] {
            #expect(find(&window, UInt64(chunk)) == "file \(file)")
        }
        #expect(find(&window, 6) == "load")
    }

    @Test func aGapInsideIsGoneAndOneBeforeIsUnknown() {
        var files = sources([1, 1, 1, 1])
        files.remove(at: 1)
        var window = SendWindow()
        #expect(window.loaded(files, holding: 0) == 0)
        #expect(find(&window, 1) == "gone before 2")
        #expect(find(&window, 2) == "file 2")
        window.remove(entry: 0)
        #expect(find(&window, 0) == "load")
        window.remove(entry: 2)
        #expect(find(&window, 2) == "load")
        #expect(find(&window, 3) == "file 3")
    }

    @Test func loadingSaysWhereTheNextFileBegins() {
        let files = sources([1, 1, chunkSize * 3])
        var window = SendWindow()
        #expect(window.loaded(Array(files[2...]), holding: 1) == 2)
        #expect(window.loaded(Array(files[2...]), holding: 3) == 3)
        #expect(window.loaded([], holding: 3) == nil)
    }
}

@Suite struct ReceiveWindowTests {
    private func file(_ entry: ReceivedEntry, missing: NumberSet? = nil, isSealed: Bool = false) -> ActiveFile {
        let plan = FilePlan(entry: entry.number, manifest: entry.manifest)
        return ActiveFile(entry: entry, plan: plan, missing: missing ?? NumberSet(plan.chunks), isSealed: isSealed)
    }

    @Test func filesAreFoundByEntryAndByChunk() {
        let entries = received([600_000, 0, 1, 300_000])
        var window = ReceiveWindow()
        for entry in entries { window.insert(file(entry)) }
        #expect(window.count == 4)
        #expect((0..<7).map { window.file(holding: $0)?.entry.number } == [0, 0, 0, 2, 3, 3, nil])
        #expect(window[2]?.plan.chunks == 3..<4)
        #expect(window.missing == NumberSet(0..<6))
        window[0]?.missing.remove(1)
        #expect(window.missing == NumberSet([0..<1, 2..<6]))
    }

    @Test func whateverEndedInBetweenTheOthersAreFound() {
        // Against a plain search, with files ending in a random order.
        var random = Seeded(3)
        let entries = received((0..<300).map { UInt64($0 % 4) * 200_000 })
        var window = ReceiveWindow()
        for entry in entries { window.insert(file(entry)) }
        var alive = Set(0..<UInt64(300))
        let chunks = totals(entries.map(\.manifest)).chunks
        while let ended = alive.randomElement(using: &random) {
            alive.remove(ended)
            window.remove(entry: ended)
            window.remove(entry: ended)
            let chunk = UInt64.random(in: 0..<chunks, using: &random)
            let expected = entries.first {
                alive.contains($0.number) && FilePlan(entry: $0.number, manifest: $0.manifest).chunks.contains(chunk)
            }
            #expect(window.file(holding: chunk)?.entry.number == expected?.number)
        }
        #expect(window.isEmpty)
    }

    @Test func filesThatWaitForTheirSealAlone() {
        let entries = received([1, 1, 1, 1])
        var window = ReceiveWindow()
        window.insert(file(entries[0]))
        window.insert(file(entries[1], missing: NumberSet()))
        window.insert(file(entries[2], missing: NumberSet(), isSealed: true))
        window.insert(file(entries[3], missing: NumberSet()))
        #expect(window.unsealed == set(1, 3))
    }
}
