import MeshTransfer
import MeshWire
import PrimeMesh

/// Sentences about offers and finished transfers.
enum SummaryText {
    /// A node as people see it. A name comes from the other side: what could move the cursor is escaped.
    static func peer(_ name: String, _ id: NodeID) -> String {
        name.isEmpty ? id.short : "\(EntryPath.escaped(Array(name.utf8))) (\(id.short))"
    }

    /// What became of an entry that does not stand at the destination as it was offered. The path is escaped.
    static func leftOut(_ path: String, _ reason: SkipReason) -> String {
        if reason.isThere { return "\(path): \(reason.text)" }
        let word = reason.isKept ? "kept" : "left out"
        return "\(word): \(path): \(reason.text)"
    }

    /// Where this node is reached; no address where no network is up.
    static func listening(_ addresses: [NodeAddress]) -> [String] {
        guard !addresses.isEmpty else {
            return ["listening, but no network is up here: nobody can reach this machine yet"]
        }
        let line = "listening at " + addresses.map(\.description).joined(separator: ", ")
        guard addresses.allSatisfy(\.isLoopback) else { return [line] }
        return [line, "no other machine can reach that, only this one"]
    }

    /// What to do about it is left out: the program does it.
    static func lost(_ reason: String) -> String {
        "connection lost: \(reason.prefix { $0 != ";" }); waiting for the other side"
    }

    /// What a person decides on.
    static func offer(_ offer: Offer) -> [String] {
        let more = offer.isCounting ? " so far, still counting" : ""
        var names = offer.names.prefix(shownNames).map { "  " + $0 }
        if offer.names.count > shownNames { names.append("  … and \(offer.names.count - shownNames) more") }
        let size = "\(HumanText.count(offer.files, "file")), \(HumanText.size(offer.bytes))\(more)"
        return ["\(peer(offer.senderName, offer.sender)) offers \(size):"] + names
    }

    /// `folder`: where a receiver put things, where that is another folder than the current one.
    static func lines(
        _ summary: TransferSummary, direction: TransferDirection?, folder: [UInt8]? = nil, isVerbose: Bool = false
    ) -> [String] {
        let verb =
            switch direction {
            case .send: "sent"
            case .receive: "received"
            case nil: "done:"
            }
        let files = "\(HumanText.count(summary.files, "file")), \(HumanText.size(summary.bytes))"
        let place = folder.map { " into " + EntryPath.escaped($0) } ?? ""
        let line = "\(verb) \(files)\(place) in \(HumanText.duration(summary.seconds))\(speed(summary))"
        var lines = [line + details(summary), "transfer \(summary.transfer.short)"]
        if isVerbose {
            lines.append("\(HumanText.size(summary.wireBytes)) on the wire, root \(summary.root.hex)")
        }
        return lines
    }

    /// What can be told of a transfer that ran in one go and was long enough: of a resumed one most bytes went over the wire
    /// in another session.
    private static func speed(_ summary: TransferSummary) -> String {
        guard summary.chunksResumed == 0, summary.bytes >= worthTiming, summary.seconds > 0 else { return "" }
        let rate = ", \(HumanText.size(Double(summary.bytes) / summary.seconds))/s"
        let ratio = Double(summary.bytes) / Double(max(1, summary.wireBytes))
        return ratio < worthTelling ? rate : rate + ", compressed \(HumanText.decimal(ratio, 1)) to 1"
    }

    /// Bytes; fewer are there before a speed is.
    private static let worthTiming: UInt64 = 1_000_000
    /// Plain bytes for each on the wire.
    private static let worthTelling = 1.1

    private static func details(_ summary: TransferSummary) -> String {
        var text = ""
        if summary.chunksResumed > 0 {
            text += "; \(summary.chunksResumed) of \(summary.chunks) chunks were there already"
        }
        if summary.chunksRetried > 0 { text += "; \(HumanText.count(summary.chunksRetried, "chunk")) sent again" }
        if summary.skipped > 0 { text += "; \(summary.skipped) left out" }
        if summary.unchanged > 0 { text += "; \(summary.unchanged) unchanged" }
        if summary.kept > 0 { text += "; \(summary.kept) kept" }
        if summary.failed > 0 { text += "; \(summary.failed) failed" }
        return text
    }

    /// What a command that did not end as asked says on standard error, nil where all is well.
    static func failure(_ summaries: [TransferSummary]) -> MeshError? {
        guard
            let worst = summaries.filter({ $0.outcome != .done }).max(by: { $0.outcome.rawValue < $1.outcome.rawValue })
        else { return nil }
        let skipped = summaries.reduce(0) { $0 + $1.skipped }
        let failed = summaries.reduce(0) { $0 + $1.failed }
        switch worst.outcome {
        case .sourceChanged:
            return MeshError(
                .sourceChanged,
                "\(HumanText.count(failed, "source")) kept changing while being sent and stayed out; the rest is there and verified; "
                    + "send again when nothing writes to them")
        case .partial:
            return MeshError(
                .partial,
                "\(HumanText.count(skipped, "entry", "entries")) left out; the rest is there and verified; "
                    + "see the warnings above for which and why")
        case .done, .other, .usage, .refused, .noPeer, .identity, .integrity, .disk, .conflict, .timedOut, .interrupted:
            return MeshError(
                worst.outcome, "transfer \(worst.transfer.short) did not end as asked; see `pmesh transfers show`")
        }
    }

    /// Names of an offer shown to a person.
    private static let shownNames = 10
}
