import Glibc

/// A text as a QR code for a terminal, by Debian's libqrencode4, which is looked for when it is needed.
enum QRCode {
    /// The first words of the library's `QRcode` (qrencode.h, version 4).
    private struct Image {
        var version: Int32
        var width: Int32
        var data: UnsafeMutablePointer<UInt8>?
    }

    /// Text, smallest version (0: any), error correction (1: M), mode (2: bytes), whether case counts.
    private typealias Encode =
        @convention(c) (UnsafePointer<CChar>, Int32, Int32, Int32, Int32) -> UnsafeMutableRawPointer?
    private typealias Free = @convention(c) (UnsafeMutableRawPointer) -> Void

    static let missing = "no QR code: this needs Debian's libqrencode4 (`apt install libqrencode4`)"

    /// Lines to show; where the library is missing, the one that says how to get it.
    static func lines(_ text: String, library: String = "libqrencode.so.4") -> [String] {
        guard let modules = modules(text, library) else { return [missing] }
        return QRText.lines(modules)
    }

    /// Rows of dark modules; nil where the library is not there or does not answer as it should.
    private static func modules(_ text: String, _ library: String) -> [[Bool]]? {
        guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL) else { return nil }
        defer { dlclose(handle) }
        guard let encode = dlsym(handle, "QRcode_encodeString"), let free = dlsym(handle, "QRcode_free"),
            let raw = unsafeBitCast(encode, to: Encode.self)(text, 0, 1, 2, 1)
        else { return nil }
        defer { unsafeBitCast(free, to: Free.self)(raw) }
        let image = raw.assumingMemoryBound(to: Image.self).pointee
        // 21 modules are the smallest code and 177 the largest.
        guard let data = image.data, (21...177).contains(image.width) else { return nil }
        let width = Int(image.width)
        // The lowest bit of each byte tells dark from light.
        return (0..<width).map { row in (0..<width).map { data[row * width + $0] & 1 == 1 } }
    }
}

/// Modules as half blocks: two rows to a line, light ones drawn, since terminals are dark.
enum QRText {
    /// Modules that must stay light around a code (ISO/IEC 18004).
    private static let margin = 4

    static func lines(_ dark: [[Bool]]) -> [String] {
        let width = dark.count + 2 * margin
        func isLight(_ row: Int, _ column: Int) -> Bool {
            let (row, column) = (row - margin, column - margin)
            guard dark.indices.contains(row), dark[row].indices.contains(column) else { return row < width - margin }
            return !dark[row][column]
        }
        return stride(from: 0, to: width, by: 2).map { row in
            String((0..<width).map { block(isLight(row, $0), isLight(row + 1, $0)) })
        }
    }

    private static func block(_ upper: Bool, _ lower: Bool) -> Character {
        switch (upper, lower) {
        case (true, true): "█"
        case (true, false): "▀"
        case (false, true): "▄"
        case (false, false): " "
        }
    }
}
