import Foundation
import Glibc
import MeshTransfer
import MeshWire
import NIOCore
import Testing

@testable import MeshDisk

/// A folder of a test's own, removed when the test lets go of it.
final class Scratch: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/meshdisk-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template)!)
    }

    deinit {
        if (try? FileManager.default.removeItem(atPath: path)) != nil { return }
        // Folders closed by their mode, or paths longer than one call takes.
        _ = shell("chmod", "-R", "u+rwx", path)
        _ = shell("rm", "-rf", path)
    }

    func callAsFunction(_ name: String) -> String { path + "/" + name }

    /// Makes a file and the folders above it.
    @discardableResult
    func file(_ name: String, _ bytes: [UInt8] = Array("text".utf8), mode: mode_t = 0o644) -> String {
        folder(name.split(separator: "/").dropLast().joined(separator: "/"))
        _ = FileManager.default.createFile(atPath: self(name), contents: Data(bytes))
        chmod(self(name), mode)
        return self(name)
    }

    @discardableResult
    func folder(_ name: String, mode: mode_t = 0o755) -> String {
        try! FileManager.default.createDirectory(atPath: self(name), withIntermediateDirectories: true)
        if !name.isEmpty { chmod(self(name), mode) }
        return self(name)
    }

    @discardableResult
    func link(_ name: String, to target: String) -> String {
        folder(name.split(separator: "/").dropLast().joined(separator: "/"))
        symlink(target, self(name))
        return self(name)
    }
}

extension String {
    var bytes: [UInt8] { Array(utf8) }

    var stat: stat? {
        var info = Glibc.stat()
        return lstat(self, &info) == 0 ? info : nil
    }

    var exists: Bool { stat != nil }
    var isLink: Bool { stat.map { $0.st_mode & S_IFMT == S_IFLNK } ?? false }
    var mode: mode_t { stat.map { $0.st_mode & 0o7777 } ?? 0 }
    var contents: [UInt8]? { FileManager.default.contents(atPath: self).map(Array.init) }
    /// Names in the folder.
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: self).sorted()) ?? [] }

    func setModified(_ seconds: Int, _ nanoseconds: Int) {
        let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
        utimensat(AT_FDCWD, self, [time, time], AT_SYMLINK_NOFOLLOW)
    }
}

/// Bytes that repeat nowhere near and hold no long runs of zeros.
func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state) | 1
    }
}

func bytes(_ entry: SourceEntry) -> String { EntryPath.escaped(entry.manifest.path) }

/// The whole list of a walk.
func walk(_ walk: SourceWalk, batch: Int = 100) throws -> [SourceEntry] {
    var all: [SourceEntry] = []
    while true {
        let next = try walk.next(limit: batch)
        if next.isEmpty { return all }
        all += next
    }
}

extension FileSource {
    /// One piece of a file; nil where it is a hole.
    func bytes(_ entry: SourceEntry, _ offset: UInt64, _ length: Int) throws -> [UInt8]? {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, length), alignment: 1)
        defer { room.deallocate() }
        let half = length / 2
        let regions = [
            UnsafeMutableRawBufferPointer(rebasing: room[..<half]),
            UnsafeMutableRawBufferPointer(rebasing: room[half..<length]),
        ]
        return try read(entry, offset: offset, into: regions) ? nil : Array(room[..<length])
    }
}

let someTransfer = TransferID(Bytes16(Array(1...16))!)

func sink(
    _ path: String, permissions: PermissionRule = .sender, openParts: Int = 128, openFolders: Int = 64
) throws -> FileSink {
    try FileSink(
        destination: path.bytes, transfer: someTransfer, permissions: permissions, openParts: openParts,
        openFolders: openFolders)
}

func received(
    _ path: String, number: UInt64 = 0, size: Int = 4, allocated: Int? = nil, mode: UInt16 = 0o644, seconds: Int64 = 1,
    nanoseconds: UInt32 = 2, state: EntryState = .open, part: PartIdentity? = nil
) -> ReceivedEntry {
    ReceivedEntry(
        number: number,
        manifest: ManifestEntry(
            kind: .file, path: path.bytes, size: UInt64(size), allocated: UInt64(allocated ?? size), mode: mode,
            seconds: seconds, nanoseconds: nanoseconds), state: state, part: part)
}

func receivedLink(_ path: String, to target: String) -> ReceivedEntry {
    ReceivedEntry(number: 9, manifest: ManifestEntry(kind: .link, path: path.bytes, seconds: 5, target: target.bytes))
}

func folderEntry(_ path: String, mode: UInt16 = 0o755) -> ManifestEntry {
    ManifestEntry(kind: .folder, path: path.bytes, mode: mode, seconds: 7, nanoseconds: 8)
}

/// A folder that the transfer made.
func madeFolder(_ path: String, mode: UInt16 = 0o755) -> ReceivedEntry { madeFolder(folderEntry(path, mode: mode)) }

func madeFolder(_ entry: ManifestEntry) -> ReceivedEntry { ReceivedEntry(number: 0, manifest: entry, origin: .made) }

/// A folder that was there before, with this mode.
func foundFolder(_ path: String, mode: UInt16, was: UInt16) -> ReceivedEntry {
    ReceivedEntry(number: 0, manifest: folderEntry(path, mode: mode), origin: .there(mode: was))
}

extension FileSink {
    /// The whole of a small file in one write; answers the entry with its part.
    func put(_ entry: ReceivedEntry, _ bytes: [UInt8] = Array("text".utf8)) throws -> ReceivedEntry {
        var entry = entry
        entry.part = try write(entry, offset: 0, length: bytes.count, slices: [ByteBuffer(bytes: bytes)])
        return entry
    }

    func partPath(_ entry: ReceivedEntry, in folder: String) -> String {
        folder + "/" + String(decoding: partName(entry), as: UTF8.self)
    }
}

/// Runs `body` on a small file system of its own where this user may mount one.
func withSmallDisk(_ body: (String) throws -> Void) throws {
    let scratch = Scratch()
    try #require(shell("mount", "-t", "tmpfs", "-o", "size=1m", "none", scratch.path))
    defer { _ = shell("umount", "-l", scratch.path) }
    try body(scratch.path)
}

/// Whether `mount` works here: root in a container often may not.
let canMount: Bool = {
    guard geteuid() == 0 else { return false }
    let scratch = Scratch()
    guard shell("mount", "-t", "tmpfs", "-o", "size=1m", "none", scratch.path) else { return false }
    return shell("umount", scratch.path)
}()

func shell(_ words: String...) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
}
