import Foundation
import Testing

/// The tap that writes down the control plane is there for tests: in debug builds alone.
@Suite struct TapTests {
    private static let variable = "PMESH_CONTROL_TAP"
    private static let type = "ControlTap"
    /// As symbols and metadata write it. The bare name may stand in debugging information, as a file's.
    private static let symbol = "10ControlTap"

    /// What is compiled where DEBUG is not defined.
    private static func released(_ text: String) -> String {
        var isDebug: [Bool] = []
        return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            let words = line.split(separator: " ")
            switch words.first {
            case "#if": isDebug.append(words.dropFirst().elementsEqual(["DEBUG"]))
            case "#endif": isDebug.removeLast()
            case "#else", "#elseif": isDebug[isDebug.count - 1] = false
            default: return !isDebug.contains(true)
            }
            return false
        }.joined(separator: "\n")
    }

    @Test(arguments: House.sources) func nothingOfItIsLeftWithoutDebug(_ file: SourceFile) {
        let left = Self.released(file.text)
        #expect(!left.contains(Self.variable) && !left.contains(Self.type), "\(file) has the tap in release builds")
    }

    @Test func theFenceIsSeen() {
        let text = "a\n#if DEBUG\nb\n#if os(Linux)\nc\n#endif\n#else\nd\n#endif\n#if !DEBUG\ne\n#endif"
        #expect(Self.released(text) == "a\nd\ne")
        let mentioned = House.sources.filter { $0.text.contains(Self.type) }.map(\.name).sorted()
        #expect(mentioned == ["ControlLink.swift", "ControlTap.swift", "SealedDiscovery.swift"])
    }

    /// Nothing but SwiftPM's own configuration turns it on.
    @Test func noTargetDefinesDebug() {
        #expect(!House.text(of: "Package.swift").contains("DEBUG"))
    }

    private static let release = House.root.appending(path: ".build/release/pmesh").path
    private static let debug = House.root.appending(path: ".build/debug/pmesh").path

    private static func isThere(_ path: String) -> Bool { FileManager.default.isExecutableFile(atPath: path) }
    private static func finds(_ word: String, in path: String) -> Bool {
        let program = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
        return program?.range(of: Data(word.utf8)) != nil
    }

    @Test(.enabled(if: isThere(release), "needs a release build: make isolation"))
    func theReleasedProgramHasNoTap() {
        #expect(!Self.finds(Self.variable, in: Self.release) && !Self.finds(Self.symbol, in: Self.release))
        // What is in it is found: a variable that it does read, and a type next to the tap.
        #expect(Self.finds("PMESH_CODE", in: Self.release) && Self.finds("18ControlLinkHandler", in: Self.release))
    }

    @Test(.enabled(if: isThere(debug), "needs the debug build that tests run"))
    func theProgramThatTestsRunHasIt() {
        #expect(Self.finds(Self.variable, in: Self.debug) && Self.finds(Self.symbol, in: Self.debug))
    }
}
