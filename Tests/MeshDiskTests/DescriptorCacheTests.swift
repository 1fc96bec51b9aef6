import Glibc
import Testing

@testable import MeshDisk

@Suite struct DescriptorCacheTests {
    @Test func `the least recently used leaves first`() {
        let cache = DescriptorCache<Int, String>(capacity: 2)
        #expect(cache.insert("a", for: 1) == "a")
        #expect(cache.insert("b", for: 2) == "b")
        #expect(cache.value(for: 1) == "a")
        #expect(cache.insert("c", for: 3) == "c")
        #expect(cache.value(for: 2) == nil)
        #expect(cache.value(for: 1) == "a")
    }

    @Test func `the first of two stays`() {
        let cache = DescriptorCache<Int, String>(capacity: 2)
        #expect(cache.insert("a", for: 1) == "a")
        #expect(cache.insert("b", for: 1) == "a")
        #expect(cache.remove(1) == "a")
        #expect(cache.value(for: 1) == nil)
    }

    @Test func `a descriptor is closed with its last holder, not before`() throws {
        let cache = DescriptorCache<Int, Descriptor>(capacity: 1)
        var held: Descriptor? = cache.insert(Descriptor(Int(open("/dev/null", O_RDONLY))), for: 1)
        let number = try #require(try held?.call("look") { Int($0) })
        _ = cache.insert(Descriptor(Int(open("/dev/null", O_RDONLY))), for: 2)
        #expect(cache.value(for: 1) == nil)
        #expect(fcntl(Int32(number), F_GETFD) >= 0)
        let device = try held?.status().device
        #expect(device != nil)
        // Another test may get the number at once: what must be true is that nobody holds this object any more.
        weak let gone = held
        held = nil
        #expect(gone == nil)
    }
}
