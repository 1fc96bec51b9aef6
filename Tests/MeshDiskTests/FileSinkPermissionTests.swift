import Foundation
import Glibc
import MeshTransfer
import MeshWire
import Testing

@testable import MeshDisk

/// Whose bits a received file or folder has.
@Suite struct FileSinkPermissionTests {
    private let scratch = Scratch()

    /// USE.md's `.ssh`, and what a shared folder has: nothing of it becomes the sender's.
    @Test(arguments: [0o700, 0o2770, 0o1777, 0o555] as [UInt16])
    func `a folder that was there keeps mode, bits and time`(_ mode: UInt16) throws {
        let sink = try sink(scratch.path)
        mkdir(scratch("there"), 0o700)
        chmod(scratch("there"), mode_t(mode))
        scratch("there").setModified(100, 200)
        try sink.makeFolder(folderEntry("there", mode: 0o777))
        try sink.finishFolder(foundFolder("there", mode: 0o777, was: mode))
        #expect(scratch("there").mode == mode_t(mode))
        #expect(scratch("there").stat?.st_mtim.tv_sec == 100)
    }

    @Test func `with --perms it gets the sender's mode and keeps its bits`() throws {
        let sink = try sink(scratch.path, permissions: .all)
        mkdir(scratch("there"), 0o700)
        chmod(scratch("there"), 0o2770)
        try sink.finishFolder(foundFolder("there", mode: 0o755, was: 0o2770))
        #expect(scratch("there").mode == 0o2755)
    }

    /// A folder that its owner may not write into is opened up for the transfer's time only.
    @Test func `what was opened up is closed again`() throws {
        let sink = try sink(scratch.path)
        mkdir(scratch("there"), 0o700)
        chmod(scratch("there"), 0o2755)
        try sink.finishFolder(foundFolder("there", mode: 0o777, was: 0o2555))
        #expect(scratch("there").mode == 0o2555)
        chmod(scratch("there"), 0o711)
        try sink.finishFolder(foundFolder("there", mode: 0o777, was: 0o2555))
        #expect(scratch("there").mode == 0o711, "somebody changed it meanwhile")
    }

    @Test func `a new folder keeps the setgid that its parent gives`() throws {
        mkdir(scratch("shared"), 0o700)
        chmod(scratch("shared"), 0o2775)
        let sink = try sink(scratch.path)
        try sink.makeFolder(folderEntry("shared/new/inner"))
        try sink.finishFolder(madeFolder("shared/new/inner", mode: 0o750))
        try sink.finishFolder(madeFolder("shared/new", mode: 0o755))
        #expect(scratch("shared/new").mode == 0o2755)
        #expect(scratch("shared/new/inner").mode == 0o2750)
    }

    @Test func `new files get the sender's bits, with --no-perms less the umask`() throws {
        for rule in PermissionRule.allCases {
            let sink = try sink(scratch(rule.rawValue), permissions: rule)
            _ = try sink.finish(sink.put(received("file", mode: 0o666)), rule: .rename)
            try sink.makeFolder(folderEntry("folder"))
            try sink.finishFolder(madeFolder("folder", mode: 0o777))
            let withheld: mode_t = rule == .receiver ? mode_t(Umask.current) : 0
            #expect(scratch("\(rule.rawValue)/file").mode == 0o666 & ~withheld)
            #expect(scratch("\(rule.rawValue)/folder").mode == 0o777 & ~withheld)
        }
    }

    @Test func `a replaced file gets the sender's mode, with --no-perms it keeps its own and its owner`() throws {
        for rule in PermissionRule.allCases {
            let path = "\(rule.rawValue)/file"
            scratch.file(path)
            chmod(scratch(path), 0o640)
            if geteuid() == 0 { chown(scratch(path), 12_345, 23_456) }
            let before = scratch(path).stat
            let sink = try sink(scratch(rule.rawValue), permissions: rule)
            _ = try sink.finish(sink.put(received("file", mode: 0o666), "news".bytes), rule: .overwrite)
            #expect(scratch(path).contents == "news".bytes)
            #expect(scratch(path).mode == (rule == .receiver ? 0o640 : 0o666))
            guard rule == .receiver else { continue }
            #expect(scratch(path).stat?.st_uid == before?.st_uid && scratch(path).stat?.st_gid == before?.st_gid)
        }
    }

    @Test func `the umask is the one that a child has`() {
        #expect(shell("sh", "-c", "test $(umask) -eq \(String(Umask.current, radix: 8))"))
    }
}
