/// Tells noise from what may shrink, at a hundredth of what a trial with zlib costs.
package enum ByteSpread {
    /// Bytes looked at: half from the beginning, half from the end.
    private static let sample = 8 * 1024
    /// Fewer say too little.
    private static let least = 512

    /// Whether all 256 values occur about equally often: then nothing is left for Huffman's code, and what is encrypted or
    /// compressed already goes out as it is. Repetitions within zlib's window alone could still shrink such bytes, as in
    /// nothing that people keep.
    ///
    /// The sum of the squares of n bytes' counts is n + n (n - 1) / 256 where they are drawn evenly, and for 512 of them
    /// 3 % off as a rule; an eighth more is a code of 7.9 bits.
    package static func isEven(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let count = min(bytes.count, sample)
        guard count >= least else { return false }
        let squares = withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { counts in
            counts.initialize(repeating: 0)
            for byte in bytes.prefix(count / 2) { counts[Int(byte)] += 1 }
            for byte in bytes.suffix(count - count / 2) { counts[Int(byte)] += 1 }
            return counts.reduce(0) { $0 + Int($1) * Int($1) }
        }
        let even = count + count * (count - 1) / 256
        return squares <= even + even / 8
    }
}
