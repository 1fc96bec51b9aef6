import FoundationEssentials
import Glibc
import Synchronization

/// A folder of the benchmark's own, removed at the end.
struct Scratch: Sendable {
    let path: String

    init(below folder: String) throws {
        path = "\(folder)/pmesh-bench.\(getpid())"
        guard mkdir(path, 0o700) == 0 else {
            throw BenchError("cannot make \(path): choose another folder with --folder")
        }
    }

    subscript(name: String) -> String { path + "/" + name }

    func clear(_ name: String) { try? FileManager.default.removeItem(atPath: self[name]) }

    /// Keeps until the end what the next run must not find: for minutes ext4 is slow to make files where thousands were
    /// deleted.
    func putAside(_ name: String, as other: String) { rename(self[name], self[other]) }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// Ctrl-C: children get it from the terminal too; what is left is to end the loops and remove the folder.
enum Stopping {
    private static let isAsked = Atomic<Bool>(false)

    /// A handler, not SIG_IGN: children would inherit that.
    static func listen() {
        for number in [SIGINT, SIGTERM] { signal(number) { _ in Stopping.isAsked.store(true, ordering: .relaxed) } }
    }

    static func check() throws {
        if isAsked.load(ordering: .relaxed) { throw BenchError("interrupted") }
    }
}

/// Bytes that do not shrink, fast: SplitMix64 (Steele, Lea, Flood 2014). The same seed gives the same bytes.
struct Noise: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    mutating func fill(_ region: UnsafeMutableRawBufferPointer) {
        for index in 0..<region.count / 8 {
            region.storeBytes(of: next(), toByteOffset: index * 8, as: UInt64.self)
        }
        for index in region.count & ~7..<region.count { region[index] = UInt8(truncatingIfNeeded: next()) }
    }
}

/// What is sent.
enum Corpus {
    /// A file of `size` incompressible bytes.
    static func write(_ path: String, size: Int, seed: UInt64) throws {
        var noise = Noise(seed: seed)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(path) }
        defer { close(file) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4_096)
        defer { buffer.deallocate() }
        var rest = size
        while rest > 0 {
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(min(rest, buffer.count)))
            noise.fill(piece)
            guard Glibc.write(file, piece.baseAddress, piece.count) == piece.count else { throw failure(path) }
            rest -= piece.count
            try Stopping.check()
        }
    }

    /// `count` files of 1 byte to 24 KiB in folders of a hundred.
    static func writeSmall(_ path: String, count: Int) throws -> Int {
        var sizes = Noise(seed: 7)
        var sum = 0
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        for number in 0..<count {
            let folder = "\(path)/\(number / 100)"
            if number % 100 == 0 { mkdir(folder, 0o755) }
            let size = Int(sizes.next() % 24_576) + 1
            try write("\(folder)/\(number % 100)", size: size, seed: UInt64(number))
            sum += size
        }
        return sum
    }

    private static func failure(_ path: String) -> BenchError {
        BenchError(
            "cannot write \(path) (\(String(cString: strerror(errno)))): free some space, or choose another --folder")
    }
}
