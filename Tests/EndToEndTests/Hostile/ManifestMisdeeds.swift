import MeshTransfer
import MeshWire
import NIOCore
import Testing

/// Manifests that lie, and pages that do not behave.
enum ManifestMisdeeds {
    static let lies: [Misdeed] = [
        lie("more files than offered", "not what was offered") { goods, sums in
            goods.file("second")
            sums = TransferSums(entries: 2, files: 1, bytes: 14, allocated: 14)
        },
        lie("more bytes than offered", "not what was offered") { _, sums in sums.bytes -= 1 },
        lie("more entries than offered", "not what was offered") { goods, _ in goods.folder("more") },
        lie("less on disk than there is", "not what was offered") { _, sums in sums.allocated = 0 },
        Misdeed("more space than any disk has", .broken("no space", status: 7, told: .diskFull)) { peer in
            let goods = Goods.of("a")
            try await peer.open()
            try await peer.offer(
                goods, sums: TransferSums(entries: 1, files: 1, bytes: 7, allocated: .max - 7))
        },
        lie("first chunk that is not due", "invalid manifest entry") { goods, _ in goods.entries[0].firstChunk = 1 },
        lie("size beyond 2^63", "file size of 9223372036854775808") { goods, _ in
            goods.entries[0].size = 1 << 63
        },
        lie("size of more chunks than there are", "invalid manifest entry") { goods, sums in
            goods.entries[0].size = UInt64(Int64.max)
            sums.bytes = UInt64(Int64.max)
        },
        lie("allocated size beyond 2^63", "allocated size of") { goods, _ in goods.entries[0].allocated = .max },
        lie("setuid bit", "invalid file mode") { goods, _ in goods.entries[0].mode = 0o4755 },
        lie("nanoseconds beyond a second", "invalid modification time") { goods, _ in
            goods.entries[0].nanoseconds = 1_000_000_000
        },
        lie("link target with NUL", "invalid link target") { goods, _ in
            goods.entries[0] = ManifestEntry(kind: .link, path: [97], target: [97, 0])
        },
        lie("folder with a size", "invalid file size") { goods, _ in goods.entries[0].kind = .folder },
        lie("omission for a reason of the receiver", "invalid file size") { goods, _ in
            goods.entries[0] = ManifestEntry(omitting: [97], .exists)
        },
        lie("omission that leads elsewhere", "invalid path") { goods, _ in
            goods.entries[0] = ManifestEntry(omitting: Array("../a".utf8), .unreadable)
        },
        lie("withdrawal of what is not there", "invalid manifest entry") { goods, _ in
            goods.entries.append(ManifestEntry(kind: .withdrawal, path: [], size: 7, firstChunk: 1))
        },
        Misdeed("end with other chunks than its entries", .broken("invalid chunk count")) { peer in
            let goods = Goods.of("a")
            try await peer.open()
            try await peer.offer(goods)
            for page in try goods.pages() { try await peer.lead.say(page) }
            try await peer.lead.say(.manifestEnd(entries: 1, chunks: 2))
        },
        Misdeed("file too large for any disk", .init(status: 23)) { peer in
            var goods = Goods()
            goods.add(ManifestEntry(kind: .file, path: [97], size: 1 << 61, allocated: 1 << 20, mode: 0o600))
            try await peer.open()
            try await peer.offer(goods)
            try await peer.describe(goods)
            try await peer.accepted()
            #expect(try await peer.conclude().skipped == 1)
        },
    ]

    private static func lie(
        _ name: String, _ words: String, _ change: @escaping @Sendable (inout LyingGoods, inout TransferSums) -> Void
    ) -> Misdeed {
        Misdeed(name, .broken(words)) { peer in
            let honest = Goods.of("a")
            var goods = LyingGoods(entries: honest.entries)
            var sums = honest.sums
            change(&goods, &sums)
            try await peer.open()
            try await peer.offer(honest, sums: sums)
            let page = try expected(ManifestPage.encode(goods.entries, first: 0), "a page").message
            try await peer.lead.say(page)
            try await peer.lead.say(.manifestEnd(entries: UInt64(goods.entries.count), chunks: 1))
        }
    }

    /// Entries that need not add up.
    struct LyingGoods: Sendable {
        var entries: [ManifestEntry]

        mutating func file(_ path: String) {
            entries.append(
                ManifestEntry(kind: .file, path: Array(path.utf8), size: 7, allocated: 7, mode: 0o644, firstChunk: 1))
        }

        mutating func folder(_ path: String) {
            entries.append(ManifestEntry(kind: .folder, path: Array(path.utf8), mode: 0o755, firstChunk: 1))
        }
    }

    static let pages: [Misdeed] = [
        Misdeed("page that is no zlib stream", .broken("invalid manifest page")) { peer in
            try await peer.sendPage(count: 1, rawLength: 100, [1, 2, 3, 4, 5, 6, 7])
        },
        Misdeed("page that inflates to a gigabyte", .broken("invalid manifest page")) { peer in
            // 64 MiB a stream are as good: what counts is that inflating stops at the length that was said.
            try await peer.sendPage(count: 1, rawLength: Limits.page, try Framed.bomb(64 << 20))
        },
        Misdeed("page of more than its limit", .broken("manifest page of 1048577")) { peer in
            try await peer.sendPage(count: 1, rawLength: Limits.page + 1, [1])
        },
        Misdeed("page of another count", .broken("truncated entry kind")) { peer in
            let page = try Goods.of("a").pages()[0]
            guard case .manifestPage(_, _, let rawLength, let deflated) = page else { return }
            try await peer.sendPage(count: 2, rawLength: rawLength, Array(buffer: deflated))
        },
        Misdeed("page of too many entries", .broken("invalid manifest page")) { peer in
            try await peer.sendPage(count: 1_025, rawLength: 100, try Framed.bomb(100))
        },
        Misdeed("pages without end", .broken("invalid number of m")) { peer in
            var goods = Goods()
            for number in 0..<60_000 { goods.folder("f\(number)") }
            try await peer.open()
            try await peer.offer(
                goods, sums: TransferSums(entries: 0, files: 0, bytes: 0, allocated: 0), counting: true)
            for page in try goods.pages() {
                do { try await peer.lead.say(page) } catch { break }
            }
        },
        Misdeed("pages out of order, then in order", .success) { peer in
            let goods = folders(3_000)
            let pages = try goods.pages()
            try await peer.open()
            try await peer.offer(goods)
            try await peer.lead.say(pages[0])
            try await peer.accepted()
            try await peer.lead.say(pages[2])
            try await peer.asked(from: 1_024)
            try await peer.lead.say(pages[1])
            // One that came before, with other names: it is not looked at again.
            try await peer.lead.say(try folders(3_000, "other").pages()[0])
            try await peer.lead.say(pages[2])
            try await peer.lead.say(.manifestEnd(entries: goods.totals.entries, chunks: 0))
            try await peer.conclude()
        },
        Misdeed("end before its pages", .broken("the other side cancelled", status: 3, told: nil)) { peer in
            let goods = Goods.of("a")
            try await peer.open()
            let id = try await peer.offer(goods)
            for page in try goods.pages() { try await peer.lead.say(page) }
            try await peer.accepted()
            try await peer.lead.say(.manifestEnd(entries: 900, chunks: 900))
            try await peer.asked(from: 1)
            try await peer.control.say(.transfer(TransferControl(transfer: id, action: .cancel)))
        },
    ]

    static func folders(_ count: Int, _ stem: String = "f") -> Goods {
        var goods = Goods()
        for number in 0..<count { goods.folder("\(stem)\(number)") }
        return goods
    }

    /// Paced as the receiver says, a manifest may be as long as it likes.
    static func many(_ count: Int) -> Misdeed {
        Misdeed("a manifest of \(count) entries", .broken("the other side cancelled", status: 3, told: nil)) { peer in
            try await peer.open()
            let none = TransferSums(entries: 0, files: 0, bytes: 0, allocated: 0)
            let id = try await peer.offer(Goods(), sums: none, counting: true)
            var next: UInt64 = 0
            while next < count {
                let entries = (next..<next + 1_024).map { number in
                    ManifestEntry(kind: .link, path: Array("l\(number)".utf8), target: [120])
                }
                let page = try expected(ManifestPage.encode(entries, first: next), "a page")
                try await peer.lead.say(page.message)
                next += UInt64(page.count)
                let behind = next > 4_096 ? next - 4_096 : 0
                try await peer.kept(behind)
            }
            try await peer.kept(next)
            try await peer.control.say(.transfer(TransferControl(transfer: id, action: .cancel)))
        }
    }
}

extension HostilePeer {
    func sendPage(count: Int, rawLength: Int, _ deflated: [UInt8]) async throws {
        try await open()
        try await offer(Goods.of("a"))
        try await lead.say(
            .manifestPage(first: 0, count: count, rawLength: rawLength, deflated: ByteBuffer(bytes: deflated)))
    }

    func asked(from entry: UInt64) async throws {
        let isAsked = try await lead.message { message -> Bool? in
            if case .manifestAgain(let from) = message, from == entry { true } else { nil }
        }
        try expected(isAsked, "a question for entry \(entry)")
    }

    /// Waits until the receiver has the entries before `bound` in its journal.
    func kept(_ bound: UInt64) async throws {
        guard bound > 0 else { return }
        let isKept = try await lead.message(within: 30) { message -> Bool? in
            if case .manifestKept(let entries) = message, entries >= bound { true } else { nil }
        }
        try expected(isKept, "the word that \(bound) entries are kept")
    }
}
