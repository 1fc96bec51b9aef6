import ArgumentParser
import PrimeMesh

/// `pmesh verify`
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check files on disk against the digests in the journal.",
        discussion: """
            Reads every byte again. Of a transfer all files are checked; of a path, what moved there last in either \
            direction. Ends with 6 where something is missing or damaged.
            """)

    @Argument(help: .init("A transfer, or a file or folder that was received or sent.", valueName: "id|path"))
    var target: PathArgument

    @OptionGroup(title: "Node") var home: HomeOptions
    @OptionGroup(title: "Output") var talk: OutputOptions

    func run() async throws {
        let settings = try home.settings()
        let output = talk.output(settings.environment)
        let target = target.bytes
        let files = try await home.withNode(settings) { node in
            try await node.verify(target) { Self.show($0, on: output) }
        }
        let tally = Tally(files)
        output.style.isJSON ? output.object(tally.line) : output.note(tally.sentence)
        output.flush()
        if let failure = tally.failure { throw CommandFailure(failure) }
    }

    /// Every file as an event; for people only what is wrong.
    private static func show(_ file: VerifiedFile, on output: Output) {
        if output.style.isJSON {
            output.object(line(file))
        } else if let complaint = complaint(file.verdict) {
            output.result("\(file.path): \(complaint)")
        }
    }

    private static func complaint(_ verdict: VerifiedFile.Verdict) -> String? {
        switch verdict {
        case .intact: nil
        case .missing: "missing"
        case .damaged(let bytes):
            "damaged in bytes \(HumanText.grouped(bytes.lowerBound)) to \(HumanText.grouped(bytes.upperBound - 1))"
        case .unreadable(let reason): "unreadable: \(reason)"
        }
    }

    static func line(_ file: VerifiedFile) -> JSONLine {
        var line = JSONLine(event: "file")
        line.add("path", file.path)
        line.add("size", file.size)
        switch file.verdict {
        case .intact: line.add("verdict", "intact")
        case .missing: line.add("verdict", "missing")
        case .damaged(let bytes):
            line.add("verdict", "damaged")
            line.add("offset", bytes.lowerBound)
            line.add("length", bytes.upperBound - bytes.lowerBound)
        case .unreadable(let reason):
            line.add("verdict", "unreadable")
            line.add("reason", reason)
        }
        return line
    }

    /// How many files are in which state.
    struct Tally: Hashable {
        var intact: UInt64 = 0
        var missing: UInt64 = 0
        var damaged: UInt64 = 0
        var unreadable: UInt64 = 0

        init(_ files: [VerifiedFile]) {
            for file in files {
                switch file.verdict {
                case .intact: intact += 1
                case .missing: missing += 1
                case .damaged: damaged += 1
                case .unreadable: unreadable += 1
                }
            }
        }

        var line: JSONLine {
            var line = JSONLine(event: "verified")
            line.add("intact", intact)
            line.add("missing", missing)
            line.add("damaged", damaged)
            line.add("unreadable", unreadable)
            return line
        }

        var sentence: String {
            "\(HumanText.count(intact, "file")) intact, \(missing) missing, \(damaged) damaged, \(unreadable) unreadable"
        }

        var failure: MeshError? {
            if missing + damaged > 0 {
                return MeshError(
                    .integrity, "\(missing) missing and \(damaged) damaged; send the transfer again to mend them")
            }
            if unreadable > 0 {
                return MeshError(
                    .disk, "\(HumanText.count(unreadable, "file")) could not be read; check permissions and the disk")
            }
            return nil
        }
    }
}
