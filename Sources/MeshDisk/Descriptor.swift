import CPosix
import Glibc
import Synchronization

/// An open file descriptor. It is closed when its last holder lets go of it, so a cache may drop one that another
/// thread is reading from: numbers are never reused under a running call.
final class Descriptor: Sendable {
    private let number: Int32
    /// One large write at a time: the file system locks the file for each anyway, and waits for that lock by spinning.
    private let writing = Mutex(())

    /// Takes over `number`.
    init(_ number: Int) {
        self.number = Int32(number)
    }

    deinit {
        _ = close(number)
    }

    /// Runs a system call on the descriptor, which stays open meanwhile.
    @discardableResult
    func call(_ operation: String, _ body: (Int32) -> Int) throws(SystemError) -> Int {
        try attempt(operation) { withExtendedLifetime(self) { body(number) } }
    }

    /// For poll(2), by whoever holds the descriptor meanwhile.
    var forPoll: Int32 { number }

    func status() throws(SystemError) -> FileStatus {
        var raw = mesh_status()
        try call("stat") { Int(mesh_status_of($0, &raw)) }
        return FileStatus(raw)
    }

    func setMode(_ mode: UInt16) throws(SystemError) {
        try call("chmod") { Int(fchmod($0, mode_t(mode))) }
    }

    /// Sets the modification time; the access time becomes the same.
    func setModified(_ seconds: Int64, _ nanoseconds: UInt32) throws(SystemError) {
        let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
        try call("utimens") { number in
            withUnsafeTemporaryAllocation(of: timespec.self, capacity: 2) { times in
                times.initialize(repeating: time)
                return Int(futimens(number, times.baseAddress))
            }
        }
    }

    func truncate(_ size: UInt64) throws(SystemError) {
        try call("truncate") { Int(ftruncate($0, off_t(size))) }
    }

    /// True where `range` has data in it; also where the file system cannot tell.
    func hasData(in range: Range<UInt64>) throws(SystemError) -> Bool {
        do {
            let next = try call("seek") { Int(mesh_next_data($0, Int64(range.lowerBound))) }
            return next < Int(range.upperBound)
        } catch {
            switch error.code {
            case ENXIO: return false
            case EINVAL, ENOTSUP: return true
            default: throw error
            }
        }
    }

    /// Makes `range` a hole. False where the file system has none.
    func punchHole(_ range: Range<UInt64>) throws(SystemError) -> Bool {
        do {
            try call("punch hole") { Int(mesh_punch_hole($0, Int64(range.lowerBound), Int64(range.count))) }
            return true
        } catch {
            guard error.code == ENOTSUP || error.code == ENOSYS || error.code == EINVAL else { throw error }
            return false
        }
    }

    /// Fills `vectors` from `offset` on; answers fewer bytes than asked for at the file's end.
    func read(into vectors: [iovec], at offset: UInt64) throws(SystemError) -> Int {
        try moveAll("read", vectors, at: offset) { preadv($0, $1, $2, $3) }
    }

    /// Writes all of `vectors` from `offset` on.
    func write(_ vectors: [iovec], at offset: UInt64) throws(SystemError) {
        let length = vectors.reduce(0) { $0 + $1.iov_len }
        let written = try writing.withLock { _ throws(SystemError) in
            try moveAll("write", vectors, at: offset) { pwritev($0, $1, $2, $3) }
        }
        guard written == length else { throw SystemError(EIO, "write") }
    }

    /// Vectors one call takes (IOV_MAX of Linux).
    private static let vectorsPerCall = 1_024

    private func moveAll(
        _ operation: String, _ vectors: [iovec], at offset: UInt64,
        _ move: (Int32, UnsafePointer<iovec>?, Int32, off_t) -> Int
    ) throws(SystemError) -> Int {
        var rest = vectors.filter { $0.iov_len > 0 }[...]
        var done = 0
        while !rest.isEmpty {
            let moved = try call(operation) { number in
                rest.withUnsafeBufferPointer { all in
                    let count = Int32(min(all.count, Self.vectorsPerCall))
                    return move(number, all.baseAddress, count, off_t(offset) + off_t(done))
                }
            }
            guard moved > 0 else { break }
            done += moved
            rest.drop(bytes: moved)
        }
        return done
    }
}

extension ArraySlice<iovec> {
    /// Takes `count` bytes off the front.
    fileprivate mutating func drop(bytes count: Int) {
        var count = count
        while let first, count >= first.iov_len {
            count -= first.iov_len
            removeFirst()
        }
        guard count > 0 else { return }
        self[startIndex].iov_base += count
        self[startIndex].iov_len -= count
    }
}

extension Descriptor {
    /// The file from its start, at most `limit` bytes.
    func readAll(limit: Int) throws(SystemError) -> [UInt8] {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 16)
        defer { room.deallocate() }
        let count = try read(into: [iovec(iov_base: room.baseAddress, iov_len: room.count)], at: 0)
        return Array(room[..<count])
    }
}
