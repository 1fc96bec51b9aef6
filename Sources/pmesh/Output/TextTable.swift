/// Rows under headings, columns aligned.
struct TextTable {
    enum Side { case left, right }

    private let columns: [(heading: String, side: Side)]
    private var rows: [[String]] = []

    init(_ columns: [(heading: String, side: Side)]) {
        self.columns = columns
    }

    mutating func add(_ row: [String]) { rows.append(row) }

    /// Heading and rows; no blanks at line ends.
    var lines: [String] {
        let all = [columns.map(\.heading)] + rows
        let widths = columns.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = columns.indices.map { column in
                let blanks = String(repeating: " ", count: widths[column] - row[column].count)
                return columns[column].side == .left ? row[column] + blanks : blanks + row[column]
            }
            let line = cells.joined(separator: "  ")
            return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count))
        }
    }
}
