import MeshTrust
import Testing

@Suite struct DatagramWindowTests {
    func datagram(_ boot: UInt64, _ counter: UInt64) -> OpenedDatagram {
        OpenedDatagram(boot: boot, counter: counter, plain: [])
    }

    @Test func `counters increase, each boot by itself`() {
        var window = DatagramWindow()
        #expect(window.accepts(datagram(1, 5)) == true)
        #expect(window.accepts(datagram(1, 5)) == false)
        #expect(window.accepts(datagram(1, 4)) == false)
        #expect(window.accepts(datagram(2, 1)) == true)
        #expect(window.accepts(datagram(1, 6)) == true)
        #expect(window.accepts(datagram(1, .max)) == true)
        #expect(window.accepts(datagram(1, .max)) == false)
    }

    @Test func `a full table forgets who was silent the longest`() {
        var window = DatagramWindow()
        let limit = UInt64(DatagramWindow.limit)
        for boot in 1...limit { #expect(window.accepts(datagram(boot, 5)) == true) }
        #expect(window.accepts(datagram(1, 6)) == true)
        #expect(window.accepts(datagram(limit + 1, 1)) == true)
        #expect(window.accepts(datagram(1, 6)) == false)
        #expect(window.accepts(datagram(3, 5)) == false)
        #expect(window.accepts(datagram(2, 5)) == true)
    }
}
