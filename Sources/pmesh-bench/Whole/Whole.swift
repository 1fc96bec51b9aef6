import Glibc
import MeshDisk

/// Whole transfers: one large file and many small ones, by `pmesh` and, if asked for, rsync, in turn.
struct Whole: Sendable {
    let scratch: Scratch
    let program: String
    /// MiB of the large file.
    let size: Int
    /// How many small ones.
    let files: Int
    let runs: Int
    let vsRsync: Bool

    func measure() throws -> [WholeResult] {
        try Corpus.write(scratch["large"], size: size << 20, seed: 4)
        let small = try Corpus.writeSmall(scratch["small"], count: files)
        let rsync = rsync()
        let large = PmeshTransfer(scratch: scratch, program: program, source: scratch["large"], isFile: true)
        let many = PmeshTransfer(scratch: scratch, program: program, source: scratch["small"], isFile: false)
        var results = [
            WholeResult(what: "\(size) MiB, one file", program: "pmesh", mebibytes: Double(size), transfers: []),
            WholeResult(
                what: "\(files) files, \(small >> 20) MiB", program: "pmesh", mebibytes: Double(small) / 1_048_576,
                transfers: []),
        ]
        if rsync != nil {
            results += results.map {
                WholeResult(what: $0.what, program: "rsync -W, ssh", mebibytes: $0.mebibytes, transfers: [])
            }
        }
        // In turn, so that whatever else goes on in the machine strikes all alike. The large ones first and close together:
        // a virtual machine's memory that was free for seconds may have gone back to its host.
        for run in 0..<runs {
            results[0].transfers.append(try settled { try large.run() })
            if run == 0 { try compare("large") }
            if let rsync { results[2].transfers.append(try settled { try rsync.run(scratch["large"]) }) }
        }
        for run in 0..<runs {
            results[1].transfers.append(try settled { try many.run() })
            if run == 0 { try compare("small") }
            scratch.putAside("out", as: "aside.\(run).pmesh")
            if let rsync { results[3].transfers.append(try settled { try rsync.run(scratch["small"]) }) }
            scratch.putAside("out", as: "aside.\(run).rsync")
        }
        return results
    }

    static func table(_ results: [WholeResult], limit: Double?) -> [String] {
        let heading =
            "| whole transfer | program | seconds | MiB/s | best | of the limit | first chunk, from start | from both up | "
            + "sender's memory | receiver's memory |"
        // A limit of bytes says nothing about files.
        return [heading, "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
            + results.map { $0.line(limit: $0.what.contains("one file") ? limit : nil) }
    }

    private func rsync() -> Rsync? {
        guard vsRsync else { return nil }
        let (rsync, reason) = Rsync.start(scratch)
        if rsync == nil { Notes.write("rsync is left out: \(reason)") }
        return rsync
    }

    /// What the run before left to be written is on the disk first.
    private func settled(_ run: () throws -> Transfer) throws -> Transfer {
        try Stopping.check()
        scratch.clear("out")
        sync()
        return try run()
    }

    private func compare(_ name: String) throws {
        let (sent, received) = (Array(scratch[name].utf8), Array("\(scratch["out"])/\(name)".utf8))
        let differences = try TreeComparison().differences(sent, received)
        if let first = differences.first { throw BenchError("what was received differs from what was sent: \(first)") }
    }
}
