// What the vectors of this target are written with.
import MeshWire
import NIOCore
import Testing

/// Bytes from hexadecimal digits; blanks and line ends are ignored.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func buffer(_ text: String) -> ByteBuffer { ByteBuffer(bytes: hex(text)) }
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func array(_ buffer: ByteBuffer) -> [UInt8] { Array(buffer.readableBytesView) }

/// `00 01 02 …`
let counting = Bytes32(0..<32)!
let countingHex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
let counting16 = Bytes16(0..<16)!
let counting16Hex = "000102030405060708090a0b0c0d0e0f"

/// The error of reading `payload`, or nil where it is read.
func refusal<Value>(
    of payload: ByteBuffer, _ read: (ByteBuffer) throws(WireError) -> Value
) -> WireError? {
    do throws(WireError) {
        _ = try read(payload)
        return nil
    } catch {
        return error
    }
}

/// Every beginning of `payload` is refused as truncated, and the whole with a byte more as trailing.
func expectWhole<Value>(
    _ payload: ByteBuffer, _ read: (ByteBuffer) throws(WireError) -> Value,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    for count in 0..<payload.readableBytes {
        let error = refusal(of: payload.getSlice(at: payload.readerIndex, length: count)!, read)
        guard case .truncated = error else {
            #expect(error == .truncated("…"), "\(count) bytes", sourceLocation: sourceLocation)
            continue
        }
    }
    var longer = payload
    longer.writeInteger(UInt8(0))
    let error = refusal(of: longer, read)
    guard case .trailing = error else {
        #expect(error == .trailing("…"), sourceLocation: sourceLocation)
        return
    }
}

/// A generator with a seed: xorshift64*.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = (seed &+ 1) &* 0x9e37_79b9_7f4a_7c15 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }
}
