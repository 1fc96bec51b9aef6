import MeshWire
import NIOCore
import Testing

@Suite struct FrameEncoderTests {
    @Test(arguments: [
        (0, 57), (1, 58), (131_023, 131_080), (131_024, 131_089), (262_095, 262_160), (262_096, 262_169),
        (4_194_304, 4_194_304 + 49 + 33 * 8),
    ]) func costs(payload: Int, cost: Int) {
        #expect(FrameEncoder.cost(payload: payload) == cost)
    }

    @Test func regionsLieBehindTheirHeaders() {
        #expect(FrameEncoder.regions(payload: 0) == [])
        #expect(FrameEncoder.regions(payload: 1) == [57..<58])
        #expect(FrameEncoder.regions(payload: 131_023) == [57..<131_080])
        #expect(FrameEncoder.regions(payload: 131_024) == [57..<131_080, 131_088..<131_089])
        #expect(FrameEncoder.regions(payload: 262_144) == [57..<131_080, 131_088..<262_160, 262_168..<262_217])
    }

    @Test func theRegionsOfAShorterPayloadBeginThoseOfALongerOne() {
        let long = FrameEncoder.regions(payload: 400_000)
        for payload in [1, 131_023, 131_024, 300_000] {
            let short = FrameEncoder.regions(payload: payload)
            #expect(short.dropLast() == long.prefix(short.count - 1))
            #expect(short.last?.lowerBound == long[short.count - 1].lowerBound)
        }
    }

    @Test func aSmallChunkAsItLiesOnTheWire() {
        var frames = ByteBuffer(repeating: 0, count: 60)
        frames.setBytes(bytes("abc"), at: 57)
        let header = ChunkHeader(number: 2, encoding: .raw, rawLength: 3, encodedLength: 3, digest: counting)
        FrameEncoder.frame(header, stream: 7, in: &frames, at: 0)
        #expect(
            array(frames)
                == hex("04 03 0007 00000034" + "0000000000000002 00 00000003 00000003" + countingHex + "616263"))
    }

    @Test func aLargeChunkIsCutIntoFragments() {
        let length = 262_144
        var frames = ByteBuffer(repeating: 0, count: FrameEncoder.cost(payload: length))
        let header = ChunkHeader(number: 2, encoding: .raw, rawLength: length, encodedLength: length, digest: counting)
        FrameEncoder.frame(header, stream: 7, in: &frames, at: 0)
        #expect(array(frames.getSlice(at: 0, length: 8)!) == hex("04 01 0007 00020000"))
        #expect(array(frames.getSlice(at: 131_080, length: 8)!) == hex("04 00 0007 00020000"))
        #expect(array(frames.getSlice(at: 262_160, length: 8)!) == hex("04 02 0007 00000031"))
    }

    @Test func otherFrames() {
        let frame = FrameEncoder.frame(.acknowledgement, stream: 258, payload: buffer("01 05 02"))
        #expect(array(frame) == hex("01 00 0102 00000003 010502"))
        let largest = FrameEncoder.frame(.message, stream: 0, payload: ByteBuffer(repeating: 0, count: Limits.message))
        #expect(largest.readableBytes == Limits.message + 8)
    }
}
