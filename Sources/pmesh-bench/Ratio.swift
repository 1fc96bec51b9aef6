import ArgumentParser
import Foundation
import MeshTransfer

/// What zlib makes of a tree, chunk by chunk as they are sent: the mark for `--compress auto` on a slow link.
struct Ratio: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a tree's bytes, its files, and the bytes after zlib, each chunk for itself.")

    @Argument(help: "The tree.")
    var folder: String

    @Option(help: "zlib's level, 1 to 9.")
    var level = 6

    func validate() throws {
        guard (1...9).contains(level) else { throw ValidationError("--level takes 1 to 9") }
    }

    func run() throws {
        guard let paths = FileManager.default.enumerator(atPath: folder) else {
            throw BenchError("\(folder) cannot be read: name a folder")
        }
        var deflater = Deflater(level: level)
        var (bytes, files, packed) = (0, 0, 0)
        for case let path as String in paths {
            let whole = folder + "/" + path
            let kind = try FileManager.default.attributesOfItem(atPath: whole)[.type] as? FileAttributeType
            guard kind == .typeRegular, let data = FileManager.default.contents(atPath: whole) else { continue }
            files += 1
            bytes += data.count
            packed += Self.packed(data, with: &deflater)
        }
        print("\(bytes) \(files) \(packed)")
    }

    /// Bytes of a file's chunks; one that does not shrink counts as it is.
    private static func packed(_ data: Data, with deflater: inout Deflater?) -> Int {
        let step = ChunkPlan.chunkSize(fileSize: UInt64(data.count))
        var room = [UInt8](repeating: 0, count: step)
        var sum = 0
        data.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: step) {
                let chunk = UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + step, bytes.count)])
                sum += room.withUnsafeMutableBytes { room in
                    let target = UnsafeMutableRawBufferPointer(rebasing: room.prefix(chunk.count))
                    return deflater?.deflate([chunk], into: [target]) ?? chunk.count
                }
            }
        }
        return sum
    }
}
