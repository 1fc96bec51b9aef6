import CPosix
import Glibc

/// The names in one folder, in the order of their bytes. They lie in one block of memory: a folder of ten million
/// files takes some 300 MB less than as separate arrays.
struct NameList: Sendable {
    private struct Span {
        var offset: Int
        var length: UInt32
        /// A folder, or of a kind that the file system does not tell with its names.
        var mayBeFolder: Bool
    }

    private var bytes: [UInt8] = []
    private var spans: [Span] = []

    /// Reads `folder`, which was opened for reading.
    init(of folder: Folder) throws(SystemError) {
        let copy = try folder.descriptor.call("open") { Int(mesh_duplicate($0)) }
        guard let stream = fdopendir(Int32(copy)) else {
            let code = errno
            _ = close(Int32(copy))
            throw SystemError(code, "read")
        }
        defer { closedir(stream) }
        // The copy shares its place with the original, which may have been read before.
        rewinddir(stream)
        while let (name, mayBeFolder) = try Self.next(of: stream) { add(name, mayBeFolder) }
        sort()
    }

    var count: Int { spans.count }

    subscript(index: Int) -> [UInt8] {
        let span = spans[index]
        return Array(bytes[span.offset..<span.offset + Int(span.length)])
    }

    /// False where the name is certainly none of a folder.
    func mayBeFolder(_ index: Int) -> Bool { spans[index].mayBeFolder }

    func contains(_ name: [UInt8]) -> Bool {
        let index = lowerBound(name)
        return index < count && self[index] == name
    }

    /// The index of the first name that is not before `name`.
    func lowerBound(_ name: [UInt8]) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func add(_ name: UnsafeRawBufferPointer, _ mayBeFolder: Bool) {
        guard !(name.count == 1 && name[0] == Self.dot) else { return }
        guard !(name.count == 2 && name[0] == Self.dot && name[1] == Self.dot) else { return }
        spans.append(Span(offset: bytes.count, length: UInt32(name.count), mayBeFolder: mayBeFolder))
        bytes.append(contentsOf: name)
    }

    private mutating func sort() {
        bytes.withUnsafeBytes { bytes in
            spans.sort { left, right in
                // There are names, so there are bytes.
                let base = bytes.baseAddress.unsafelyUnwrapped
                let order = memcmp(base + left.offset, base + right.offset, Int(min(left.length, right.length)))
                return order == 0 ? left.length < right.length : order < 0
            }
        }
    }

    /// The next name, valid until the next call; nil at the end.
    private static func next(
        of stream: OpaquePointer
    ) throws(SystemError) -> (name: UnsafeRawBufferPointer, mayBeFolder: Bool)? {
        errno = 0
        guard let entry = readdir(stream) else {
            let code = errno
            if code != 0 { throw SystemError(code, "read") }
            return nil
        }
        // The record is as long as its name, shorter than the type says: it must not be copied.
        let name = UnsafeRawPointer(entry) + nameOffset
        let kind = entry.pointee.d_type
        let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name.assumingMemoryBound(to: CChar.self)))
        return (bytes, kind == UInt8(DT_DIR) || kind == UInt8(DT_UNKNOWN))
    }

    private static let dot = UInt8(ascii: ".")
    /// On x86_64 and arm64 a record begins with inode, offset, length and type: 8 + 8 + 2 + 1 bytes.
    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19
}
