import MeshTransfer
import MeshWire
import PrimeMesh

/// Tells that a transfer was changed.
enum TransferChange {
    /// `info`: what it is now; for what is gone, what it was.
    static func tell(_ what: String, _ info: TransferInfo, on output: Output) {
        guard output.style.isJSON else { return output.note("\(what): \(name(info))") }
        var line = JSONLine(event: what)
        line.add("transfer", info.id.description)
        line.add("direction", info.direction.rawValue)
        line.add("state", info.state.rawValue)
        line.add("names", info.names)
        output.object(line)
    }

    /// `zb3tfena1k2m4p6q (send report.pdf)`.
    static func name(_ info: TransferInfo) -> String {
        let names = TransferText.names(info)
        return "\(info.id.short) (\(info.direction.rawValue)\(names.isEmpty ? "" : " " + names))"
    }
}
