import MeshWire

/// What the side that draws a code tells the person who carries it to the other side.
enum CodeNote {
    /// `dial`: an address the other side may need; `isChosen`: the person gave the code and knows it.
    static func lines(
        _ code: String, command: String, dial: NodeAddress?, isChosen: Bool, style: Output.Style
    ) -> [String] {
        // Only a code that nobody else knows is worth breaking the silence.
        if style.isQuiet && isChosen { return [] }
        let shown = style.colors ? "\u{1b}[1m\(code)\u{1b}[0m" : code
        if style.isQuiet { return ["code: \(shown)"] }
        let peer = dial.map { " --peer " + ShellText.quoted(address($0)) } ?? ""
        return [
            "code: \(shown)",
            "on the other machine type this, and the code when it is asked for:",
            "  \(command)\(peer)",
        ]
    }

    /// Without the zone of an IPv6 address: it names an interface of this machine, and the other one has its own.
    private static func address(_ address: NodeAddress) -> String {
        let host = address.host.prefix { $0 != "%" }
        return NodeAddress(host: String(host), port: address.port).description
    }
}
