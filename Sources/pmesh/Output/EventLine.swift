import MeshWire
import PrimeMesh

/// The `--json` form of what happens; its fields are documented in the article Events and never change their meaning.
enum EventLine {
    static func line(_ event: TransferEvent) -> JSONLine {
        switch event {
        case .code(let code):
            var line = JSONLine(event: "code")
            line.add("code", code)
            return line
        case .listening(let addresses):
            var line = JSONLine(event: "listening")
            line.add("addresses", addresses.map(\.description))
            return line
        case .waiting: return JSONLine(event: "waiting")
        case .connected(let peer, let name, let isResumed):
            var line = JSONLine(event: "connected")
            line.add("peer", peer.description)
            line.add("name", name)
            line.add("resumed", isResumed)
            return line
        case .offer(let offer): return self.line(offer)
        case .progress(let progress): return self.line(progress)
        case .file(let path, let size, let offered):
            var line = JSONLine(event: "file")
            line.add("path", path)
            line.add("size", size)
            if let offered { line.add("offeredAs", offered) }
            return line
        case .leftOut(let path, let reason):
            var line = JSONLine(event: reason.isKept ? "kept" : "warning")
            line.add("path", path)
            line.add("reason", reason.word)
            line.add("message", "\(path): \(reason.text)")
            return line
        case .moreLeftOut(let count):
            var line = JSONLine(event: "warning")
            line.add("more", count)
            line.add("message", "and \(count) more: `pmesh transfers show` names them")
            return line
        case .warning(let sentence):
            var line = JSONLine(event: "warning")
            line.add("message", sentence)
            return line
        case .stalled(let seconds, let lanes):
            var line = JSONLine(event: "stalled")
            line.add("seconds", seconds)
            line.add("lanes", lanes)
            return line
        case .lost(let reason):
            var line = JSONLine(event: "lost")
            line.add("reason", reason)
            return line
        case .done(let summary): return self.line(summary)
        case .target(let name, let failure):
            var line = JSONLine(event: "target")
            line.add("name", name)
            line.add("code", failure?.code.rawValue ?? 0)
            if let failure { line.add("message", failure.message) }
            return line
        }
    }

    private static func line(_ offer: Offer) -> JSONLine {
        var line = JSONLine(event: "offer")
        line.add("transfer", offer.transfer.description)
        line.add("sender", offer.sender.description)
        line.add("senderName", offer.senderName)
        line.add("names", offer.names)
        line.add("files", offer.files)
        line.add("bytes", offer.bytes)
        line.add("counting", offer.isCounting)
        return line
    }

    private static func line(_ progress: TransferProgress) -> JSONLine {
        var line = JSONLine(event: "progress")
        line.add("transfer", progress.transfer.description)
        line.add("bytes", progress.bytes)
        line.add("totalBytes", progress.totalBytes)
        line.add("counting", progress.isCounting)
        line.add("files", progress.files)
        line.add("totalFiles", progress.totalFiles)
        line.add("wireBytes", progress.wireBytes)
        line.add("rate", progress.rate)
        line.add("remaining", optional: progress.remaining)
        line.add("lanes", progress.lanes)
        line.add("stalled", optional: progress.stalled)
        return line
    }

    private static func line(_ summary: TransferSummary) -> JSONLine {
        var line = JSONLine(event: "done")
        line.add("transfer", summary.transfer.description)
        line.add("files", summary.files)
        line.add("bytes", summary.bytes)
        line.add("wireBytes", summary.wireBytes)
        line.add("chunks", summary.chunks)
        line.add("chunksResumed", summary.chunksResumed)
        line.add("chunksRetried", summary.chunksRetried)
        line.add("seconds", summary.seconds)
        line.add("root", summary.root.hex)
        line.add("skipped", summary.skipped)
        line.add("kept", summary.kept)
        line.add("unchanged", summary.unchanged)
        line.add("failed", summary.failed)
        line.add("durable", summary.isDurable)
        line.add("outcome", summary.outcome.rawValue)
        return line
    }

    /// The last line of every command that does not exit with 0.
    static func error(_ failure: CommandFailure) -> JSONLine {
        var line = JSONLine(event: "error")
        line.add("code", failure.code.rawValue)
        line.add("message", failure.message)
        if let resume = failure.resume { line.add("resume", resume) }
        return line
    }
}
