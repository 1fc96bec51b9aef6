/// The word that somebody may have meant.
public enum NearestWord {
    /// The candidate that differs least from `word`, if it differs little: in one letter of a short word, two of a longer one.
    /// An exchange of two neighbours counts once.
    public static func of(_ word: String, among candidates: [String]) -> String? {
        let limit = max(0, min(2, (word.count - 1) / 3))
        let measured = candidates.map { (distance(Array(word.utf8), Array($0.utf8)), $0) }
        guard let best = measured.min(by: { $0.0 < $1.0 }), best.0 <= max(limit, exchange(word, best.1)) else {
            return nil
        }
        return best.1
    }

    /// 1 where two neighbours of a word of three letters or more were exchanged: `bne` for `ben`.
    private static func exchange(_ word: String, _ other: String) -> Int {
        word.count >= 3 && word.sorted() == other.sorted() ? 1 : 0
    }

    /// Insertions, removals, replacements and exchanges of neighbours between two words of at most 64 bytes.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard max(left.count, right.count) <= 64 else { return .max }
        var rows = [Array(0...right.count)]
        for (i, symbol) in left.enumerated() {
            var row = [i + 1]
            for (j, other) in right.enumerated() {
                var best = min(rows[i][j + 1], row[j]) + 1
                best = min(best, rows[i][j] + (symbol == other ? 0 : 1))
                if i > 0, j > 0, symbol == right[j - 1], left[i - 1] == other {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
