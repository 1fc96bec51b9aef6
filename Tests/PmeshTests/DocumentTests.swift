import ArgumentParser
import Foundation
import MeshTransfer
import MeshWire
import Testing

@testable import PrimeMesh
@testable import pmesh

/// The articles that scripts and administrators rely on name what the program has, and nothing else.
@Suite struct DocumentTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static func article(_ name: String) throws -> String {
        try text("Sources/PrimeMesh/PrimeMesh.docc/\(name).md")
    }

    /// The cells of all table rows whose first cell `isMeant`.
    private static func rows(_ text: String, where isMeant: (String) -> Bool) -> [[String]] {
        text.split(separator: "\n").filter { $0.hasPrefix("|") }.map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }.filter { isMeant($0.first ?? "") }
    }

    /// Words in code quotes.
    private static func quoted(_ text: String) -> [String] {
        text.matches(of: #/`([^`]+)`/#).map { String($0.1) }
    }

    @Test func exitCodes() throws {
        let rows = Self.rows(try Self.article("Events")) { Int32($0) != nil }
        #expect(rows.compactMap { Int32($0[0]) } == ExitCode.allCases.map(\.rawValue))
        for code in ExitCode.allCases {
            #expect(Pmesh.helpMessage().contains("\(code.rawValue)  \(code.meaning)"))
        }
    }

    @Test func eventsOfATransfer() throws {
        let rows = Self.rows(try Self.article("Events")) { $0.hasPrefix("`") }
        for line in Self.lines {
            let names = Self.names(in: line.text)
            let event = try #require(names.first)
            // The field `event` is that of all.
            let row = try #require(rows.first { $0[0] == "`\(event.value)`" }, "no row for \(event.value)")
            let documented = Set(Self.quoted(row[2]))
            for name in names.dropFirst() { #expect(documented.contains(name.key), "\(event.value): \(name.key)") }
        }
    }

    /// One line of each event of a transfer, with every field it can have.
    private static var lines: [JSONLine] {
        let (node, transfer) = (NodeID(Bytes32()), TransferID(Bytes16()))
        let failure = MeshError(.noPeer, "x")
        let offer = Offer(
            transfer: transfer, sender: node, senderName: "a", names: [], files: 0, bytes: 0, isCounting: false)
        let progress = TransferProgress(
            transfer: transfer, bytes: 0, totalBytes: 0, isCounting: false, files: 0, totalFiles: 0, wireBytes: 0,
            rate: 0, remaining: nil, lanes: 0)
        let summary = TransferSummary(
            transfer: transfer, files: 0, bytes: 0, wireBytes: 0, chunks: 0, chunksResumed: 0, chunksRetried: 0,
            seconds: 0, root: Digest(), skipped: 0, failed: 0, isDurable: true, outcome: .done)
        let events: [TransferEvent] = [
            .code("x"), .listening([]), .waiting, .connected(peer: node, name: "a", isResumed: false), .offer(offer),
            .progress(progress), .file(path: "a", size: 0, offeredAs: "b"), .moreLeftOut(1), .warning("x"),
            .stalled(seconds: 3, lanes: 0), .lost(reason: "x"), .done(summary), .target(name: "a", failure: failure),
        ]
        return events.map(EventLine.line) + SkipReason.allCases.map { EventLine.line(.leftOut(path: "a", reason: $0)) }
            + [EventLine.error(CommandFailure(failure, resume: "x"))]
    }

    /// The names of one object's fields, with the values of those that are text.
    private static func names(in object: String) -> [(key: String, value: String)] {
        object.matches(of: #/"(\w+)":(?:"([^"]*)")?/#).map { (String($0.1), String($0.2 ?? "")) }
    }

    @Test func reasonsAndStates() throws {
        let text = try Self.article("Events")
        let words = Set(Self.quoted(text))
        for reason in SkipReason.allCases { #expect(words.contains(reason.word), "\(reason.word)") }
        for state in TransferStatus.allCases { #expect(words.contains(state.rawValue), "\(state.rawValue)") }
    }

    @Test func settings() throws {
        let text = try Self.article("Settings")
        let rows = Self.rows(text) { $0.hasPrefix("`--") }
        #expect(Set(rows.flatMap { Self.quoted($0[2]) }) == Set(ConfigurationFile.keys))
        let help = Receive.helpMessage() + Send.helpMessage()
        for row in rows { #expect(help.contains(Self.quoted(row[0])[0]), "\(row[0])") }
        let variables = Set(rows.flatMap { Self.quoted($0[1]) })
        #expect(variables.allSatisfy { Pmesh.helpMessage().contains($0) }, "\(variables)")
    }

    /// Options that a document shows are options of the command they stand behind.
    @Test(arguments: ["README.md", "Sources/PrimeMesh/PrimeMesh.docc/EverydayUse.md"])
    func optionsThatAreShown(_ path: String) throws {
        let text = try Self.text(path)
        let commands: [(name: String, help: String)] = [
            ("send", Send.helpMessage()), ("receive", Receive.helpMessage()), ("resume", Resume.helpMessage()),
            ("history", History.helpMessage()), ("verify", Verify.helpMessage()),
            ("transfers forget", TransfersForget.helpMessage()), ("transfers tidy", TransfersTidy.helpMessage()),
            ("mesh create", MeshCreate.helpMessage()), ("mesh join", MeshJoin.helpMessage()),
        ]
        for line in text.split(separator: "\n") {
            for (name, help) in commands {
                guard let start = line.firstRange(of: "pmesh \(name) ") else { continue }
                // What stands far to the right, or behind the end of code, is a remark.
                let command = line[start.upperBound...].prefix { $0 != "`" }
                let words = (command.firstRange(of: "   ").map { command[..<$0.lowerBound] } ?? command).split(
                    separator: " ")
                for option in words where option.hasPrefix("--") && option != "--" {
                    #expect(help.contains(option), "pmesh \(name) has no \(option)")
                }
            }
        }
    }

    /// The picture of the house has every room, in the README as in the manifest.
    @Test(arguments: ["README.md", "Package.swift", "Sources/PrimeMesh/PrimeMesh.docc/Architecture.md"])
    func theHouse(_ path: String) throws {
        let text = try Self.text(path)
        let lines = text.split(separator: "\n").map { $0.drop { "/ ".contains($0) } }
        for line in Self.house {
            let floor = try #require(lines.first { $0.hasPrefix(line.floor + "  ") }, "\(line.floor)")
            for room in line.rooms { #expect(floor.contains(room), "\(path): \(room)") }
        }
    }

    private static let house: [(floor: String, rooms: [String])] = [
        ("programs", ["pmesh", "pmesh-bench", "pmesh-simulate", "Examples"]),
        ("node", ["PrimeMesh", "MeshSimulation"]),
        ("outside", ["MeshJournal", "MeshTransport", "MeshDisk"]),
        ("knowledge", ["MeshTransfer", "MeshChannel", "MeshControl", "MeshTrust"]),
        ("ground", ["MeshWire", "MeshMigrations", "CZlib", "CPosix"]),
    ]
}
