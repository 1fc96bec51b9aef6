package import NIOCore

/// A set of chunk or entry numbers. Any state of a transfer is a few of these, whatever its size.
package typealias NumberSet = RangeSet<UInt64>

extension RangeSet where Bound == UInt64 {
    /// How many numbers the set holds.
    package var count: UInt64 { ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) } }

    package init(_ range: Range<UInt64>) {
        self.init(CollectionOfOne(range))
    }

    /// These numbers. Neighbours that follow one another, as they mostly do, cost one insertion.
    package init(numbers: some Sequence<UInt64>) {
        var ranges: [Range<UInt64>] = []
        for number in numbers {
            if let last = ranges.last, last.upperBound == number {
                ranges[ranges.count - 1] = last.lowerBound..<number + 1
            } else {
                ranges.append(number..<number + 1)
            }
        }
        self.init(ranges)
    }

    package mutating func insert(_ number: UInt64) {
        insert(contentsOf: number..<number + 1)
    }

    package mutating func remove(_ number: UInt64) {
        remove(contentsOf: number..<number + 1)
    }

    /// The lowest `limit` ranges.
    package func lowest(ranges limit: Int) -> RangeSet<UInt64> { RangeSet(ranges.prefix(limit)) }
}

extension ByteBuffer {
    /// Count of ranges, then for each the gap to the one before and its length less one, all LEB128.
    package mutating func writeNumbers(_ numbers: NumberSet) {
        writeVarint(UInt64(numbers.ranges.count))
        var end: UInt64 = 0
        for range in numbers.ranges {
            writeVarint(range.lowerBound - end)
            writeVarint(range.upperBound - range.lowerBound - 1)
            end = range.upperBound
        }
    }

    /// Ranges in ascending order, at most `Limits.ranges`, all numbers below `bound`.
    package mutating func wireNumbers(_ what: String, bound: UInt64) throws(WireError) -> NumberSet {
        let count = try wireVarint("count of \(what)", limit: UInt64(Limits.ranges))
        var ranges: [Range<UInt64>] = []
        ranges.reserveCapacity(Int(count))
        var end: UInt64 = 0
        for _ in 0..<count {
            let lower = end &+ (try wireVarint(what, limit: bound))
            let upper = lower &+ (try wireVarint(what, limit: bound)) &+ 1
            guard lower >= end, upper > lower, upper <= bound else { throw .invalid(what) }
            ranges.append(lower..<upper)
            end = upper
        }
        return NumberSet(ranges)
    }
}
