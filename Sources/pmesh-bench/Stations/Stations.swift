import MeshWire

/// Every station of a chunk's journey, alone.
struct Stations {
    /// Bytes of the file that is read and written, and of the memory that is hashed: what a page cache surely holds.
    static let bytes = 256 << 20
    static let chunk = 1 << 20
    /// Memory that chunks lie in at a time: what a transfer has under way. One chunk's alone would stay in a core's own
    /// cache, where no transfer finds its chunks.
    static let span = 16 * chunk

    let scratch: Scratch

    func measure() async throws -> StationResults {
        let scratch = scratch
        var rows = try await Blocking.run { () throws -> [Station] in
            var rows: [Station] = []
            rows += try DiskStations(scratch: scratch).measure()
            try Stopping.check()
            rows += CodingStations().hash()
            rows += try FrameStations().measure()
            try Stopping.check()
            return rows
        }
        rows.append(try await LaneStation().measure())
        try Stopping.check()
        rows += try await JournalStation(scratch: scratch).measure()
        try Stopping.check()
        rows += try await Blocking.run { try CodingStations().deflate() }
        return StationResults(rows: rows)
    }
}

struct StationResults: Sendable {
    let rows: [Station]

    /// MiB per second that so many cores can move at most, sender and receiver together: every chunk is read, hashed
    /// twice, framed, encrypted, decrypted, cut out of its frames (the lane does the last three) and written. What
    /// threads, queues and the journal take comes on top.
    func limit(cores: Int) -> Double {
        let due: [(name: String, times: Double)] = [
            (DiskStations.read, 1), (CodingStations.hash, 2), (FrameStations.encode, 1), (LaneStation.name, 1),
            (DiskStations.write, 1),
        ]
        let seconds = due.reduce(0.0) { sum, due in
            sum + due.times * (rows.first { $0.name == due.name }?.perUnit ?? 0)
        }
        return Double(cores) / seconds
    }

    func table(cores: Int) -> [String] {
        var lines = ["| station alone | per second and core | |", "|---|--:|---|"]
        for row in rows {
            lines.append("| \(row.name) | \(Text.short(1 / row.perUnit)) \(row.unit) | \(row.remark) |")
        }
        let remark = "1 / (read + 2 × SHA-256 + frame encode + TLS lane + write), both sides on the same cores"
        lines.append(
            "| **limit of \(cores) core\(cores == 1 ? "" : "s")** | **\(Text.short(limit(cores: cores))) MiB/s** | \(remark) |"
        )
        return lines
    }
}
