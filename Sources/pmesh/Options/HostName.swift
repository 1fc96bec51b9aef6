import Glibc

/// The machine's name, in the form a node's name has.
enum HostName {
    static var asNodeName: String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let answer = bytes.withUnsafeMutableBytes { buffer in
            buffer.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { gethostname($0, 255) } ?? -1 }
        }
        return nodeName(answer == 0 ? String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) : "")
    }

    /// The first label in lower case, other characters as hyphens, at most 63; `node` where nothing is left.
    static func nodeName(_ host: String) -> String {
        let label = host.lowercased().prefix { $0 != "." }
        let allowed = label.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }.prefix(63)
        let trimmed = allowed.drop { $0 == "-" }.reversed().drop { $0 == "-" }.reversed()
        return trimmed.isEmpty ? "node" : String(trimmed)
    }
}
