import ArgumentParser
import Glibc
import NIOPosix
import PrimeMesh

@main
enum Program {
    static func main() async {
        // As in the program whose stations are measured.
        ProcessTuning.apply()
        await Bench.main()
    }
}

/// Measures each station of a chunk's journey alone, then whole transfers between two `pmesh` processes, and prints
/// tables in Markdown.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pmesh-bench",
        abstract: "Measure each station of a transfer alone and whole transfers over loopback.",
        discussion: """
            A release build on a machine that does nothing else gives figures worth comparing: the first table tells the \
            load before the run. Whole transfers are whole commands, from the start of both processes to the end of both.
            """,
        subcommands: [Ratio.self, Echoes.self])

    @Option(help: .init("Size of the large file.", valueName: "MiB"))
    var size = 1024

    @Option(help: .init("How many small files.", valueName: "count"))
    var files = 10_000

    @Option(help: .init("How often each transfer is repeated; the table shows the median.", valueName: "count"))
    var runs = 3

    @Option(help: .init("The pmesh program. (default: the one beside this program)", valueName: "path"))
    var pmesh: String?

    @Option(
        help: .init("Where to put about three times the large file's size. (default: /tmp)", valueName: "dir"))
    var folder = "/tmp"

    @Option(help: .init("Measure only the stations, or only whole transfers.", valueName: "stations|whole"))
    var only: Part?

    @Flag(name: .customLong("vs-rsync"), help: "Also run rsync -W over ssh with aes128-gcm, in turn with pmesh.")
    var vsRsync = false

    enum Part: String, ExpressibleByArgument, CaseIterable {
        case stations, whole
    }

    func validate() throws {
        guard (1...1_048_576).contains(size) else { throw ValidationError("--size takes 1 to 1048576 MiB") }
        guard (1...1_000_000).contains(files) else { throw ValidationError("--files takes 1 to 1000000") }
        guard (1...100).contains(runs) else { throw ValidationError("--runs takes 1 to 100") }
    }

    func run() async throws {
        Stopping.listen()
        let scratch = try Scratch(below: folder)
        defer { scratch.remove() }
        let machine = Machine()
        print(machine.lines.joined(separator: "\n"))
        var limit: Double?
        if only != .whole {
            let stations = try await Stations(scratch: scratch).measure()
            print("\n" + stations.table(cores: machine.cores).joined(separator: "\n"))
            limit = stations.limit(cores: machine.cores)
        }
        if only != .stations {
            let whole = Whole(
                scratch: scratch, program: try program(), size: size, files: files, runs: runs, vsRsync: vsRsync)
            // Whole transfers are watched by one thread of their own, which sleeps most of the time.
            let results = try await Blocking.run { try whole.measure() }
            print("\n" + Whole.table(results, limit: limit).joined(separator: "\n"))
        }
    }

    private func program() throws -> String {
        let path = try pmesh ?? Machine.ownFolder() + "/pmesh"
        guard isExecutable(path) else {
            throw BenchError("there is no program \(path): build it with `swift build -c release --product pmesh`")
        }
        return path
    }
}

/// Why a benchmark could not be carried out, as one sentence.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Blocking work, off the cooperative pool.
enum Blocking {
    static func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive { try work() }
    }
}

/// What is not part of the tables, on standard error.
enum Notes {
    static func write(_ sentence: String) {
        let line = Array("pmesh-bench: \(sentence)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, line, line.count)
    }
}
