/// The path of an entry below a transfer's root, checked before anything is done with it.
///
/// Any bytes are legal in a name but NUL and `/`; names are kept as they are and escaped on output alone.
package struct EntryPath: Hashable, Sendable {
    /// One or more components, none of them empty, `.`, `..` or longer than 255 bytes.
    package let components: [[UInt8]]

    /// Splits at `/`. Refuses absolute paths, empty components, `.`, `..`, NUL, and more than 256 components.
    package init(_ path: [UInt8]) throws(WireError) {
        guard path.count <= Limits.path else {
            throw .tooLarge("path", got: UInt64(path.count), limit: UInt64(Limits.path))
        }
        let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        guard parts.count <= Limits.pathDepth else {
            throw .tooLarge("path depth", got: UInt64(parts.count), limit: UInt64(Limits.pathDepth))
        }
        for part in parts where !Self.isName(part) { throw .invalid("path (\(Self.escaped(path)))") }
        components = parts
    }

    /// Whether ``init(_:)`` takes these bytes: its answer without its arrays, for rows that are read by the thousand.
    package static func isValid(_ path: [UInt8]) -> Bool {
        path.count <= Limits.path && areNames(path, depth: Limits.pathDepth)
    }

    /// The same for what is named and never made, which may lie one component deeper.
    package static func isOmissible(_ path: [UInt8]) -> Bool {
        path.count <= Limits.omittedPath && areNames(path, depth: Limits.pathDepth + 1)
    }

    private static func areNames(_ path: [UInt8], depth limit: Int) -> Bool {
        var depth = 1
        var start = 0
        for (place, byte) in path.enumerated() where byte == UInt8(ascii: "/") {
            guard isName(path[start..<place]) else { return false }
            start = place + 1
            depth += 1
        }
        return depth <= limit && isName(path[start...])
    }

    /// Whether these bytes can be one component: not empty, `.`, `..`, longer than 255 bytes, and without NUL and `/`.
    package static func isName(_ part: some Collection<UInt8>) -> Bool {
        guard !part.isEmpty, part.count <= Limits.component else { return false }
        let isDots = part.count <= 2 && part.allSatisfy { $0 == UInt8(ascii: ".") }
        return !isDots && !part.contains { $0 == 0 || $0 == UInt8(ascii: "/") }
    }

    package var name: [UInt8] { components[components.count - 1] }
    package var folder: ArraySlice<[UInt8]> { components.dropLast() }
    package var bytes: [UInt8] { Array(components.joined(separator: [UInt8(ascii: "/")])) }

    /// Whether a component is a name that ``partName(_:entry:)`` makes: those are never sent nor accepted from a peer.
    package var isReserved: Bool { components.contains(where: Self.isPartName) }

    /// The name of the part file of an entry: `.pmesh-<16 symbols of the transfer>-<number>.part`.
    package static func partName(_ transfer: TransferID, entry: UInt64) -> [UInt8] {
        Array(".pmesh-\(transfer.short)-\(entry).part".utf8)
    }

    /// Whether a name is one that ``partName(_:entry:)`` makes, and none that only looks alike.
    package static func isPartName(_ name: [UInt8]) -> Bool { transfer(ofPart: name) != nil }

    /// The 16 symbols of the transfer in a name that ``partName(_:entry:)`` makes; nil for any other name.
    package static func transfer(ofPart name: [UInt8]) -> String? {
        guard name.first == UInt8(ascii: ".") else { return nil }
        let head = Array(".pmesh-".utf8)
        let tail = Array(".part".utf8)
        let symbols = 16
        guard name.starts(with: head), name.suffix(tail.count).elementsEqual(tail) else { return nil }
        let middle = name.dropFirst(head.count).dropLast(tail.count)
        let number = middle.dropFirst(symbols + 1)
        guard middle.dropFirst(symbols).first == UInt8(ascii: "-") else { return nil }
        guard middle.prefix(symbols).allSatisfy(Base32.alphabet.contains) else { return nil }
        // Written as this program writes numbers: no sign, no zero before others.
        let text = String(decoding: number, as: UTF8.self)
        guard UInt64(text).map({ String($0) }) == text else { return nil }
        return String(decoding: middle.prefix(symbols), as: UTF8.self)
    }

    /// For people and JSON: valid UTF-8 as it is, control characters, backslashes and bytes that are not UTF-8 as `\xNN`.
    package static func escaped(_ bytes: [UInt8]) -> String {
        var result = ""
        var rest = bytes[...]
        while let byte = rest.first {
            let plain = rest.prefix(while: isPlain)
            guard plain.isEmpty else {
                result += String(decoding: plain, as: UTF8.self)
                rest = rest.dropFirst(plain.count)
                continue
            }
            let length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
            let head = rest.prefix(length)
            if head.count == length, let text = String(validating: head, as: UTF8.self), text.isPrintable {
                result += text
                rest = rest.dropFirst(length)
            } else {
                let digits = String(byte, radix: 16)
                result += digits.count == 1 ? "\\x0\(digits)" : "\\x\(digits)"
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// ASCII that is shown as it is: nearly every name is nothing else, and needs no look at Unicode's tables.
    private static func isPlain(_ byte: UInt8) -> Bool { (0x20..<0x7f).contains(byte) && byte != UInt8(ascii: "\\") }
}

extension String {
    /// False for backslash, for control and format characters (which could reorder a terminal's line), and for
    /// separators other than the blank.
    fileprivate var isPrintable: Bool {
        unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
            default: scalar != "\\"
            }
        }
    }
}
