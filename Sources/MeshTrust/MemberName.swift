/// A name people call a node or a mesh by: one DNS label of lower-case letters, digits and inner hyphens.
package struct MemberName: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ text: String) throws(MemberNameError) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= 63 else { throw .tooLong(text.utf8.count) }
        for symbol in text where !Self.allowed.contains(symbol) { throw .wrongSymbol(symbol) }
        guard !text.hasPrefix("-"), !text.hasSuffix("-") else { throw .hyphenAtEdge }
        description = text
    }

    /// The name a certificate carries `.dnsName` as.
    var dnsName: String { description + Self.suffix }

    /// The member named by a certificate's DNS name, nil where it is none of ours.
    init?(dnsName: String) {
        guard dnsName.hasSuffix(Self.suffix), let name = try? MemberName(String(dnsName.dropLast(Self.suffix.count)))
        else { return nil }
        self = name
    }

    private static let suffix = ".member.pmesh"
    private static let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-")
}

/// What is wrong with a name.
package enum MemberNameError: Error, Hashable, Sendable {
    case empty
    case tooLong(Int)
    case wrongSymbol(Character)
    case hyphenAtEdge
}

extension MemberNameError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the name is empty; choose one of a to z, 0 to 9 and hyphens"
        case .tooLong(let count): "the name has \(count) characters, more than 63; choose a shorter one"
        case .wrongSymbol(let symbol):
            "the name has \(symbol.debugDescription) in it; choose one of a to z, 0 to 9 and hyphens alone"
        case .hyphenAtEdge: "the name begins or ends with a hyphen; choose one that does not"
        }
    }
}
