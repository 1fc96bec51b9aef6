import FoundationEssentials
import Glibc

/// What the figures were measured on.
struct Machine {
    let processor: String
    /// Cores this process may run on.
    let cores: Int
    let memory: UInt64
    let kernel: String
    /// Processes that wanted to run, averaged over the minute before.
    let load: Double

    init() {
        processor = Self.value("model name", in: "/proc/cpuinfo") ?? "unknown processor"
        cores = Self.count(Self.value("Cpus_allowed_list", in: "/proc/self/status") ?? "0")
        memory = UInt64(max(0, sysconf(Int32(_SC_PHYS_PAGES)))) * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE))))
        var names = utsname()
        _ = uname(&names)
        kernel = withUnsafeBytes(of: names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        var loads = [0.0]
        load = getloadavg(&loads, 1) == 1 ? loads[0] : 0
    }

    var lines: [String] {
        [
            "| machine | |", "|---|---|",
            "| processor | \(processor), \(cores) core\(cores == 1 ? "" : "s") |",
            "| memory | \(memory >> 20) MiB |",
            "| kernel | Linux \(kernel) |",
            "| load before | \(Text.decimal(load, 2)) |",
        ]
    }

    /// The folder of this program.
    static func ownFolder() throws -> String {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    /// Of a list such as `0-3,6`.
    private static func count(_ list: String) -> Int {
        list.split(separator: ",").reduce(0) { sum, part in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            return sum + (ends.last ?? 0) - (ends.first ?? 0) + 1
        }
    }

    private static func value(_ name: String, in file: String) -> String? {
        guard let data = FileManager.default.contents(atPath: file) else { return nil }
        let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(separator: ":", maxSplits: 1).last.map { String($0.drop { $0 == " " || $0 == "\t" }) }
    }
}

func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

/// Numbers for tables.
enum Text {
    static func decimal(_ value: Double, _ places: Int) -> String {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = Int64((value.magnitude * scale).rounded())
        let digits = String(scaled)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return places == 0 ? padded : "\(padded.dropLast(places)).\(padded.suffix(places))"
    }

    /// Three digits that mean something: 1.23, 45.6, 789, 12345.
    static func short(_ value: Double) -> String { decimal(value, value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2) }
}
