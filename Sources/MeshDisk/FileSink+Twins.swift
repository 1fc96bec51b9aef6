import Glibc
import MeshTransfer
import MeshWire

// Recognises a file that is there already, so that a transfer whose journal was lost ends in the same tree and not in a
// second copy of everything.
extension FileSink {
    /// True where `name` is a file with the size, mode, time and every byte of the part, which is whole. File systems without
    /// numbers of files have no modes either, and keep times less exactly.
    func isTwin(_ name: [UInt8], of entry: ReceivedEntry, in folder: Folder) throws(SystemError) -> Bool {
        let manifest = entry.manifest
        guard let status = try folder.statusIfPresent(name), status.kind == .file, status.size == manifest.size
        else { return false }
        let isDressed = entry.isDressed(status, mode: newMode(manifest))
        guard isDressed || !keepsInodes && entry.mayBe(status) else { return false }
        // What may not be read, or vanishes meanwhile, is no twin: the new file gets a name of its own.
        guard let there = try? folder.open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY),
            let here = try? folder.open(partName(entry), O_RDONLY | O_NONBLOCK | O_NOCTTY)
        else { return false }
        return (try? Self.isSame(here, there, size: manifest.size)) ?? false
    }

    /// Bytes compared at a time.
    private static let comparedBytes = 256 * 1024

    private static func isSame(_ one: Descriptor, _ other: Descriptor, size: UInt64) throws(SystemError) -> Bool {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * comparedBytes, alignment: 4_096)
        defer { buffer.deallocate() }
        var offset: UInt64 = 0
        while offset < size {
            let count = Int(min(UInt64(comparedBytes), size - offset))
            let (first, second) = (buffer.baseAddress, buffer.baseAddress.map { $0 + comparedBytes })
            guard let first, let second,
                try one.read(into: [iovec(iov_base: first, iov_len: count)], at: offset) == count,
                try other.read(into: [iovec(iov_base: second, iov_len: count)], at: offset) == count,
                memcmp(first, second, count) == 0
            else { return false }
            offset += UInt64(count)
        }
        return true
    }
}
