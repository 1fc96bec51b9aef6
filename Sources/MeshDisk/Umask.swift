import Glibc

/// The permission bits that this process's user withholds from what is made.
package enum Umask {
    /// Read once, and without setting it, which other threads would see. Where the kernel does not tell: all but the
    /// user's own bits.
    package static let current: UInt16 = told ?? 0o077

    private static let told: UInt16? = {
        let path = Array("/proc/self/status".utf8)
        let opened = try? attempt("open") { path.withPath { Int(open($0, O_RDONLY | O_CLOEXEC)) } }
        guard let opened, let text = try? Descriptor(opened).readAll(limit: 16_384) else { return nil }
        let line = text.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: Array("Umask:".utf8)) }
        let digits = line.map { String(decoding: $0, as: UTF8.self).drop { !$0.isNumber } }
        return digits.flatMap { UInt16($0, radix: 8) }.map { $0 & 0o777 }
    }()
}
