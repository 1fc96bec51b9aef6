import Testing

@Suite struct SizeTests {
    private static let linesOfAFile = 400
    private static let linesOfAFunction = 60

    @Test(arguments: House.sources + House.tests) func fileIsShort(_ file: SourceFile) {
        #expect(file.lineCount <= Self.linesOfAFile, "\(file) has \(file.lineCount) lines")
    }

    @Test(arguments: House.sources) func functionsAreShort(_ file: SourceFile) {
        let long = FunctionSpan.all(in: file.code).filter { $0.length > Self.linesOfAFunction }
        for span in long { Issue.record("\(file):\(span.line): \(span.name) has \(span.length) lines") }
    }

    @Test func thereIsSomethingToMeasure() {
        #expect(House.sources.count > 100)
        #expect(House.sources.flatMap { FunctionSpan.all(in: $0.code) }.count > 1_000)
    }

    @Test func functionsAreFoundWithTheirBodies() {
        let text = """
            protocol P { func none() -> Int
                var wanted: Int { get } }
            struct S {
                var stored = [1].map { $0 }
                init(a: () -> Void = {}) {
                }
                func brace() -> String {
                    // }
                    let odd = "}\\("{".count)"
                    return odd
                }
                func long(
                    a: Int
                ) async throws
                    -> Int
                {
                    a
                }
            }
            """
        let spans = FunctionSpan.all(in: CodeMask.code(of: text))
        #expect(
            spans == [
                FunctionSpan(name: "wanted", line: 2, length: 1), FunctionSpan(name: "init", line: 5, length: 2),
                FunctionSpan(name: "brace", line: 7, length: 5), FunctionSpan(name: "long", line: 12, length: 7),
            ])
    }
}
