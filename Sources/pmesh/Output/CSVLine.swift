/// One record of comma-separated values (RFC 4180), without its line end.
enum CSVLine {
    static func text(_ fields: [String]) -> String {
        fields.map { field in
            let isPlain = !field.utf8.contains { [UInt8(ascii: ","), UInt8(ascii: "\""), 10, 13].contains($0) }
            return isPlain
                ? field
                : "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }.joined(separator: ",")
    }
}
