import MeshControl
import MeshWire
import Testing

@Suite struct DiscoveryScopeTests {
    @Test(arguments: ["", "UPPER", "../x", "a b", String(repeating: "a", count: 33)])
    func tagsThatNoFileShouldBeNamedByAreRefused(_ tag: String) {
        #expect(DiscoveryScope(tag: tag, key: Bytes32(), keyVersion: 0) == nil)
    }

    @Test func aCodesTagIsGood() {
        #expect(DiscoveryScope(tag: Base32.encode(Bytes16().array), key: Bytes32(), keyVersion: 0) != nil)
    }
}
