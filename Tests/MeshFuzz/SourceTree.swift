import Foundation

/// A folder of its own with a little of everything that is sent, below the system's folder for temporary files.
struct SourceTree {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "pmesh-fuzz-\(UUID().uuidString)")
        let files = FileManager.default
        try files.createDirectory(at: tree.appending(path: "sub folder"), withIntermediateDirectories: true)
        var chance = Seeded(3)
        let noise = (0..<300).map { _ in UInt8.random(in: 0...255, using: &chance) }
        try Data(String(repeating: "plain words ", count: 200).utf8).write(to: tree.appending(path: "text.txt"))
        try Data(noise).write(to: tree.appending(path: "sub folder/noise \u{1F600}.bin"))
        try Data().write(to: tree.appending(path: "empty"))
        try Data(count: 40_000).write(to: tree.appending(path: "zeros"))
        try files.createSymbolicLink(atPath: tree.path + "/link", withDestinationPath: "sub folder/../text.txt")
    }

    private var tree: URL { folder.appending(path: "tree") }
    var root: [UInt8] { Array(tree.path.utf8) }

    func remove() { try? FileManager.default.removeItem(at: folder) }
}
