import GRDB
import MeshJournal
import MeshTransfer
import MeshWire
import Testing

@Suite struct HistoryTests {
    /// Four transfers: 1 sent and done, 2 received and active, 3 sent and cancelled, 4 received and partial.
    private func withHistory(_ body: (Journal) async throws -> Void) async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .send, peer: nodeID(1), root: "/home/ann/photos", created: 1_000))
            try await journal.create(record(2, .receive, peer: nodeID(2), root: "/in", created: 2_000))
            try await journal.create(record(3, .send, peer: nodeID(1), root: "/home/ann/songs", created: 3_000))
            try await journal.create(record(4, .receive, peer: nodeID(1), root: "/in", created: 4_000))
            try await journal.append(source(files([10, 20], prefix: "sun")), to: transferID(1))
            try await journal.append(files([chunk * 2, 5], prefix: "moon"), to: transferID(2))
            try await journal.append(files([7], prefix: "sun"), to: transferID(4))
            try await journal.complete(transferID(1), state: .done, receipt: receipt, at: 1_500)
            try await journal.setState(.cancelled, message: "by ann", of: transferID(3), at: 3_500)
            try await journal.complete(transferID(4), state: .partial, receipt: receipt, at: 4_500)
            try await body(journal)
        }
    }

    @Test func filters() async throws {
        try await withHistory { journal in
            let cases: [(HistoryFilter, [UInt8])] = [
                (HistoryFilter(), [4, 3, 2, 1]), (HistoryFilter(limit: 2), [4, 3]), (HistoryFilter(limit: 0), []),
                (HistoryFilter(peer: nodeID(1)), [4, 3, 1]), (HistoryFilter(direction: .receive), [4, 2]),
                (HistoryFilter(states: [.done, .partial]), [4, 1]), (HistoryFilter(since: 2_000), [4, 3, 2]),
                (HistoryFilter(until: 2_000), [1]), (HistoryFilter(since: 1_500, until: 3_500), [3, 2]),
                (HistoryFilter(name: bytes("sun")), [4, 1]), (HistoryFilter(name: bytes("ann")), [3, 1]),
                (HistoryFilter(name: bytes("Sun")), []), (HistoryFilter(name: bytes("%")), []),
                (HistoryFilter(peer: nodeID(1), direction: .send, states: [.done], name: bytes("photo")), [1]),
            ]
            for (filter, expected) in cases {
                let found = try await journal.transfers(filter).map(\.id)
                #expect(found == expected.map(transferID), "\(filter)")
            }
        }
    }

    @Test func countsWhatTheLimitLeavesOut() async throws {
        try await withHistory { journal in
            let filters = [
                HistoryFilter(), HistoryFilter(direction: .send, limit: 1),
                HistoryFilter(name: bytes("moon"), limit: 0), HistoryFilter(peer: nodeID(9)),
            ]
            var counts: [UInt64] = []
            for filter in filters { counts.append(try await journal.count(filter)) }
            #expect(counts == [4, 2, 1, 0])
        }
    }

    @Test func rowsSayWhatTheirPartsSay() async throws {
        try await withHistory { journal in
            try await journal.upsert(PeerRecord(node: nodeID(1), name: "ben", firstSeen: 1, lastSeen: 1))
            try await journal.commit(group(1..<3), to: transferID(2))
            let rows = try await journal.history(HistoryFilter(limit: 3))
            let records = try await journal.transfers(HistoryFilter(limit: 3))
            #expect(rows.map(\.record) == records)
            #expect(rows.map(\.peerName) == ["ben", "ben", nil])
            #expect(rows.map(\.receipt) == [receipt, nil, nil])
            let progress = try await journal.progress(of: transferID(2))
            #expect(progress.chunks == 2 && rows[2].progress == progress)
            let one = try await journal.history(of: transferID(4))
            #expect(one == rows[0])
            let error = await journalError { _ = try await journal.history(of: transferID(9)) }
            #expect(error == .unknownTransfer(transferID(9)))
        }
    }

    @Test func transfersAreFoundByTheBeginningsOfTheirNames() async throws {
        try await withHistory { journal in
            func found(_ beginning: String, limit: Int = 9) async throws -> [TransferID] {
                try await journal.findTransfers(beginning: beginning, limit: limit).map(\.id)
            }
            let all = Set([1, 2, 3, 4].map { transferID($0) })
            let name = transferID(3).description
            for length in 0...name.count {
                let beginning = String(name.prefix(length))
                let names = try await found(beginning)
                #expect(Set(names) == all.filter { $0.description.hasPrefix(beginning) }, "\(beginning)")
            }
            #expect(try await found(name) == [transferID(3)])
            #expect(try await found("", limit: 2).count == 2)
            #expect(try await found(name + "0").isEmpty)
            #expect(try await found("%").isEmpty)
        }
    }

    @Test func progress() async throws {
        try await withHistory { journal in
            var progress = try await journal.progress(of: transferID(2))
            #expect(progress.chunks == 0)
            #expect(progress.bytes == 0)
            #expect(progress.entries == [.open: 2])
            var some = group(1..<3)
            some.ended = [EndedEntry(number: 1, state: .finished)]
            try await journal.commit(some, to: transferID(2))
            progress = try await journal.progress(of: transferID(2))
            #expect(progress.chunks == 2)
            #expect(progress.bytes == chunk + 5)
            #expect(progress.wholeFiles == 1)
            #expect(progress.entries == [.open: 1, .finished: 1])
            try await journal.commit(group(0..<1), to: transferID(2))
            try await journal.complete(transferID(2), state: .done, receipt: receipt, at: 9)
            progress = try await journal.progress(of: transferID(2))
            #expect(progress.chunks == 3)
            #expect(progress.bytes == chunk * 2 + 5)
            #expect(progress.wholeFiles == 2)
        }
    }

    @Test func forgettingLeavesNothingOfATransferAndAllOfOthers() async throws {
        try await withHistory { journal in
            try await journal.append(
                (0..<25_000).map { ManifestEntry(kind: .folder, path: bytes("d\($0)"), firstChunk: 3) },
                to: transferID(2))
            try await journal.commit(group(0..<3), to: transferID(2))
            try await journal.record([RetryRecord(subject: .entry(1), reason: "x", time: 1)], of: transferID(2))
            try await journal.forget(transferID(2), at: 1)
            try await journal.forget(transferID(1), at: 1)
            #expect(try await journal.transfers().map(\.id) == [transferID(4), transferID(3)])
            #expect(try await journal.receipt(of: transferID(1)) == nil)
            #expect(try await journal.receipt(of: transferID(4)) == receipt)
            let rows = try withPlainSQL(journal.path) { db in
                try ["transfer", "entry", "chunk", "retry", "receipt"].map {
                    try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)")
                }
            }
            #expect(rows == [2, 1, 0, 0, 1])
            #expect(
                await journalError { try await journal.forget(transferID(1), at: 1) } == .unknownTransfer(transferID(1))
            )
        }
    }

    @Test func whatACrashLeftOfAForgottenTransferIsTidiedAway() async throws {
        try await withHistory { journal in
            try withPlainSQL(journal.path) {
                try $0.execute(sql: "UPDATE transfer SET id = NULL WHERE direction = 'receive'")
            }
            #expect(try await journal.transfers().map(\.id) == [transferID(3), transferID(1)])
            try await journal.tidy()
            let left = try withPlainSQL(journal.path) { try Int.fetchOne($0, sql: "SELECT count(*) FROM transfer") }
            #expect(left == 2)
        }
    }

    @Test func aRepeatedCommandFindsItsTransfer() async throws {
        try await withHistory { journal in
            let tag = try #require(Bytes16([UInt8](repeating: 3, count: 16)))
            try await journal.create(record(5, .receive, code: tag, root: "/in", created: 5_000))
            func active(_ peer: NodeID?, _ root: String, _ way: TransferDirection = .receive) async throws
                -> TransferID?
            {
                try await journal.findTransfer(direction: way, peer: peer, roots: [bytes(root)])?.id
            }
            #expect(try await active(nodeID(2), "/in") == transferID(2))
            #expect(try await active(nil, "/in") == transferID(5))
            #expect(try await active(nodeID(1), "/in") == nil)
            #expect(try await active(nodeID(2), "/i") == nil)
            #expect(try await active(nil, "/home/ann/songs", .send) == nil)
            #expect(try await journal.findTransfer(direction: .receive, code: tag)?.id == transferID(5))
            #expect(try await journal.findTransfer(direction: .send, code: tag) == nil)
            let ended = try await journal.findFinished(direction: .receive, peer: nodeID(1), roots: [bytes("/in")])
            #expect(ended?.id == transferID(4))
            #expect(try await journal.findFinished(direction: .receive, code: tag) == nil)
            try await journal.complete(transferID(5), state: .done, receipt: receipt, at: 6_000)
            #expect(try await journal.findTransfer(direction: .receive, code: tag) == nil)
            #expect(try await journal.findFinished(direction: .receive, code: tag)?.id == transferID(5))
        }
    }
}
