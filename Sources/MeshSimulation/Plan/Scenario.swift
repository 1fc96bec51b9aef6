import MeshTransfer
import MeshWire

/// What is sent, and how: drawn from a seed.
struct Scenario {
    var files: [[UInt8]: [UInt8]] = [:]
    /// Files whose length is not known before they are read.
    var open: [[UInt8]: [UInt8]] = [:]
    /// Folders and links of the tree.
    var others: [SourceEntry] = []
    /// Files that stand at a receiver before.
    var foreign: [[UInt8]: [UInt8]] = [:]
    /// Folders that stand at a receiver before, with their modes.
    var foreignFolders: [[UInt8]: UInt16] = [:]
    /// What a receiver's file system cannot hold.
    var unfit: [[UInt8]: SkipReason] = [:]
    /// Files that the sender cannot read.
    var denied: Set<[UInt8]> = []
    /// 1 or 2: receivers at the same time.
    let receivers: Int
    let rules: ReceiveRules
    /// A receiver reckons what will be written before it wants anything.
    let isRoomDoubtful: Bool
    /// A receiver's files have the same numbers after it was mounted again, or are taken to have them.
    let keepsInodes: Bool
    let compression: CompressionMode
    let dialer: Side

    init(using random: inout Seeded) {
        receivers = random.oneIn(8) ? 2 : 1
        let rule = random.oneIn(3) ? ConflictRule.allCases.randomElement(using: &random) ?? .rename : .rename
        rules = ReceiveRules(onConflict: rule, fsync: random.oneIn(5))
        isRoomDoubtful = random.oneIn(4)
        keepsInodes = !random.oneIn(4)
        let modes: [CompressionMode] = [.never, .always, .auto, .level(1)]
        compression = modes.randomElement(using: &random) ?? .auto
        dialer = random.oneIn(2) ? .sender : .receiver
        makeFiles(using: &random)
        makeOthers(using: &random)
        if random.oneIn(5) { drawUnfit(using: &random) }
        if random.oneIn(6) {
            let paths = files.keys.sorted { $0.lexicographicallyPrecedes($1) }
            denied = Set(paths.filter { _ in random.oneIn(5) })
        }
        if random.oneIn(4) { foreignFolders[Array("d".utf8)] = 0o2750 }
        for path in files.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) where random.oneIn(12) {
            foreign[path] = Array("somebody's own".utf8)
        }
        if random.oneIn(4) { makeOpen(using: &random) }
    }

    /// Small files, some of them empty or holes, and in some trees one of several chunks.
    private mutating func makeFiles(using random: inout Seeded) {
        for index in 0..<Int.random(in: 1...(random.oneIn(6) ? 120 : 16), using: &random) {
            let size = random.oneIn(6) ? 0 : Int.random(in: 1...500, using: &random)
            let tone = UInt8(truncatingIfNeeded: random.next())
            let folder = random.oneIn(3) ? "d/" : ""
            files[Array("\(folder)f\(index)".utf8)] =
                random.oneIn(6) ? [UInt8](repeating: 0, count: size) : Self.content(size, tone)
        }
        guard random.oneIn(3) else { return }
        let size = random.oneIn(30) ? 7_000_000 : Int.random(in: 270_000...1_300_000, using: &random)
        files[Array("large".utf8)] = Self.content(size, UInt8(truncatingIfNeeded: random.next()))
    }

    /// One to three, some of them empty, of one chunk, or ending with a whole one.
    private mutating func makeOpen(using random: inout Seeded) {
        for index in 0..<Int.random(in: 1...3, using: &random) {
            let whole = Int.random(in: 0...3, using: &random) * Limits.openChunk
            let size = whole + (random.oneIn(3) ? 0 : Int.random(in: 1...9_000, using: &random))
            open[Array("d/open\(index)".utf8)] = Self.content(size, UInt8(truncatingIfNeeded: random.next()))
        }
    }

    /// Some files, and now and then a folder with all that is in it.
    private mutating func drawUnfit(using random: inout Seeded) {
        let reasons: [SkipReason] = [.name, .size, .denied]
        for path in files.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) where random.oneIn(5) {
            unfit[path] = reasons.randomElement(using: &random)
        }
        for entry in others where random.oneIn(5) { unfit[entry.manifest.path] = .name }
    }

    private mutating func makeOthers(using random: inout Seeded) {
        func add(_ kind: EntryKind, _ path: String, target: String = "") {
            others.append(
                SourceEntry(
                    number: 0,
                    manifest: ManifestEntry(
                        kind: kind, path: Array(path.utf8), mode: 0o755, seconds: 5, target: Array(target.utf8)),
                    identity: SourceIdentity(device: 1, inode: 1, changed: 0)))
        }
        add(.folder, "d")
        if random.oneIn(2) { add(.folder, "empty") }
        if random.oneIn(2) { add(.link, "link", target: "large") }
    }

    /// Bytes that tell what they should be where they are.
    static func content(_ size: Int, _ tone: UInt8) -> [UInt8] {
        let line = (0..<251).map { UInt8(truncatingIfNeeded: $0 &* 7) &+ tone }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + line.count)
        var number: UInt8 = tone
        while bytes.count < size {
            bytes += line
            bytes.append(number)
            number &+= 1
        }
        return Array(bytes.prefix(size))
    }

    /// The whole tree in the walk's order, as `disk` has it now.
    func tree(_ disk: SimulatedDisk) -> [SourceEntry] {
        let entries = others + disk.sources.keys.compactMap { disk.entry($0) }
        return entries.sorted { ManifestComparison.precedes($0.manifest.path, $1.manifest.path) }
    }
}
