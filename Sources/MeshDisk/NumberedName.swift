import MeshWire

/// The names that a file may get where its own is taken: `name (1).txt`, `name (2).txt`, …
package struct NumberedName {
    /// Names tried at most, the own one included.
    package static let tries = 10_000

    private let stem: [UInt8]
    /// With its dot; empty where there is none.
    private let suffix: [UInt8]

    /// The names that follow from `name`.
    package init(_ name: [UInt8]) {
        let dot = name.lastIndex(of: UInt8(ascii: ".")) ?? 0
        // A leading dot begins a hidden file's name, and what is very long is no suffix.
        let hasSuffix = dot > 0 && dot < name.count - 1 && name.count - dot <= 32
        stem = hasSuffix ? Array(name[..<dot]) : name
        suffix = hasSuffix ? Array(name[dot...]) : []
    }

    /// The name with `number`, its own for 0; at most 255 bytes, the stem cut short where needed.
    package subscript(number: Int) -> [UInt8] {
        guard number > 0 else { return stem + suffix }
        let mark = Array(" (\(number))".utf8)
        return stem.prefixOfCharacters(Limits.component - mark.count - suffix.count) + mark + suffix
    }
}

extension [UInt8] {
    /// At most `count` bytes, without the first bytes of a UTF-8 character whose last ones do not fit.
    fileprivate func prefixOfCharacters(_ count: Int) -> [UInt8] {
        guard self.count > count else { return self }
        var end = count
        while end > 0, count - end < 3, self[end] & 0xc0 == 0x80 { end -= 1 }
        return Array(self[..<end])
    }
}
