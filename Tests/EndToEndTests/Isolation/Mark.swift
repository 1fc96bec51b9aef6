import Foundation
import MeshWire

/// A byte string that occurs nowhere by chance: two halves of 16 random letters and digits each, and what needs escaping
/// between them.
struct Mark: Sendable, Hashable, CustomStringConvertible {
    enum Kind: String, Sendable, CaseIterable {
        case fileName, folderName, linkName, linkTarget, unreadableName, text, noise, chatLine, nodeName
    }

    let kind: Kind
    let bytes: [UInt8]
    private let halves: [[UInt8]]

    init(_ kind: Kind) {
        self.kind = kind
        halves = (0..<2).map { _ in
            (0..<16).map { _ in Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8).randomElement()! }
        }
        // Names of nodes have nothing but letters, digits and hyphens; 0xFF occurs in no UTF-8.
        let between: [UInt8] =
            switch kind {
            case .nodeName: [UInt8(ascii: "-")]
            case .unreadableName: [0xFF]
            default: Array("\"é\\".utf8)
            }
        bytes = halves[0] + between + halves[1]
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var description: String { "\(kind.rawValue) \(text)" }

    /// How its bytes would look in another dress: each half for itself, so that half of it is enough to be found.
    var needles: [Needle] {
        let dressed = halves.flatMap { half in
            Dress.allCases.flatMap { dress in dress.forms(of: half).map { Needle(mark: self, dress: dress, bytes: $0) }
            }
        }
        guard let json = try? JSONEncoder().encode([text]) else { return dressed }
        return dressed + [Needle(mark: self, dress: .json, bytes: json.dropFirst(2).dropLast(2).map { $0 })]
    }
}

/// What is searched for.
struct Needle: Sendable {
    let mark: Mark
    let dress: Dress
    let bytes: [UInt8]
}

/// The usual ways to write bytes as other bytes.
enum Dress: String, Sendable, CaseIterable {
    case plain, json, hex, base64, base32, utf16, decimals, percent

    /// All forms: where the form depends on what stands before, one for each possible place; then without the symbols
    /// that the neighbours take part in.
    func forms(of half: [UInt8]) -> [[UInt8]] {
        switch self {
        case .plain: [half]
        case .json: [half.text { "\\u00" + $0.hex(2) }, half.text { "\\u00" + $0.hex(2).uppercased() }]
        case .hex: [half.text { $0.hex(2) }, half.text { $0.hex(2).uppercased() }]
        case .base64: (0..<3).map { Array(Data(half.dropFirst($0).prefix(12)).base64EncodedString().utf8) }
        case .base32: (0..<5).map { Array(Base32.encode(Array(half.dropFirst($0).prefix(10))).utf8) }
        case .utf16: [half.flatMap { [$0, 0] }, half.flatMap { [0, $0] }]
        // `[104,105]`, as JSON writes bytes, and with a blank after the comma.
        case .decimals: [",", ", "].map { Array(half.map(String.init).joined(separator: $0).utf8) }
        case .percent: [half.text { "%" + $0.hex(2) }, half.text { "%" + $0.hex(2).uppercased() }]
        }
    }
}

extension [UInt8] {
    fileprivate func text(_ symbols: (UInt8) -> String) -> [UInt8] { Array(map(symbols).joined().utf8) }
}

extension UInt8 {
    fileprivate func hex(_ digits: Int) -> String {
        let text = String(self, radix: 16)
        return String(repeating: "0", count: digits - text.count) + text
    }
}
