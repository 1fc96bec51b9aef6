import Glibc
import NIOCore
import Testing

@testable import MeshDisk

@Suite struct ScatteredBytesTests {
    private let buffers = [[1, 2, 3], [], [4], [5, 6, 7, 8]].map { ByteBuffer(bytes: $0 as [UInt8]) }

    @Test(arguments: [0..<8, 0..<0, 2..<5, 3..<4, 4..<8, 7..<8])
    func `a range comes out of its pieces`(_ range: Range<Int>) {
        let bytes = ScatteredBytes(buffers)
        #expect(bytes.count == 8)
        let found = bytes.vectors(range).flatMap {
            Array(UnsafeRawBufferPointer(start: $0.iov_base, count: $0.iov_len))
        }
        #expect(found == range.map { UInt8($0 + 1) })
    }

    @Test func `zero blocks are left out, counted from the file's start`() {
        var whole = [UInt8](repeating: 0, count: 5 * 4_096)
        whole[4_096 + 17] = 1
        whole[3 * 4_096] = 1
        whole[4 * 4_096 - 1] = 1
        whole[4 * 4_096] = 1
        let aligned = ScatteredBytes([ByteBuffer(bytes: whole[..<5_000]), ByteBuffer(bytes: whole[5_000...])])
        #expect(aligned.dataRuns(at: 8_192) == [4_096..<8_192, 12_288..<20_480])
        let shifted = ScatteredBytes([ByteBuffer(bytes: whole)])
        // Borders at 1, 4097, 8193, 12289 and 16385: the last block is zero.
        #expect(shifted.dataRuns(at: 4_095) == [4_097..<16_385])
    }
}
