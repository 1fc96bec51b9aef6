import MeshTrust
import MeshWire
import Testing

/// Draws 7: the boot of the vector. It is not empty, since the thread sanitizer looks where an `inout` value lies, and an
/// empty one lies nowhere.
private struct Seven: RandomNumberGenerator {
    private let value: UInt64 = 7

    mutating func next() -> UInt64 { value }
}

@Suite struct DatagramSealTests {
    let key = Bytes32(0..<32)!

    func seal(_ seed: UInt64, version: UInt32 = 3) -> DatagramSeal {
        var random = FixedRandom(seed)
        return DatagramSeal(key: key, version: version, using: &random)
    }

    /// Computed with another implementation of HKDF and ChaCha20-Poly1305.
    @Test func `the first datagram of a boot is fixed by key, boot and plain bytes`() throws {
        var random = Seven()
        var seal = DatagramSeal(key: key, version: 3, using: &random)
        #expect(
            try seal.seal(Array("hello".utf8))
                == bytes(hex: "000000030000000000000007000000000000000129e7a019812be4cfa5eb491dcf83d8fb6951ebcca6"))
    }

    @Test func `what one member seals another opens`() throws {
        var (alice, bob) = (seal(1), seal(2))
        let datagram = try alice.seal([1, 2, 3])
        #expect(try bob.open(datagram) == OpenedDatagram(boot: alice.boot, counter: 1, plain: [1, 2, 3]))
        #expect(try bob.open(try alice.seal([])).counter == 2)
        #expect(try alice.open(try bob.seal([9])).boot == bob.boot)
    }

    @Test func `equal datagrams never look alike`() throws {
        var (alice, bob) = (seal(1), seal(2))
        let all = try [alice.seal([5]), alice.seal([5]), bob.seal([5]), bob.seal([5])]
        #expect(Set(all.map { Array($0.dropFirst(20)) }).count == 4)
    }

    @Test func `a datagram changed or cut anywhere does not open`() throws {
        var alice = seal(1)
        let right = try alice.seal([1, 2, 3])
        for place in right.indices {
            var wrong = right
            wrong[place] ^= 1
            #expect(throws: SealError.self, "byte \(place)") { try alice.open(wrong) }
            #expect(throws: SealError.self) { try alice.open(Array(right.prefix(place))) }
        }
        #expect(throws: SealError.notAuthentic) { try alice.open(right + [0]) }
    }

    @Test func `another key opens nothing, another version says so`() throws {
        var alice = seal(1)
        let datagram = try alice.seal([1])
        var random = FixedRandom(3)
        let stranger = DatagramSeal(key: Bytes32(), version: 3, using: &random)
        #expect(throws: SealError.notAuthentic) { try stranger.open(datagram) }
        #expect(throws: SealError.otherKey(3)) { try seal(1, version: 4).open(datagram) }
        #expect(DatagramSeal.keyVersion(of: datagram) == 3)
        #expect(DatagramSeal.keyVersion(of: [0, 0, 0, 3]) == nil)
    }

    @Test func `a datagram fits the limit with its seal`() throws {
        var alice = seal(1)
        let largest = try alice.seal([UInt8](repeating: 0, count: DatagramSeal.limit))
        #expect(largest.count == Limits.datagram)
        #expect(try alice.open(largest).plain.count == 1_164)
        #expect(throws: SealError.tooLarge(1_165)) { try alice.seal([UInt8](repeating: 0, count: 1_165)) }
        #expect(throws: SealError.tooLarge(1_201)) { try alice.open([UInt8](repeating: 0, count: 1_201)) }
    }
}
