import MeshWire
import NIOCore
import Testing

@Suite struct ReceiptTests {
    private let receipt = Receipt(
        sender: NodeID(counting), receiver: NodeID(Bytes32()), transfer: TransferID(counting16), root: counting,
        entries: 1, bytes: 0x0203, chunks: 4, skipped: 5, isDurable: true, time: -2)

    private var vector: [UInt8] {
        bytes("pmesh-receipt-v1")
            + hex(
                countingHex + String(repeating: "00", count: 32) + counting16Hex + countingHex
                    + "0000000000000001 0000000000000203 0000000000000004 0000000000000005 01 fffffffffffffffe")
    }

    private func read(_ payload: ByteBuffer) throws(WireError) -> Receipt { try Receipt(reading: array(payload)) }

    @Test func vectorOfTheSignedBytes() throws {
        #expect(receipt.encoded() == vector)
        #expect(try Receipt(reading: vector) == receipt)
        #expect(vector.count <= Limits.receipt)
        var lasting = receipt
        lasting.isDurable = false
        #expect(try Receipt(reading: lasting.encoded()) == lasting)
    }

    @Test func anotherVersionIsRefused() {
        for index in 0..<16 {
            var other = vector
            other[index] ^= 1
            #expect(throws: WireError.invalid("receipt version")) { try Receipt(reading: other) }
            #expect(throws: WireError.invalid("receipt version")) { try Receipt(reading: Array(vector.prefix(index))) }
        }
    }

    @Test func aReceiptIsReadWhole() {
        for count in 16..<vector.count {
            #expect(throws: WireError.truncated("receipt")) { try Receipt(reading: Array(vector.prefix(count))) }
        }
        #expect(throws: WireError.trailing("receipt")) { try Receipt(reading: vector + [0]) }
    }

    /// Found by fuzzing: any byte but 0 was read as true and written as 1, so that what was read was not what was signed.
    @Test(arguments: [UInt8(2), 16, 255]) func theDurableMarkHasOneSpelling(mark: UInt8) {
        var other = vector
        other[other.count - 9] = mark
        #expect(throws: WireError.invalid("receipt")) { try Receipt(reading: other) }
    }
}
