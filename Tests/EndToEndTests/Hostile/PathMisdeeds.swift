import Foundation
import Glibc
import MeshTransfer
import MeshWire
import TestPosix
import Testing

/// Names that lead elsewhere, and names that are merely odd.
enum PathMisdeeds {
    // MARK: refused before a byte is written

    static let refused: [Misdeed] = [
        refuse("absolute path", "/etc/pmesh-was-here"),
        refuse("parent folder", ".."),
        refuse("parent folder inside", "a/../../outside/new"),
        refuse("parent folder at the end", "a/.."),
        refuse("empty component", "a//b"),
        refuse("slash at the end", "a/"),
        refuse("dot", "."),
        refuse("dot inside", "a/./b"),
        refuse("NUL", "a\0b"),
        refuse("escape sequence in a refused path", "\u{1b}]0;owned\u{7}/../x", saying: "\\x1b]0;owned\\x07"),
        refuse("part of another transfer", ".pmesh-0123456789abcdef-0.part"),
        refuse("part of another transfer as a folder", "d/.pmesh-0123456789abcdef-0.part/x"),
        refuse("name of 256 bytes", String(repeating: "n", count: 256)),
        refuse("path of 4,097 bytes", path(4_097), saying: "path of 4097, more than the limit of 4096"),
        refuse(
            "257 folders deep", [String](repeating: "d", count: 257).joined(separator: "/"), saying: "path depth of 257"
        ),
        Misdeed("empty path", .broken("invalid path")) { peer in
            try await peer.sendManifest(Goods.bytes([]))
        },
        Misdeed("bad path behind a thousand good ones", .broken("invalid path (../x)")) { peer in
            var goods = Goods()
            for number in 0..<2_000 { goods.folder("f\(number)") }
            goods.file("../x")
            try await peer.sendManifest(goods)
        },
    ]

    private static func refuse(_ name: String, _ path: String, saying words: String = "invalid path") -> Misdeed {
        Misdeed(name, .broken(words)) { try await $0.sendManifest(Goods.of(path)) }
    }

    /// A path of so many bytes that breaks no other rule.
    static func path(_ count: Int) -> String {
        var path = String(repeating: String(repeating: "p", count: 240) + "/", count: count / 241)
        path += String(repeating: "e", count: count - path.utf8.count)
        return path.hasSuffix("/") ? path.dropLast() + "e" : path
    }

    // MARK: legal, and kept as they are

    static let odd: [Misdeed] = [
        keep("name of 255 bytes", [String(repeating: "n", count: 255)]),
        keep("path of 4,096 bytes", [path(4_096)]),
        keep("256 folders deep", [[String](repeating: "d", count: 256).joined(separator: "/")]),
        keep("case twins", ["Twin", "twin"]),
        keep("Unicode twins", ["caf\u{e9}", "cafe\u{301}"]),
        keep("control characters", ["\u{1b}[2Jgone\r\n\u{7}", "\u{202e}txt.exe"]),
        keep("name that looks like a part", [".pmesh-0123456789abcdef-0.par", "pmesh-x.part"]),
        Misdeed("the same path twice", .success) { peer in
            var goods = Goods()
            goods.file("twice.txt", "one")
            goods.file("twice.txt", "two")
            try await peer.open()
            try await peer.transfer(goods)
        }.leaving { #expect(Set($0.names("OUT")).isSuperset(of: ["twice.txt", "twice (1).txt"])) },
    ]

    private static func keep(_ name: String, _ paths: [String]) -> Misdeed {
        Misdeed(name, .success) { peer in
            var goods = Goods()
            for path in paths { goods.file(path, path) }
            try await peer.open()
            try await peer.transfer(goods)
        }.leaving { stage in
            for path in paths {
                #expect(stage.isFile(below: "OUT", path), "\(name): \(path.prefix(80)) is not there")
            }
        }
    }

    // MARK: ways around

    static let detours: [Misdeed] = [
        Misdeed("file below a link of the same manifest", .success, options: ["--links", "all"]) { peer in
            var goods = Goods()
            goods.link("way", to: peer.stage("outside"))
            goods.file("way/planted")
            try await peer.open()
            try await peer.transfer(goods)
        }.leaving { #expect($0.isFile(below: "OUT", "way/planted")) },
        Misdeed("link for a later transfer", .success, options: ["--links", "all"]) { peer in
            var goods = Goods()
            goods.link("door", to: peer.stage("outside"))
            try await peer.open()
            try await peer.transfer(goods)
        },
        // Left out before it is wanted: the receipt comes without it.
        Misdeed("file below a link of an earlier transfer", .init(status: 23)) { peer in
            let goods = Goods.of("door/planted")
            try await peer.open()
            try await peer.offer(goods)
            try await peer.describe(goods)
            try await peer.accepted()
            #expect(try await peer.conclude().skipped == 1)
        },
        Misdeed("file over a link of an earlier transfer", .success, options: ["--on-conflict", "overwrite"]) { peer in
            try await peer.open()
            try await peer.transfer(Goods.of("door"))
        }.leaving { #expect($0.isFile(below: "OUT", "door")) },
        Misdeed("link out of the destination", .init(status: 23)) { peer in
            var goods = Goods()
            goods.link("out", to: "../outside/secret")
            goods.link("in", to: "file")
            goods.file("file")
            try await peer.open()
            try await peer.transfer(goods)
        }.leaving { #expect(!$0.names("OUT").contains("out") && $0.names("OUT").contains("in")) },
        Misdeed("folder swapped for a link under way", .init(status: 23)) { peer in
            let goods = twoFiles(in: "swap")
            try await peer.open()
            try await peer.promise(goods)
            try await peer.lead.connection.say(Framed.chunk(0, goods.chunks[0].bytes))
            try await peer.stage.appears("OUT/swap")
            try await peer.stage.swap("OUT/swap", forLinkTo: "outside")
            try await peer.deliver(goods)
            #expect(try await peer.conclude().skipped >= 1)
        },
        Misdeed("part swapped for a link under way", .broken("OUT/parted/file", status: 7, told: .destination)) {
            peer in
            let goods = twoChunks("parted")
            try await peer.open()
            try await peer.promise(goods)
            try await peer.lead.connection.say(Framed.chunk(0, goods.chunks[0].bytes))
            let part = try await peer.stage.part(below: "OUT/parted")
            try await peer.stage.swap(part, forLinkTo: "outside/secret")
            try await peer.deliver(goods)
        },
        Misdeed(
            "part swapped for a second name of another file", .broken("OUT/hard/file", status: 7, told: .destination)
        ) { peer in
            let goods = twoChunks("hard")
            try await peer.open()
            try await peer.promise(goods)
            try await peer.lead.connection.say(Framed.chunk(0, goods.chunks[0].bytes))
            let part = try await peer.stage.part(below: "OUT/hard")
            unlink(peer.stage(part))
            link(peer.stage("aside/other"), peer.stage(part))
            try await peer.deliver(goods)
        },
        // The folder was made for the first; the second gets another name.
        Misdeed("file in the place of a folder", .success) { peer in
            var goods = Goods()
            goods.file("both/below", "first")
            goods.file("both", "second")
            try await peer.open()
            try await peer.promise(goods)
            try await peer.lead.connection.say(Framed.chunk(0, goods.chunks[0].bytes))
            try await peer.lead.say(.sealed(entries: NumberSet(0..<1)))
            try await peer.stage.appears("OUT/both/below")
            try await peer.lead.connection.say(Framed.chunk(1, goods.chunks[1].bytes))
            try await peer.lead.say(.sealed(entries: NumberSet(1..<2)))
            #expect(try await peer.conclude().skipped == 0)
        }.leaving { #expect($0.isFile(below: "OUT", "both/below") && $0.isFile(below: "OUT", "both (1)")) },
    ]

    private static func twoFiles(in folder: String) -> Goods {
        var goods = Goods()
        goods.folder(folder)
        goods.file(folder + "/a", "first")
        goods.file(folder + "/b", "second")
        return goods
    }

    private static func twoChunks(_ path: String) -> Goods {
        var goods = Goods()
        goods.file(Array((path + "/file").utf8), Noise.bytes(300_000))
        return goods
    }
}

extension HostilePeer {
    /// An offer and its manifest, whatever the receiver makes of them.
    func sendManifest(_ goods: Goods) async throws {
        try await open()
        try await offer(goods)
        try await describe(goods)
    }
}

extension Stage {
    /// What a hostile peer would like to reach.
    func makeSurroundings() {
        folder("outside")
        file("outside/secret", Array("secret".utf8), mode: 0o600)
        folder("aside")
        file("aside/other", Array("other".utf8), mode: 0o600)
    }

    /// Looks for a file of any name, by steps: the whole path may be too long for one call.
    func isFile(below folder: String, _ path: String) -> Bool {
        var here = open(self(folder), O_RDONLY | O_DIRECTORY)
        let parts = path.split(separator: "/")
        for part in parts.dropLast() {
            let next = openat(here, String(part), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            close(here)
            here = next
        }
        defer { close(here) }
        return isRegularFile(here, String(parts.last ?? ""))
    }

    func appears(_ name: String) async throws {
        let isThere = await poll { access(self(name), F_OK) == 0 }
        guard isThere else { throw PlayFailure(description: "\(name) did not appear") }
    }

    /// The part of a transfer under way, by its path here.
    func part(below name: String) async throws -> String {
        var part: String?
        _ = await poll {
            part = names(name).first { $0.hasPrefix(".pmesh-") }
            return part != nil
        }
        guard let part else { throw PlayFailure(description: "no part appeared") }
        return name + "/" + part
    }

    /// As another program on the receiver's machine might: takes something away and puts a link there.
    func swap(_ name: String, forLinkTo target: String) async throws {
        guard rename(self(name), self("OUT/moved-\(UInt32.random(in: 0...UInt32.max))")) == 0,
            symlink(self(target), self(name)) == 0
        else {
            throw PlayFailure(description: "\(name) could not be swapped")
        }
    }
}
