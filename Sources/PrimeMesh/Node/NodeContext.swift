import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTransport
import MeshTrust
import MeshWire
import NIOCore
import NIOPosix

/// What everything in a running node shares.
final class NodeContext: BlockingPool {
    let home: NodeHome
    let name: String
    let identity: NodeIdentity
    let journal: Journal
    private let place: JournalPlace
    let process: ProcessIdentity
    let boot: String
    let group: MultiThreadedEventLoopGroup
    /// For everything that blocks: disks, hashing, deflating, scrypt.
    let pool: NIOThreadPool
    let contexts = TLSContexts()
    /// Nil but for measurements.
    let echoes: EchoWatch?

    var dialer: NodeDialer { NodeDialer(group: group, contexts: contexts) }

    /// Threads that wait for disks or compute: one for each of up to seven cores, and one that waits.
    private static let poolThreads = min(max(System.coreCount, 2), 7) + 1

    init(home: NodeHome, name: String, echoes: EchoWatch? = nil) async throws {
        try OpenFiles.secure()
        let boot = BootIdentity.current() ?? "unknown"
        self.home = home
        // Names cross the control plane, where no other text may.
        self.name = try MemberName(name).description
        self.boot = boot
        self.echoes = echoes
        process = ProcessIdentity.current(boot: boot)
        let pool = NIOThreadPool(numberOfThreads: Self.poolThreads)
        pool.start()
        do {
            identity = try await pool.runIfActive { try KeyFile.load(home: home) }
            place = try JournalPlace(home)
            journal = try await Journal(path: place.path, boot: boot)
        } catch {
            // A node that does not come to be leaves no thread behind.
            try? await pool.shutdownGracefully()
            throw error
        }
        self.pool = pool
        group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    }

    /// Runs blocking work off the cooperative pool.
    func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await pool.runIfActive { try work() }
    }

    /// The node's journal, or another connection to it that waits for the disk with each transaction.
    func withJournal<Value>(durable: Bool, _ body: (Journal) async throws -> Value) async throws -> Value {
        guard durable else { return try await body(journal) }
        let own = try await Journal(path: place.path, boot: boot, durable: true)
        let result: Result<Value, any Error>
        do { result = .success(try await body(own)) } catch { result = .failure(error) }
        try await own.close()
        return try result.get()
    }

    /// 256 random bits.
    func secret() -> Bytes32 {
        var generator = SystemRandomNumberGenerator()
        return Bytes32(using: &generator)
    }

    func identifier() -> Bytes16 {
        var generator = SystemRandomNumberGenerator()
        return Bytes16(using: &generator)
    }
}
