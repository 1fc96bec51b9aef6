import GRDB
import MeshJournal
import MeshTransfer
import MeshWire
import Testing

/// The views are for people with a sqlite3 shell: read with plain SQL, while the journal is in use.
@Suite struct ViewTests {
    private let second: Int64 = 1_000_000_000

    @Test func historyHasARowForEachTransfer() async throws {
        try await withJournal { journal in
            let created = 1_700_000_000 * second
            try await journal.create(record(1, .send, peer: nodeID(1), created: created))
            try await journal.create(record(2, .receive, peer: nodeID(2), created: created + 1))
            try await journal.upsert(PeerRecord(node: nodeID(1), name: "ann", firstSeen: 1, lastSeen: 1))
            try await journal.append(source(files([1, chunk + 1])), to: transferID(1))
            let signed = Receipt(
                sender: nodeID(9), receiver: nodeID(1), transfer: transferID(1), root: digest(5), entries: 2, bytes: 3,
                chunks: 3, skipped: 0, isDurable: true, time: 1)
            let receipt = ReceiptRecord(body: signed.encoded(), signature: [1], publicKey: [2])
            try await journal.complete(transferID(1), state: .done, receipt: receipt, at: created + 90 * second)
            try await journal.setState(.failed, message: "no route", of: transferID(2), at: created + 2)
            let rows = try withPlainSQL(journal.path) { try Row.fetchAll($0, sql: "SELECT * FROM history_v1") }
            #expect(rows.count == 2)
            #expect(
                rows[0]
                    == [
                        "id": transferID(1).description, "direction": "send", "peer": "ann", "state": "done",
                        "bytes": chunk + 2, "files": 2, "chunks": 3, "created": "2023-11-14T22:13:20Z",
                        "updated": "2023-11-14T22:14:50Z", "seconds": 90.0, "receipt_root": digest(5).hex,
                        "message": nil,
                    ])
            #expect(rows[1]["peer"] == nodeID(2).description)
            #expect(rows[1]["message"] == "no route")
            #expect(rows[1]["receipt_root"] == nil as String?)
        }
    }

    @Test func filesTellHowFarTheyAre() async throws {
        try await withJournal { journal in
            try await journal.create(record(1, .receive))
            var entries = files([chunk * 3, 0, 1])
            entries[2].path = [0x61, 0xff]
            entries.append(ManifestEntry(kind: .folder, path: bytes("d"), firstChunk: 4))
            try await journal.append(entries, to: transferID(1))
            var group = group(1..<4)
            group.sealed = [0]
            try await journal.commit(group, to: transferID(1))
            for state in [TransferState.partial, .done] {
                let rows = try withPlainSQL(journal.path) {
                    try Row.fetchAll($0, sql: "SELECT * FROM transfer_files_v1 ORDER BY number")
                }
                #expect(rows.count == 3)
                #expect(rows[0]["transfer"] == transferID(1).description)
                #expect(rows[0]["path"] == "f0")
                #expect(rows[0]["size"] == chunk * 3)
                #expect(rows[0]["state"] == "sealed")
                #expect(rows.map { $0["chunks_committed"] as Int } == [2, 0, 1])
                #expect(rows.map { $0["chunks_total"] as Int } == [3, 0, 1])
                #expect(rows[2]["path_hex"] == "61ff")
                try await journal.complete(transferID(1), state: state, receipt: receipt, at: 1)
            }
        }
    }
}
