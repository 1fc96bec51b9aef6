import MeshWire
import PrimeMesh

/// Tells that a transfer was changed.
enum TransferChange {
    /// `node`: where its new state is read from; nil once the journal no longer knows it.
    static func tell(_ what: String, _ id: String, node: MeshNode?, on output: Output) async throws(MeshError) {
        if let node {
            let info = try await node.transfer(id)
            output.style.isJSON
                ? output.object(TransferText.line(info)) : output.note("transfer \(info.id.short) is \(what)")
        } else if output.style.isJSON {
            var line = JSONLine(event: what)
            line.add("transfer", id)
            output.object(line)
        } else {
            output.note("transfer \(id) is \(what)")
        }
        output.flush()
    }
}
