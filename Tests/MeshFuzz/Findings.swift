import Foundation

/// Inputs that once broke a promise, or ended the process: kept beside the decoders, a folder for each.
package enum Findings {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Findings")

    /// Which decoders have some.
    package static var decoders: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { !$0.hasPrefix(".") }
    }

    package static func all(of decoder: String) -> [(name: String, bytes: [UInt8])] {
        let folder = folder.appending(path: decoder)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.sorted().map { name in
            (name, (try? Data(contentsOf: folder.appending(path: name))).map(Array.init) ?? [])
        }
    }
}
