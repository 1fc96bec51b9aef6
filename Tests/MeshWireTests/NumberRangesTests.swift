import MeshWire
import NIOCore
import Testing

@Suite struct NumberRangesTests {
    private func read(_ text: String, bound: UInt64 = 1_000) throws(WireError) -> NumberSet {
        var buffer = buffer(text)
        let numbers = try buffer.wireNumbers("chunk", bound: bound)
        try buffer.wireEnd("chunk")
        return numbers
    }

    @Test(arguments: [
        ("00", [Range<UInt64>]()), ("01 00 00", [0..<1]), ("01 05 02", [5..<8]), ("02 00 00 01 00", [0..<1, 2..<3]),
        ("03 0a 09 0a 00 e907 00", [10..<20, 30..<31, 1_032..<1_033]),
    ]) func vectors(text: String, ranges: [Range<UInt64>]) throws {
        let numbers = NumberSet(ranges)
        var written = ByteBuffer()
        written.writeNumbers(numbers)
        #expect(array(written) == hex(text))
        #expect(try read(text, bound: 2_000) == numbers)
    }

    @Test(arguments: [
        ([UInt64](), [Range<UInt64>]()), ([7], [7..<8]), ([1, 2, 3, 9, 10], [1..<4, 9..<11]),
        ([5, 4, 3, 5, 5, 6], [3..<7]), ([9, 1, 2, 0], [0..<3, 9..<10]),
    ]) func numbersInAnyOrderMakeASet(numbers: [UInt64], ranges: [Range<UInt64>]) {
        #expect(NumberSet(numbers: numbers) == NumberSet(ranges))
    }

    @Test func numbersStayBelowTheirBound() throws {
        #expect(try read("01 00 09", bound: 10) == NumberSet(0..<10))
        #expect(throws: WireError.invalid("chunk")) { try read("01 00 0a", bound: 10) }
        #expect(throws: WireError.invalid("chunk")) { try read("01 0a 00", bound: 10) }
        #expect(throws: WireError.tooLarge("chunk", got: 11, limit: 10)) { try read("01 0b 00", bound: 10) }
        #expect(throws: WireError.tooLarge("chunk", got: 11, limit: 10)) { try read("01 00 0b", bound: 10) }
        #expect(throws: WireError.invalid("chunk")) { try read("02 05 00 04 00", bound: 10) }
        #expect(try read("02 05 00 03 00", bound: 10) == NumberSet([5..<6, 9..<10]))
    }

    @Test func sumsThatOverflowAreRefused() {
        let most = "ffffffffffffffffff01"
        #expect(throws: WireError.invalid("chunk")) { try read("01 \(most) 00", bound: .max) }
        #expect(throws: WireError.invalid("chunk")) { try read("01 00 \(most)", bound: .max) }
        #expect(throws: WireError.invalid("chunk")) { try read("02 05 00 \(most) 00", bound: .max) }
        #expect(throws: WireError.invalid("chunk")) { try read("02 05 00 00 \(most)", bound: .max) }
    }

    @Test func aSetHasAtMost8192Ranges() throws {
        let full = NumberSet((0..<UInt64(8_192)).map { $0 * 2..<$0 * 2 + 1 })
        var written = ByteBuffer()
        written.writeNumbers(full)
        #expect(try written.wireNumbers("chunk", bound: Limits.chunks) == full)
        var more = ByteBuffer()
        more.writeNumbers(full.union(NumberSet(1 << 20..<1 << 21)))
        #expect(throws: WireError.tooLarge("count of chunk", got: 8_193, limit: 8_192)) {
            try more.wireNumbers("chunk", bound: Limits.chunks)
        }
    }

    @Test func theLargestMessageOfRangesFitsAFrame() {
        // 2^40 numbers hold 8,192 gaps and lengths of 2^26 each: four bytes for either, twice.
        let far = NumberSet((0..<UInt64(8_192)).map { $0 * 134_217_727..<$0 * 134_217_727 + 67_108_863 })
        let want = DataMessage.want(chunks: far, seals: far)
        #expect(want.encoded().readableBytes <= Limits.message)
    }

    @Test func countsAndParts() {
        var numbers = NumberSet(3..<7)
        numbers.insert(9)
        numbers.remove(4)
        #expect(numbers == NumberSet([3..<4, 5..<7, 9..<10]))
        #expect(numbers.count == 4)
        #expect(numbers.lowest(ranges: 2) == NumberSet([3..<4, 5..<7]))
        #expect(NumberSet(0..<Limits.chunks).count == Limits.chunks)
    }

    @Test func randomSetsComeBackAsTheyWere() throws {
        var random = Seeded(1)
        for _ in 0..<200 {
            let ranges = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                let lower = UInt64.random(in: 0..<1_000_000, using: &random)
                return lower..<lower + UInt64.random(in: 1...5_000, using: &random)
            }
            let numbers = NumberSet(ranges)
            var written = ByteBuffer()
            written.writeNumbers(numbers)
            for count in 0..<written.readableBytes {
                var cut = written.getSlice(at: 0, length: count)!
                #expect(throws: WireError.self) { try cut.wireNumbers("chunk", bound: Limits.chunks) }
            }
            #expect(try written.wireNumbers("chunk", bound: Limits.chunks) == numbers)
        }
    }
}
