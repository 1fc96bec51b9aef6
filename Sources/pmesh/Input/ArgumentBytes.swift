import Glibc

/// The program's arguments without loss.
///
/// A path on Linux is any bytes but NUL, while Swift's `CommandLine.arguments` replaces what is not UTF-8 by U+FFFD, and
/// the argument parser takes strings alone. So each byte that is not part of valid UTF-8 becomes one private-use scalar,
/// U+10F700 + byte, on the way into the parser, and that byte again on the way out. The 128 scalars that stand for bytes
/// are themselves written as their four bytes, so every argument comes back as it was.
enum ArgumentBytes {
    private static let base: UInt32 = 0x10_F700
    /// Only bytes from 0x80 on can be invalid by themselves.
    private static let placeholders: ClosedRange<UInt32> = base + 0x80...base + 0xff

    /// The arguments after the program's name, ready for the parser.
    static func arguments() -> [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            CommandLine.unsafeArgv[index].map { text(of: Array(UnsafeRawBufferPointer(start: $0, count: strlen($0)))) }
        }
    }

    static func text(of bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isPlaceholder) {
            return text
        }
        var scalars = String.UnicodeScalarView()
        var rest = bytes[...]
        while let byte = rest.first {
            let length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
            let head = rest.prefix(length)
            if let scalar = String(validating: head, as: UTF8.self)?.unicodeScalars.first, !isPlaceholder(scalar) {
                scalars.append(scalar)
                rest = rest.dropFirst(length)
            } else {
                if let scalar = Unicode.Scalar(base + UInt32(byte)) { scalars.append(scalar) }
                rest = rest.dropFirst()
            }
        }
        return String(scalars)
    }

    static func bytes(of text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { scalar in
            isPlaceholder(scalar) ? [UInt8(scalar.value - base)] : Array(String(scalar).utf8)
        }
    }

    /// For messages that repeat what was typed.
    static func readable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isPlaceholder($0) ? "\u{FFFD}" : $0 }))
    }

    private static func isPlaceholder(_ scalar: Unicode.Scalar) -> Bool { placeholders.contains(scalar.value) }
}
