/// One JSON object (RFC 8259) on one line, its fields in the order they were added.
struct JSONLine: Sendable, CustomStringConvertible {
    private(set) var description = "{"

    /// An event's line: `event` is always the first field.
    init(event: String) {
        add("event", event)
    }

    mutating func add(_ name: String, _ value: String) { field(name, Self.string(value)) }
    mutating func add(_ name: String, _ value: Bool) { field(name, value ? "true" : "false") }
    mutating func add(_ name: String, _ value: some BinaryInteger) { field(name, "\(value)") }
    mutating func add(_ name: String, _ value: [String]) {
        field(name, "[" + value.map(Self.string).joined(separator: ",") + "]")
    }
    /// Up to three decimals; JSON has no infinity and no NaN, so those become null.
    mutating func add(_ name: String, _ value: Double) {
        field(name, value.isFinite && value.magnitude < 1e15 ? HumanText.decimal(value, 3) : "null")
    }
    mutating func addNull(_ name: String) { field(name, "null") }

    /// The value, or null where there is none.
    mutating func add(_ name: String, optional value: String?) { value.map { add(name, $0) } ?? addNull(name) }
    mutating func add(_ name: String, optional value: Double?) { value.map { add(name, $0) } ?? addNull(name) }
    mutating func add(_ name: String, optional value: Bool?) { value.map { add(name, $0) } ?? addNull(name) }
    mutating func add(_ name: String, optional value: UInt64?) { value.map { add(name, $0) } ?? addNull(name) }

    /// The finished line, without its end.
    var text: String { description + "}" }

    private mutating func field(_ name: String, _ value: String) {
        if description.utf8.count > 1 { description += "," }
        description += Self.string(name) + ":" + value
    }

    /// Quoted; control characters, quotes, backslashes and the two separators that end a line in JavaScript are escaped.
    static func string(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{0}"..<"\u{20}", "\u{7f}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
