import MeshDisk
import MeshWire
import Testing

@testable import PrimeMesh

@Suite struct ReceiveOutputTests {
    private func named(_ byte: UInt8) -> Bytes16 { Bytes16([UInt8](repeating: byte, count: 16))! }

    @Test func oneTransferAloneGoesOut() throws {
        let output = ReceiveOutput(try OutputSink(born: 1))
        let (first, second) = (TransferID(named(1)), TransferID(named(2)))
        #expect(output.claim(first) && !output.claim(second) && output.claim(first))
    }
}
