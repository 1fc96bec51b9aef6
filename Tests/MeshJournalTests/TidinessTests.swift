import MeshJournal
import MeshTransfer
import MeshWire
import Testing

/// What stays of transfers and codes that are gone, and what does not.
@Suite struct TidinessTests {
    private let tag = Bytes16([UInt8](repeating: 1, count: 16))!

    private func code(_ text: String?, state: CodeState = .unused) -> CodeRecord {
        CodeRecord(
            tag: tag, master: digest(2), role: .issuer, state: state, created: 1, expires: 100, text: text)
    }

    @Test func aReceivedTransferThatWasForgottenIsKnownByItsBeginning() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .receive, root: "/in"))
            try await journal.create(record(2, .send, root: "/out"))
            try await journal.create(record(3, .receive, root: "/other"))
            try await journal.forget(transferID(1), at: 5)
            try await journal.forget(transferID(2), at: 6)
            #expect(try await journal.wasForgotten(transferID(1).short))
            #expect(try await !journal.wasForgotten(transferID(2).short), "a sender leaves no parts")
            #expect(try await !journal.wasForgotten(transferID(3).short))
            #expect(Set(try await journal.destinations()) == [bytes("/in"), bytes("/other")])
        }
    }

    @Test(arguments: [1, 2, 3, 7, 40])
    func topmostNamesAreFoundBetweenManyOthers(_ count: Int) async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .receive))
            let names = ["a", "b", "c"].flatMap { top in (0..<count).map { "\(top)/\($0)" } }
            let entries = files(names.map { _ in UInt64(0) }, prefix: "").enumerated().map { index, entry in
                var entry = entry
                entry.path = bytes(names[index])
                return entry
            }
            try await journal.append(entries, to: transferID(1))
            let row = try await journal.history(of: transferID(1))
            #expect(row.names == [bytes("a"), bytes("b"), bytes("c")])
        }
    }

    /// Two names that take turns are looked at a bounded number of times, however many entries there are.
    @Test func namesThatTakeTurnsEndTheLook() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .receive))
            let names = (0..<200).map { $0 % 2 == 0 ? "a/\($0)" : "b/\($0)" } + ["c"]
            var entries = files(names.map { _ in UInt64(0) })
            for index in entries.indices { entries[index].path = bytes(names[index]) }
            try await journal.append(entries, to: transferID(1))
            #expect(try await journal.history(of: transferID(1)).names == [bytes("a"), bytes("b")])
        }
    }

    @Test func withdrawalsHideNoNames() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .receive))
            let first = files([UInt64](repeating: 0, count: 100), prefix: "a/")
            let back = (0..<100).map { ManifestEntry(withdrawing: UInt64($0), isGone: true) }
            let all = first + back + files([0], prefix: "z")
            try await journal.append(all, to: transferID(1))
            #expect(try await journal.history(of: transferID(1)).names == [bytes("a"), bytes("z0")])
        }
    }

    @Test func aRefusalIsOverWithTheNextTry() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .send))
            #expect(try await !journal.history(of: transferID(1)).isDeclined)
            try await journal.setDeclined("no", of: transferID(1), at: 7)
            let refused = try await journal.history(of: transferID(1))
            #expect(refused.isDeclined && refused.record.message == "no" && refused.record.state == .active)
            try await journal.setState(.active, message: nil, of: transferID(1), at: 8)
            #expect(try await !journal.history(of: transferID(1)).isDeclined)
        }
    }

    @Test func aCodeIsNotKeptOnceItIsOfNoUse() async throws {
        for over in ["pinned", "expired", "done"] {
            try await withJournal { journal in
                try await journal.insert(code("k7qx-9f2m-r4tz-m"))
                #expect(try await journal.code(tag)?.text == "k7qx-9f2m-r4tz-m")
                switch over {
                case "pinned":
                    let pin = CodeRecord.Pin(peer: nodeID(1), publicKey: [1], resumeSecret: digest(3))
                    #expect(try await journal.pin(code: tag, pin).text == nil)
                case "expired": #expect(try await journal.expireCodes(at: 100) == 1)
                default: try await journal.setState(.done, ofCode: tag)
                }
                #expect(try await journal.code(tag)?.text == nil, "\(over)")
            }
        }
    }

    @Test func onlyWhatNobodyCanComeToIsHopeless() async throws {
        try await withJournal { journal in
            try await journal.insert(code(nil))
            try await journal.create(record(1, .send, code: tag))
            try await journal.create(record(2, .send, peer: nodeID(1), code: tag))
            try await journal.create(record(3, .receive, code: tag))
            try await journal.create(record(4, .send))
            #expect(try await journal.hopeless(at: 99).isEmpty)
            #expect(try await journal.hopeless(at: 100) == [transferID(1)])
        }
    }
}
