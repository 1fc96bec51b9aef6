public import ArgumentParser
public import MeshTransfer
import MeshWire
public import PrimeMesh

/// A path as bytes, whatever their encoding.
struct PathArgument: ExpressibleByArgument, Sendable {
    let bytes: [UInt8]

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        bytes = ArgumentBytes.bytes(of: argument)
    }

    static var defaultCompletionKind: CompletionKind { .file() }
}

/// A gitignore pattern as bytes: names are, and a pattern must be able to say each of them.
struct PatternArgument: ExpressibleByArgument, Sendable {
    let bytes: [UInt8]

    init(argument: String) {
        bytes = ArgumentBytes.bytes(of: argument)
    }
}

/// `ada` or `ada,ben`.
struct NameList: ExpressibleByArgument, Sendable {
    let names: [String]

    init?(argument: String) {
        names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
    }
}

/// What happens where a name is taken: one of the rules, or a question which.
enum ConflictChoice: Hashable, Sendable, ExpressibleByArgument {
    case rule(ConflictRule)
    case ask

    init?(argument: String) {
        if argument == "ask" {
            self = .ask
        } else if let rule = ConflictRule(rawValue: argument) {
            self = .rule(rule)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] { ConflictRule.allCases.map(\.rawValue) + ["ask"] }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}

/// Which symbolic links are made.
enum LinkChoice: String, Sendable, ExpressibleByArgument, CaseIterable {
    /// Those that stay inside what was sent.
    case inside
    case all
}

extension CompressionMode: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public static var allValueStrings: [String] { ["auto", "always", "never", "1-9"] }
    public static var defaultCompletionKind: CompletionKind {
        .list(["auto", "always", "never"] + (1...9).map(String.init))
    }
}

extension TransferDirection: ExpressibleByArgument {}
extension TransferStatus: ExpressibleByArgument {
    /// `running` is what people say for `active`.
    public init?(argument: String) { self.init(rawValue: argument == "running" ? "active" : argument) }
}

/// A time to wait: `90`, `90s`, `1.5m`, `2h`, `7d`; without a unit seconds. At most a year.
struct Seconds: ExplainedArgument, Hashable, Sendable {
    let value: Double

    init?(argument: String) {
        let unit = argument.last.flatMap { Moment.units[$0] }
        let number = unit == nil ? argument[...] : argument.dropLast()
        guard number.first?.isNumber == true, let count = Double(number), count.isFinite else { return nil }
        let value = count * Double(unit ?? 1)
        guard (0...31_536_000).contains(value) else { return nil }
        self.value = value
    }

    static func problem(_ argument: String) -> String? {
        Seconds(argument: argument) == nil
            ? "a time is a number with s, m, h, d or w behind it, such as 90s or 10m" : nil
    }
}
