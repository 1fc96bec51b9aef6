import Foundation
import Glibc
import MeshDisk
import TestPosix
import Testing

extension Stage {
    /// A folder with one of everything that is kept: `size` random bytes in one file, small files, an empty file and
    /// folder, modes, times, links, holes, names that are no text.
    func makeTree(_ name: String = "tree", size: Int = 3_000_000, small: Int = 20) {
        folder(name + "/deep/er")
        folder(name + "/empty")
        folder(name + "/closed")
        file(name + "/large", Noise.bytes(size), mode: 0o600)
        for number in 0..<small { file("\(name)/deep/\(number)", Noise.bytes(17 + number * 997 % 9_000)) }
        file(name + "/deep/er/run.sh", Array("#!/bin/sh\n".utf8), mode: 0o755)
        file(name + "/nothing", [])
        file(name + "/closed/read only", Array("text".utf8), mode: 0o444)
        file(name + "/line\nend \"quoted\" é", Array("odd".utf8))
        makeUnreadableName(below: name)
        makeSparse(name + "/holes")
        symlink("deep/er/run.sh", self(name + "/link"))
        symlink("nowhere", self(name + "/deep/dangling"))
        setTimes(below: name)
        chmod(self(name + "/closed"), 0o555)
        chmod(self(name + "/empty"), 0o700)
    }

    func folder(_ name: String) {
        try! FileManager.default.createDirectory(atPath: self(name), withIntermediateDirectories: true)
    }

    func file(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) {
        _ = FileManager.default.createFile(atPath: self(name), contents: Data(bytes))
        chmod(self(name), mode)
    }

    func setTime(_ name: String, _ seconds: Int, _ nanoseconds: Int) {
        setModified(self(name), seconds, nanoseconds)
    }

    func contents(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: self(name)).map(Array.init) }

    func names(_ name: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: self(name))) ?? []).sorted()
    }

    /// What is left of transfers below a folder: parts that never got their names.
    func parts(below name: String) -> [String] {
        let all = (FileManager.default.enumerator(atPath: self(name))?.allObjects as? [String]) ?? []
        return all.filter { $0.contains(".pmesh-") }
    }

    func expectSame(
        _ name: String = "OUT/tree", as source: String = "tree", folders: Bool = true,
        at location: SourceLocation = #_sourceLocation
    ) {
        var comparison = TreeComparison()
        comparison.comparesHoles = true
        do {
            var found = try comparison.differences(Array(self(source).utf8), Array(self(name).utf8))
            // A folder that another transfer made keeps its mode and time.
            if !folders { found.removeAll { ($0.kind == .mode || $0.kind == .time) && isFolder(source, $0.path) } }
            let isSame = found.isEmpty
            #expect(isSame, "\(found.prefix(8).map(\.description).joined(separator: "; "))", sourceLocation: location)
        } catch {
            Issue.record("\(error)", sourceLocation: location)
        }
    }

    private func isFolder(_ source: String, _ path: [UInt8]) -> Bool {
        var status = stat()
        let whole = Array(self(source).utf8) + [UInt8(ascii: "/")] + path + [0]
        let result = whole.withUnsafeBytes { lstat($0.bindMemory(to: CChar.self).baseAddress!, &status) }
        return result == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private func makeUnreadableName(below name: String) {
        let path = Array(self(name).utf8CString.dropLast()) + "/".utf8CString.dropLast() + [0x66, -1, -2, 0]
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o644)
        write(descriptor, "bytes", 5)
        close(descriptor)
    }

    /// 8 MiB long, and two blocks of it written.
    private func makeSparse(_ name: String) {
        let descriptor = open(self(name), O_WRONLY | O_CREAT, 0o640)
        pwrite(descriptor, "middle", 6, 3 << 20)
        pwrite(descriptor, "end", 3, (8 << 20) - 3)
        close(descriptor)
    }

    /// Times that differ from now in every digit; folders after what is in them.
    private func setTimes(below name: String) {
        let paths = (FileManager.default.enumerator(atPath: self(name))?.allObjects as? [String]) ?? []
        for (index, path) in ([""] + paths.sorted()).reversed().enumerated() {
            setTime(name + "/" + path, 1_500_000_000 + index, 123_456_789 - index)
        }
    }
}

enum Noise {
    /// Random bytes: nothing shrinks them.
    static func bytes(_ count: Int) -> [UInt8] {
        guard let source = FileHandle(forReadingAtPath: "/dev/urandom") else { return [] }
        defer { try? source.close() }
        return (try? source.read(upToCount: count)).map(Array.init) ?? []
    }
}
