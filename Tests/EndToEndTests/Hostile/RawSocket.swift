import Foundation
import Glibc

/// A plain TCP connection from any address of the loopback network: what a stranger has before there is TLS.
final class RawSocket: Sendable {
    private let descriptor: Int32

    /// Nil where the node did not take the connection at once.
    init?(_ port: UInt16, from source: String = "127.0.0.1") {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0, Self.with(source, 0, { bind(descriptor, $0, $1) }) == 0,
            Self.with("127.0.0.1", port, { connect(descriptor, $0, $1) }) == 0
        else { return nil }
    }

    deinit { close(descriptor) }

    /// False where the other side is gone.
    @discardableResult
    func say(_ bytes: some Collection<UInt8>) -> Bool {
        let bytes = Array(bytes)
        return bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } == bytes.count
    }

    /// Whether the other side has closed, looked at without waiting.
    var isClosed: Bool {
        var room = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &room, room.count, Int32(MSG_DONTWAIT))
            if count > 0 { continue }
            return count == 0 || errno != EAGAIN
        }
    }

    func closes(within seconds: Double) async -> Bool { await poll(within: seconds) { isClosed } }

    /// Datagrams of noise to a port of this machine, as fast as they go; answers how many.
    static func flood(udp port: UInt16, for seconds: Double) async -> Int {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: floodBlocking(port, seconds)) }
        }
    }

    private static func floodBlocking(_ port: UInt16, _ seconds: Double) -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        let deadline = Date().addingTimeInterval(seconds)
        let noise = Noise.bytes(1_200)
        var count = 0
        while Date() < deadline {
            for _ in 0..<100 {
                let sent = with("127.0.0.1", port) { address, length in
                    noise.withUnsafeBytes { sendto(descriptor, $0.baseAddress, $0.count, 0, address, length) }
                }
                if sent > 0 { count += 1 }
            }
        }
        return count
    }

    private static func with<Result>(
        _ host: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(host)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// A stream socket to a path, as a program of the same user may open it.
final class UnixSocket: Sendable {
    private let descriptor: Int32

    init?(_ path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard descriptor >= 0, bytes.count < 108 else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else { return nil }
    }

    deinit { close(descriptor) }

    func say(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes {
            send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
    }
}
