import Foundation

/// The package as it lies on disk.
enum House {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Everything that is built but tests: the rules for sources hold here.
    static let sources = swiftFiles(below: "Sources") + swiftFiles(below: "Examples") + swiftFiles(below: "migrations")
    static let tests = swiftFiles(below: "Tests")

    static func swiftFiles(below folder: String) -> [SourceFile] {
        let start = root.appending(path: folder)
        let paths = (FileManager.default.enumerator(atPath: start.path)?.allObjects as? [String]) ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().map { path in
            SourceFile(
                path: "\(folder)/\(path)",
                text: (try? String(contentsOf: start.appending(path: path), encoding: .utf8)) ?? "")
        }
    }

    static func text(of path: String) -> String {
        (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
    }

    static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path).sorted()) ?? []
    }
}

/// One Swift file, with what is no code blanked out.
struct SourceFile: Sendable, CustomStringConvertible {
    let path: String
    let text: String
    /// The text with comments and strings replaced by blanks; line for line the same.
    let code: String

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = CodeMask.code(of: text)
    }

    /// The target: the folder below `Sources` or `Examples`, or `migrations`.
    var room: String {
        let parts = path.split(separator: "/")
        return parts[0] == "migrations" ? "migrations" : String(parts[1])
    }

    var name: String { String(path.split(separator: "/").last ?? "") }
    var lineCount: Int { text.split(separator: "\n", omittingEmptySubsequences: false).count - 1 }
    var description: String { path }

    /// Modules that are imported, wherever in the file and in whatever form.
    var imports: Set<String> {
        Set(
            code.split(separator: "\n").compactMap { line -> String? in
                let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
                guard let place = words.firstIndex(of: "import"), line.firstWordIsImport else { return nil }
                let kinds: Set = ["struct", "class", "enum", "protocol", "func", "typealias", "var", "let"]
                return words[(place + 1)...].first { !kinds.contains($0) }
            })
    }

    /// Names of the types that are declared.
    var types: [String] {
        let words = code.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
        let kinds: Set = ["struct", "class", "enum", "protocol", "actor", "typealias"]
        return zip(words, words.dropFirst()).compactMap {
            kinds.contains($0) && $1.first?.isUppercase == true ? $1 : nil
        }
    }
}

extension Substring {
    /// Whether nothing but access levels and attributes stands before `import`.
    fileprivate var firstWordIsImport: Bool {
        let before: Set = ["public", "package", "internal", "fileprivate", "private", "@testable", "@preconcurrency"]
        return split(separator: " ").first { !before.contains(String($0)) } == "import"
    }
}
