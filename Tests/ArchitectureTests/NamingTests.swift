import Testing

/// What may not stand in sources, and how nothing may be called.
@Suite struct NamingTests {
    private static let emptyWords = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Impl"]

    @Test(arguments: House.sources + House.tests) func namesSaySomething(_ file: SourceFile) {
        let names = file.types + [String(file.name.dropLast(".swift".count))]
        let empty = names.filter { name in Self.emptyWords.contains { name.hasSuffix($0) } }
        #expect(empty.isEmpty, "\(file): \(empty.joined(separator: ", "))")
    }

    /// Programs may start a task for themselves; everywhere else tasks have parents.
    @Test(arguments: House.sources) func tasksHaveParents(_ file: SourceFile) {
        guard !["pmesh", "pmesh-bench"].contains(file.room), !file.path.hasPrefix("Examples/") else { return }
        #expect(!file.code.contains(#/\bTask\s*(\([^)]*\)\s*)?\{/#), "\(file) starts a task without a parent")
        #expect(!file.code.contains("Task.detached"), "\(file) starts a detached task")
    }

    @Test(arguments: House.sources) func nothingIsForced(_ file: SourceFile) {
        #expect(!file.code.contains("@unchecked Sendable"), "\(file) has @unchecked Sendable")
        #expect(!file.code.contains(#/\btry!/#), "\(file) has try!")
        #expect(!file.code.contains(#/\bfatalError\s*\(/#), "\(file) has fatalError")
        #expect(!file.code.contains(#/\bas!\s/#), "\(file) has as!")
    }

    /// Time, chance and the system are arguments there.
    @Test(arguments: House.sources) func knowledgeIsPure(_ file: SourceFile) {
        let pure = ["MeshWire", "MeshTrust", "MeshChannel", "MeshControl", "MeshTransfer"]
        guard pure.contains(file.room) else { return }
        for word in ["ContinuousClock", "SuspendingClock", "Date()", "Date.now", "Task.sleep", "ProcessInfo"] {
            #expect(!file.code.contains(word), "\(file) has \(word)")
        }
    }

    @Test func everyNonisolatedUnsafeHasItsReason() {
        for file in House.sources {
            let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated() where line.contains("nonisolated(unsafe)") {
                let nearby = lines[max(0, index - 3)...index].contains { $0.contains("//") }
                #expect(nearby, "\(file):\(index + 1): nonisolated(unsafe) without a reason")
            }
        }
    }
}
