import MeshTrust
import MeshWire

// What people type, files say, and messages carry as text.
extension FuzzedDecoder {
    static let texts = [base32, identifiers, nodeAddress, entryPath, oneTimeCode, memberName]

    private static let base32 = FuzzedDecoder(
        "base32", seeds: { [Array(Base32.encode([0, 255, 17, 4, 99]).utf8), Array("O1-il 0sxz".utf8)] },
        decode: { try Base32.decode(text($0)).orRefused() }, encode: { Array(Base32.encode($0).utf8) })

    private static let identifiers = FuzzedDecoder("identifiers") {
        let recording = try Recording.shared.get()
        return [recording.node.description, recording.transfer.description, recording.node.bytes.hex].map {
            Array($0.utf8)
        }
    } body: { bytes in
        let text = text(bytes)
        var isTaken = false
        func same<Value: Equatable>(_ value: Value?, _ read: (String) -> Value?, _ write: (Value) -> String) throws {
            guard let value else { return }
            isTaken = true
            try keep(read(write(value)) == value, "an identifier is read as it is written")
        }
        try same(NodeID(text), NodeID.init, \.description)
        try same(TransferID(text), TransferID.init, \.description)
        try same(ChannelID(text), ChannelID.init, \.description)
        try same(Bytes32(hex: text), { Bytes32(hex: $0) }, \.hex)
        if !isTaken { throw Refused() }
    }

    private static let nodeAddress = FuzzedDecoder(
        "node-address", seeds: { ["10.0.0.7:7000", "[fe80::1%eth0]:7000", "host.example:1"].map { Array($0.utf8) } },
        decode: { try NodeAddress(text($0)).orRefused() }, encode: { Array($0.description.utf8) },
        promise: { try keep(!$0.host.isEmpty, "an address has a host") })

    private static let entryPath = FuzzedDecoder(
        "entry-path", seeds: { try Recording.shared.get().pieces(.path) },
        decode: { bytes in
            _ = EntryPath.escaped(bytes)
            return try EntryPath(bytes)
        }, encode: { $0.bytes },
        promise: { path in
            try keep(path.components.count <= Limits.pathDepth && path.bytes.count <= Limits.path, "a path is bounded")
            for name in path.components {
                try keep(!name.isEmpty && name.count <= Limits.component, "a component is bounded")
                try keep(name != [0x2e] && name != [0x2e, 0x2e], "a path does not climb")
                try keep(!name.contains(0) && !name.contains(0x2f), "a component is one name")
            }
            let shown = EntryPath.escaped(path.bytes)
            try keep(
                shown.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }, "nothing moves a cursor")
        })

    private static let oneTimeCode = FuzzedDecoder(
        "one-time-code", seeds: { try Recording.shared.get().pieces(.code) },
        decode: { try OneTimeCode(text($0)) }, encode: { Array($0.description.utf8) },
        promise: { code in
            try keep(code.value < 1 << 60, "a code has sixty bits")
            let checked = try kept("a code with its check symbol is taken") { try OneTimeCode(code.withCheck) }
            try keep(checked == code, "the check symbol changes nothing")
            _ = code.looksChosen
        })

    private static let memberName = FuzzedDecoder(
        "member-name", seeds: { ["ada", "node-7", "x"].map { Array($0.utf8) } },
        decode: { try MemberName(text($0)) }, encode: { Array($0.description.utf8) },
        promise: { name in
            try keep((1...63).contains(name.description.utf8.count), "a name is bounded")
            try keep(
                name.description.utf8.allSatisfy { Array("abcdefghijklmnopqrstuvwxyz0123456789-".utf8).contains($0) },
                "a name has nothing but a to z, 0 to 9 and hyphens")
        })

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
