import MeshTransfer
import MeshWire
import PrimeMesh

/// Transfers of the journal as tables, objects and records.
enum TransferText {
    static func table(_ transfers: [TransferInfo]) -> [String] {
        var table = TextTable([
            ("STARTED", .left), ("", .left), ("FROM/TO", .left), ("STATE", .left), ("FILES", .right), ("SIZE", .right),
            ("%", .right), ("TRANSFER", .left), ("NAMES", .left), ("FOLDER", .left),
        ])
        for transfer in transfers {
            table.add([
                HumanText.localTime(transfer.created), transfer.direction.rawValue, peer(transfer),
                state(transfer), "\(transfer.files)", HumanText.size(transfer.bytes), share(transfer),
                transfer.id.short, names(transfer), transfer.folder ?? "-",
            ])
        }
        return table.lines
    }

    /// Everything about one.
    static func details(_ transfer: TransferInfo) -> [String] {
        var rows = [
            ("transfer", transfer.id.description),
            ("direction", transfer.direction.rawValue),
            ("state", state(transfer)),
            ("peer", transfer.peer.map { SummaryText.peer(transfer.peerName ?? "", $0) } ?? "not met yet"),
        ]
        if !transfer.names.isEmpty { rows.append(("names", names(transfer))) }
        rows += transfer.paths.map { ("path", $0) }
        rows += [
            ("files", "\(transfer.files)"),
            ("size", "\(HumanText.size(transfer.bytes)) (\(transfer.bytes) bytes)"),
            ("there", "\(HumanText.size(transfer.bytesDone)), \(transfer.chunksDone) of \(transfer.chunks) chunks"),
            ("started", HumanText.localTime(transfer.created)),
            ("last change", HumanText.localTime(transfer.updated)),
            ("receipt", receipt(transfer)),
        ]
        if let skipped = transfer.skipped, skipped > 0 { rows.append(("skipped", "\(skipped)")) }
        if let root = transfer.root { rows.append(("root", root.hex)) }
        if let again = transfer.retries.flatMap(retries) { rows.append(("tried again", again)) }
        if let message = transfer.message { rows.append(("message", message)) }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in name + String(repeating: " ", count: width - name.count + 2) + value }
    }

    /// Nil where nothing was.
    private static func retries(_ retries: TransferRetries) -> String? {
        let counts = [
            (retries.chunks, "chunk"), (retries.lanes, "lane"), (retries.channels, "channel"),
            (retries.entries, "file"),
        ]
        let words = counts.filter { $0.0 > 0 }.map { HumanText.count($0.0, $0.1) }
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }

    static func line(_ transfer: TransferInfo) -> JSONLine {
        var line = JSONLine(event: "transfer")
        line.add("transfer", transfer.id.description)
        line.add("direction", transfer.direction.rawValue)
        line.add("state", transfer.state.rawValue)
        line.add("peer", optional: transfer.peer?.description)
        line.add("peerName", optional: transfer.peerName)
        line.add("paths", transfer.paths)
        line.add("names", transfer.names)
        line.add("folder", optional: transfer.folder)
        line.add("files", transfer.files)
        line.add("bytes", transfer.bytes)
        line.add("bytesDone", transfer.bytesDone)
        line.add("chunks", transfer.chunks)
        line.add("chunksDone", transfer.chunksDone)
        line.add("created", HumanText.universalTime(transfer.created))
        line.add("updated", HumanText.universalTime(transfer.updated))
        line.add("message", optional: transfer.message)
        line.add("root", optional: transfer.root?.hex)
        line.add("durable", optional: transfer.isDurable)
        line.add("skipped", optional: transfer.skipped)
        line.add("receiptValid", optional: transfer.isReceiptValid)
        guard let retries = transfer.retries else { return line }
        line.add("chunksRetried", retries.chunks)
        line.add("lanesRetried", retries.lanes)
        line.add("channelsRetried", retries.channels)
        line.add("filesRetried", retries.entries)
        return line
    }

    /// A heading and one record each; the fields are those of `line`.
    static func csv(_ transfers: [TransferInfo]) -> [String] {
        let heading = [
            "transfer", "direction", "state", "peer", "peerName", "paths", "names", "folder", "files", "bytes",
            "bytesDone", "chunks",
            "chunksDone", "created", "updated", "message", "root", "durable", "skipped", "receiptValid",
        ]
        return ([heading] + transfers.map(record)).map(CSVLine.text)
    }

    private static func record(_ transfer: TransferInfo) -> [String] {
        func text<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "" }
        var fields = [transfer.id.description, transfer.direction.rawValue, transfer.state.rawValue]
        fields += [text(transfer.peer), transfer.peerName ?? "", transfer.paths.joined(separator: "\n")]
        fields += [transfer.names.joined(separator: "\n"), transfer.folder ?? ""]
        fields += [transfer.files, transfer.bytes, transfer.bytesDone, transfer.chunks, transfer.chunksDone].map(
            String.init)
        fields += [transfer.created, transfer.updated].map(HumanText.universalTime)
        fields += [transfer.message ?? "", transfer.root?.hex ?? "", text(transfer.isDurable)]
        return fields + [text(transfer.skipped), text(transfer.isReceiptValid)]
    }

    private static func peer(_ transfer: TransferInfo) -> String {
        if let name = transfer.peerName, !name.isEmpty { return EntryPath.escaped(Array(name.utf8)) }
        return transfer.peer?.short ?? "-"
    }

    /// Topmost names: `report.pdf, tree, …`.
    static func names(_ transfer: TransferInfo) -> String {
        (transfer.names + (transfer.hasMoreNames ? ["…"] : [])).joined(separator: ", ")
    }

    /// In the words that people use.
    private static func state(_ transfer: TransferInfo) -> String {
        transfer.state == .active ? "running" : transfer.state.rawValue
    }

    /// Rounded down.
    private static func share(_ transfer: TransferInfo) -> String {
        guard transfer.bytes > 0 else { return transfer.state == .done ? "100" : "-" }
        return "\(Int(Double(min(transfer.bytesDone, transfer.bytes)) / Double(transfer.bytes) * 100))"
    }

    private static func receipt(_ transfer: TransferInfo) -> String {
        switch (transfer.isReceiptValid, transfer.isDurable) {
        case (nil, _): "-"
        case (false?, _): "INVALID"
        case (true?, true?): "valid, durable"
        case (true?, _): "valid"
        }
    }
}

/// Sums over the transfers that are shown.
struct TransferTotals: Hashable {
    var count: UInt64 = 0
    /// How many there are, with those that the limit left out.
    var matching: UInt64
    var done: UInt64 = 0
    var sent: UInt64 = 0
    var received: UInt64 = 0

    init(_ transfers: [TransferInfo], matching: UInt64) {
        self.matching = matching
        for transfer in transfers {
            count += 1
            if transfer.state == .done { done += 1 }
            switch transfer.direction {
            case .send: sent += transfer.bytesDone
            case .receive: received += transfer.bytesDone
            }
        }
    }

    var line: JSONLine {
        var line = JSONLine(event: "totals")
        line.add("transfers", count)
        line.add("matching", matching)
        line.add("done", done)
        line.add("bytesSent", sent)
        line.add("bytesReceived", received)
        return line
    }

    var sentence: String {
        "\(shown), \(done) done; \(HumanText.size(sent)) sent, \(HumanText.size(received)) received"
    }

    /// What the limit left out; nil where that is nothing.
    var missing: String? {
        matching > count ? "pmesh: these are \(shown)" : nil
    }

    /// The two counts come from two looks at the journal: another process may have ended a transfer in between.
    private var shown: String {
        guard matching > count else { return HumanText.count(count, "transfer") }
        return "the latest \(count) of \(HumanText.count(matching, "transfer")) (--limit shows more)"
    }
}
