import MeshJournal
import MeshWire

// The journal's file may have been written by anybody.
extension FuzzedDecoder {
    static let journal = [journalRows, journalFile]

    /// Values put into the rows of a real journal: which column (1 byte), what kind of value (1), and the value (8 bytes of a
    /// number, or a length and so many bytes). Everything that reads then answers, or says that the journal is damaged.
    private static let journalRows = FuzzedDecoder("journal-rows") {
        // A transfer's message, its options, its time.
        [[], [16, 2, 3, 0x61, 0x62, 0x63], [13, 1, 2, 0x7b, 0x7d, 14, 0, 0, 0, 0, 0, 0, 0, 0, 9]]
    } body: { bytes in
        let rows = try JournalRows.shared.get()
        defer { rows.restore() }
        try rows.damage(bytes)
        try rows.readAll()
    }

    /// Bytes changed in a journal's file: place (3 bytes) and value (1).
    private static let journalFile = FuzzedDecoder("journal-file") {
        // The counter of changes in SQLite's header.
        [[], [0, 0, 27, 9]]
    } body: { bytes in
        try JournalRows.shared.get().readDamagedFile { image in
            for start in stride(from: 0, to: bytes.count - 3, by: 4) {
                let place = Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
                image[place % image.count] = bytes[start + 3]
            }
        }
    }
}
