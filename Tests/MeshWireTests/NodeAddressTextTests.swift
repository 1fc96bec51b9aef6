import MeshWire
import Testing

@Suite struct NodeAddressTextTests {
    @Test(arguments: [
        ("10.77.0.2", "10.77.0.2", 7411), ("10.77.0.2:80", "10.77.0.2", 80), ("host.example", "host.example", 7411),
        ("[fe80::1%eth0]:9", "fe80::1%eth0", 9), ("[::1]", "::1", 7411), ("fd00::7", "fd00::7", 7411),
    ])
    func whatCanBeDialed(text: String, host: String, port: Int) {
        #expect(NodeAddress(dialing: text) == NodeAddress(host: host, port: UInt16(port)))
    }

    @Test(arguments: [
        "", "7411", ":7411", "0.0.0.0:7411", "[::]:1", "a:b", "host:", "host:99999", "[host]", "a b", "h:0",
    ])
    func whatCannotBeDialed(text: String) { #expect(NodeAddress(dialing: text) == nil) }

    @Test(arguments: [
        ("7411", "*", 7411), (":7411", "*", 7411), ("0", "*", 0), ("10.9.9.9", "10.9.9.9", 7411),
        ("10.9.9.9:0", "10.9.9.9", 0), ("0.0.0.0:7411", "0.0.0.0", 7411), ("[::]:0", "::", 0),
    ])
    func whereOneCanListen(text: String, host: String, port: Int) {
        #expect(NodeAddress(listening: text) == NodeAddress(host: host, port: UInt16(port)))
    }

    @Test(arguments: ["", ":", "99999", "host:", "a b"])
    func whereOneCannotListen(text: String) { #expect(NodeAddress(listening: text) == nil) }

    @Test func wildcardsAreKnown() {
        let hosts = ["*", "0.0.0.0", "::", "127.0.0.1", "::1"]
        #expect(hosts.map { NodeAddress(host: $0, port: 1).isWildcard } == [true, true, true, false, false])
    }
}
