import ArgumentParser
import Testing

@testable import pmesh

/// Paths go past the argument parser, and nothing else does.
@Suite struct PathsAsideTests {
    private func split(_ line: String) -> (rest: String, aside: String) {
        let (rest, aside) = PathsAside.split(line.split(separator: " ").map(String.init))
        return (rest.joined(separator: " "), aside.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
    }

    @Test(arguments: [
        ("send a", "send a", ""), ("send a b c", "send --paths-aside a", "b c"),
        ("tx --to ben a b --json c d", "tx --paths-aside --to ben --json c", "a b d"),
        ("send --exclude=x a b", "send --paths-aside --exclude=x a", "b"),
        ("send -n -- -a --to ben", "send --paths-aside -n -- -a", "--to ben"),
        ("send a --", "send a --", ""), ("send a - b", "send --paths-aside a", "- b"),
        ("receive a b", "receive a b", ""), ("send", "send", ""), ("verify a b", "verify a b", ""),
    ])
    func wordsInARow(_ line: String, _ rest: String, _ aside: String) {
        #expect(split(line) == (rest, aside))
    }

    @Test func nothingAtAll() {
        #expect(PathsAside.split([]).rest.isEmpty)
        #expect(PathsAside.split(["send", "a", ""]).rest == ["send", "a", ""])
    }

    @Test func bytesComeBackAsTheyWere() {
        let raw: [UInt8] = [0x66, 0xff]
        #expect(PathsAside.split(["send", "a", ArgumentBytes.text(of: raw)]).aside == [raw])
    }

    /// The square of this would take minutes.
    @Test(.timeLimit(.minutes(1))) func aHundredThousandPaths() async throws {
        let (rest, aside) = PathsAside.split(["send", "-n"] + (0..<100_000).map { "p\($0)" })
        let command = try #require(try await Pmesh.asyncParseAsRoot(rest) as? Send)
        #expect(command.hasPathsAside && command.dryRun && command.paths.count == 1 && aside.count == 99_999)
    }

    @Test func aListHasItsOwnEnds() async throws {
        let command = try #require(
            try await Pmesh.asyncParseAsRoot(["send", "-0", "--files-from", "-"]) as? Send)
        #expect(command.endsWithNull && command.filesFrom?.bytes == [0x2d] && command.paths.isEmpty)
        await #expect(throws: (any Error).self) { _ = try await Pmesh.asyncParseAsRoot(["send", "-0", "a"]) }
    }
}
