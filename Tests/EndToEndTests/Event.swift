import Foundation

/// One line of `--json`.
struct Event: Sendable, Decodable, CustomStringConvertible {
    private let values: [String: Value]
    private let line: String

    private enum Value: Decodable, Sendable {
        case text(String)
        case number(Double)
        case truth(Bool)
        case list([String])
        case other

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let truth = try? value.decode(Bool.self) {
                self = .truth(truth)
            } else if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else if let text = try? value.decode(String.self) {
                self = .text(text)
            } else if let list = try? value.decode([String].self) {
                self = .list(list)
            } else {
                self = .other
            }
        }
    }

    init(from decoder: any Decoder) throws {
        values = try [String: Value](from: decoder)
        line = ""
    }

    /// Nil where the line is no object.
    init?(_ line: String) {
        guard let event = try? JSONDecoder().decode(Event.self, from: Data(line.utf8)) else { return nil }
        values = event.values
        self.line = line
    }

    var name: String { text("event") ?? "" }

    func text(_ key: String) -> String? {
        if case .text(let text)? = values[key] { text } else { nil }
    }

    /// 0 where there is none.
    func number(_ key: String) -> Int {
        if case .number(let number)? = values[key] { Int(number) } else { 0 }
    }

    func truth(_ key: String) -> Bool? {
        if case .truth(let truth)? = values[key] { truth } else { nil }
    }

    func list(_ key: String) -> [String] {
        if case .list(let list)? = values[key] { list } else { [] }
    }

    func has(_ key: String) -> Bool { values[key] != nil }

    var description: String { line }
}
