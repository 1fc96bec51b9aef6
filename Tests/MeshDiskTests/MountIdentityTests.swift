import Glibc
import Testing

@testable import MeshDisk

@Suite struct MountIdentityTests {
    @Test func `one mount is itself and not another`() throws {
        let one = try MountIdentity(path: "/tmp".bytes)
        #expect(try MountIdentity(path: "/tmp".bytes) == one)
        #expect(one.isLocal)
        #expect(try MountIdentity(path: "/proc".bytes) != one)
        #expect(try MountIdentity(path: "/proc".bytes).text != one.text)
    }

    @Test func `the boot is the same all the time`() {
        let boot = BootIdentity.current()
        #expect(boot == BootIdentity.current())
        #expect(boot?.utf8.count == 36)
    }
}
