import MeshWire
import PrimeMesh

/// The one line that is redrawn while data moves.
struct ProgressLine: Sendable, Hashable {
    var bytes: UInt64 = 0
    var totalBytes: UInt64 = 0
    var isCounting = false
    var files: UInt64 = 0
    var totalFiles: UInt64 = 0
    /// Plain bytes a second.
    var rate: Double = 0
    /// Seconds to go.
    var remaining: Double?
    /// Plain bytes per byte on the wire; nil before anything went over it.
    var ratio: Double?
    var lanes = 0
    /// Seconds since the last byte, where none comes any more.
    var stalled: Double?
    /// Who may still be deciding, while nothing has moved.
    var asked: String?

    /// As many parts as fit into `width` columns, the most wanted first.
    func text(width: Int, isVerbose: Bool = false) -> String {
        if let asked, bytes == 0, files == 0 {
            return String("\(asked) is asked whether it wants it".prefix(max(0, width - 1)))
        }
        var line = ""
        for part in parts(isVerbose) {
            let longer = line.isEmpty ? part : line + "  " + part
            // The last column stays free: writing into it makes some terminals wrap.
            guard longer.count < width else { break }
            line = longer
        }
        return line
    }

    /// `34 % (136 MiB of 400 MiB)`, for a sentence.
    var share: String { "\(percent.drop { $0 == " " }) (\(HumanText.size(bytes)) of \(total))" }

    private var total: String { isCounting ? "\(HumanText.size(totalBytes))+" : HumanText.size(totalBytes) }

    private func parts(_ isVerbose: Bool) -> [String] {
        // Of a pipe nobody knows how much there is.
        let isOpen = isCounting && bytes >= totalBytes
        var parts = isOpen ? [HumanText.size(bytes)] : [percent, "\(HumanText.size(bytes)) of \(total)"]
        if let stalled {
            let missing = lanes == 0 ? "connection" : "answer"
            return parts + ["no \(missing) for \(HumanText.duration(stalled)); still trying"]
        }
        parts.append(HumanText.size(rate) + "/s")
        if let remaining, !isCounting { parts.append(HumanText.duration(remaining) + " left") }
        if isVerbose, let ratio { parts.append("ratio " + HumanText.decimal(ratio, 2)) }
        if isVerbose { parts.append(HumanText.count(UInt64(max(0, lanes)), "lane")) }
        parts.append("\(files) of \(totalFiles)\(isCounting ? "+" : "") \(totalFiles == 1 ? "file" : "files")")
        return parts
    }

    /// Rounded down: 100 % means all of it.
    private var percent: String {
        guard totalBytes > 0 else { return "  0 %" }
        let whole = min(100, Int(Double(min(bytes, totalBytes)) / Double(totalBytes) * 100))
        let digits = String(whole)
        return String(repeating: " ", count: 3 - digits.count) + digits + " %"
    }
}

/// Adds up the progress of all transfers one command runs.
struct ProgressSum: Sendable {
    private var latest: [TransferID: TransferProgress] = [:]
    /// Bytes that were there before this session, from each transfer's first event.
    private var before: [TransferID: UInt64] = [:]

    mutating func take(_ progress: TransferProgress) {
        if latest[progress.transfer] == nil { before[progress.transfer] = progress.bytes }
        latest[progress.transfer] = progress
    }

    /// A finished transfer counts in full and has no lanes or rate of its own any more.
    mutating func end(_ transfer: TransferID) {
        guard var progress = latest[transfer] else { return }
        progress.rate = 0
        progress.lanes = 0
        progress.remaining = nil
        latest[transfer] = progress
    }

    var line: ProgressLine {
        var line = ProgressLine()
        var wire: UInt64 = 0
        for progress in latest.values {
            line.bytes += progress.bytes
            line.totalBytes += progress.totalBytes
            line.isCounting = line.isCounting || progress.isCounting
            line.files += progress.files
            line.totalFiles += progress.totalFiles
            line.rate += progress.rate
            line.lanes += progress.lanes
            wire += progress.wireBytes
            if let stalled = progress.stalled { line.stalled = max(line.stalled ?? 0, stalled) }
            if let remaining = progress.remaining { line.remaining = max(line.remaining ?? 0, remaining) }
        }
        let moved = line.bytes - min(line.bytes, before.values.reduce(0, +))
        if wire > 0, moved > 0 { line.ratio = Double(moved) / Double(wire) }
        return line
    }
}
