import Foundation
import Testing

/// `tcpdump` on one interface of one host, from its first word on to a datagram of our own that ends the record.
struct Capture {
    static let isThere = ["/usr/bin/tcpdump", "/usr/sbin/tcpdump", "/sbin/tcpdump"]
        .contains { FileManager.default.isExecutableFile(atPath: $0) }
    static let need: Comment = "needs root, `ip netns` and tcpdump (make setup)"

    private let child: Child
    private let file: String
    private let host: String
    private let stage: Stage

    /// Begins once tcpdump listens: what is sent afterwards is in the record.
    init(_ stage: Stage, host: String, device: String) async throws {
        self.stage = stage
        self.host = host
        file = stage("\(host)-\(device).pcap")
        // Whole packets, each written at once; room for 64 MiB that wait.
        child = try stage.start([
            "ip", "netns", "exec", host, "tcpdump", "-i", device, "-w", file, "-s", "0", "-U", "--immediate-mode", "-B",
            "65536", "-Z", "root",
        ])
        try #require(await child.says("listening on"), "\(child.errors)")
    }

    /// Ends the record with a datagram to `address` that carries `words`, waits until it is written, and reads all of it.
    func end(to address: String, saying words: [UInt8]) async throws -> PacketFile {
        stage.file("\(host).last", words)
        let sender = try stage.start([
            "ip", "netns", "exec", host, "bash", "-c", "cat '\(stage("\(host).last"))' >/dev/udp/\(address)/9",
        ])
        #expect(await sender.exit() == 0, "\(sender.errors)")
        let isWritten = await poll {
            let bytes = FileManager.default.contents(atPath: file).map(Array.init) ?? []
            return bytes.suffix(4_096).map { $0 }.contains(words)
        }
        try #require(isWritten, "tcpdump did not write the last datagram")
        child.signal(SIGINT)
        #expect(await child.exit() == 0)
        #expect(child.errors.contains("\n0 packets dropped by kernel"), "\(child.errors)")
        return try PacketFile(FileManager.default.contents(atPath: file).map(Array.init) ?? [])
    }
}
