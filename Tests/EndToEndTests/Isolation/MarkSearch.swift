import CZlib
import Foundation
import Glibc

/// Looks for marks in recorded bytes, in every dress and below deflating.
struct MarkSearch: Sendable {
    let needles: [Needle]

    init(_ marks: [Mark]) {
        needles = marks.flatMap(\.needles)
    }

    struct Find: Hashable, CustomStringConvertible {
        var mark: Mark
        var dress: Dress
        /// Whether it had to be inflated first.
        var isDeflated = false
        var description: String { "\(mark.kind.rawValue) as \(dress.rawValue)\(isDeflated ? ", deflated" : "")" }
    }

    /// `deep`: every offset is tried as the beginning of a deflated stream with or without a header. Otherwise those
    /// alone that look like a header of zlib or gzip.
    func finds(in bytes: [UInt8], deep: Bool = false) -> Set<Find> {
        var found = plainFinds(in: bytes)
        for offset in bytes.indices {
            guard let way = Inflation.Way(at: offset, of: bytes, deep: deep) else { continue }
            for var find in plainFinds(in: Inflation.inflate(bytes, from: offset, way)) {
                find.isDeflated = true
                found.insert(find)
            }
        }
        return found
    }

    private func plainFinds(in bytes: [UInt8]) -> Set<Find> {
        guard bytes.count >= 12 else { return [] }
        return bytes.withUnsafeBytes { bytes in
            Set(needles.filter { bytes.contains($0.bytes) }.map { Find(mark: $0.mark, dress: $0.dress) })
        }
    }
}

extension UnsafeRawBufferPointer {
    func contains(_ word: [UInt8]) -> Bool { memoryFind(baseAddress!, count, word, word.count) != nil }
}

/// memmem(3), which the C library has and its module does not show.
private let memoryFind = unsafeBitCast(
    dlsym(nil, "memmem"),
    to: (@convention(c) (UnsafeRawPointer, Int, UnsafeRawPointer, Int) -> UnsafeRawPointer?).self)

extension [UInt8] {
    func contains(_ word: [UInt8]) -> Bool { withUnsafeBytes { $0.count > 0 && $0.contains(word) } }
}

/// Tries to inflate what may be no deflated stream at all.
enum Inflation {
    enum Way: Int32 {
        /// Windows of `inflateInit2`: without a header, with zlib's or gzip's (its manual).
        case raw = -15
        case headed = 47

        init?(at offset: Int, of bytes: [UInt8], deep: Bool) {
            guard offset + 1 < bytes.count else { return nil }
            let (first, second) = (bytes[offset], bytes[offset + 1])
            // CMF and FLG of RFC 1950: deflate, and divisible by 31; or the two bytes of RFC 1952.
            if first & 0x0F == 8 && first >> 4 <= 7 && (Int(first) * 256 + Int(second)) % 31 == 0 {
                self = .headed
            } else if first == 0x1F && second == 0x8B {
                self = .headed
            } else if deep {
                self = .raw
            } else {
                return nil
            }
        }
    }

    /// Bytes that come out at most.
    private static let limit = 64 * 1024

    /// What comes out before the end, the limit, or the first error.
    static func inflate(_ bytes: [UInt8], from offset: Int, _ way: Way) -> [UInt8] {
        var stream = z_stream()
        guard inflateInit2_(&stream, way.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return []
        }
        defer { inflateEnd(&stream) }
        return bytes.withUnsafeBufferPointer { input in
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + offset)
            stream.avail_in = UInt32(min(input.count - offset, limit))
            return [UInt8](unsafeUninitializedCapacity: limit) { output, count in
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(limit)
                // Garbage ends in an error after a few bytes; what came out before is looked at all the same.
                while CZlib.inflate(&stream, Z_NO_FLUSH) == Z_OK && stream.avail_out > 0 && stream.avail_in > 0 {}
                count = limit - Int(stream.avail_out)
            }
        }
    }
}
