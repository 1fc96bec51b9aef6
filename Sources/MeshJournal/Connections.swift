import GRDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The connections to one journal: a writer, up to four readers, and one for checkpoints.
struct Connections: Sendable {
    /// One writer, whose work is in order, and readers that see the last commit and never wait for it.
    let pool: DatabasePool
    /// A checkpoint on the writer's connection would hold up every commit behind it, for seconds on a slow disk.
    let checkpointer: DatabaseQueue
    /// The key of the present boot in the table `boot`.
    let boot: Int64

    /// Seconds to wait for another process.
    let patience: Double
    static let usualPatience = 10.0
    /// Milliseconds that are waited once that was in vain: who gives up still writes down how things stand, and must not
    /// wait as long with each line of it.
    static let impatience = 200

    /// Blocks; never called on the cooperative pool. Where several processes make or recover one file at once, SQLite
    /// answers some of them "busy" without waiting (a lock held for reading cannot be raised by two), so it is tried
    /// again until the patience ends.
    static func open(
        path: String, boot: String, isDurable: Bool, patience: Double = usualPatience
    ) throws(JournalError) -> Connections {
        try JournalFile.prepare(path)
        // Each attempt may itself wait for the busy timeout: time is what counts, not attempts.
        let deadline = ContinuousClock.now + .seconds(patience)
        while true {
            do {
                return try Connections(path: path, boot: boot, isDurable: isDurable, patience: patience)
            } catch {
                let error = JournalError(error, path: path)
                guard error.isLocked, ContinuousClock.now < deadline else { throw error }
                // Opening asks no busy handler, so it is tried again here. The caller's thread is one that may block.
                usleep(10_000)
            }
        }
    }

    private init(path: String, boot: String, isDurable: Bool, patience: Double) throws {
        let configuration = Self.configuration(path: path, patience: patience)
        self.patience = patience
        pool = try DatabasePool(path: path, configuration: configuration)
        self.boot = try pool.writeWithoutTransaction { db in
            try Schema.migrate(db, path: path)
            // After the pool's own choice, which is NORMAL: a commit survives SIGKILL, not a loss of power.
            if isDurable { try db.execute(sql: "PRAGMA synchronous = FULL") }
            return try Self.key(ofBoot: boot, db)
        }
        checkpointer = try DatabaseQueue(path: path, configuration: configuration)
    }

    private static func configuration(path: String, patience: Double) -> Configuration {
        var configuration = Configuration()
        configuration.label = "pmesh.journal"
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(patience)
        configuration.maximumReaderCount = 4
        configuration.prepareDatabase { db in
            if !db.configuration.readonly { try Schema.inspect(db, path: path) }
            try db.execute(
                sql: """
                    PRAGMA wal_autocheckpoint = 0;
                    PRAGMA journal_size_limit = 67108864;
                    PRAGMA trusted_schema = OFF;
                    PRAGMA cell_size_check = ON;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA cache_size = -8192;
                    """)
        }
        return configuration
    }

    private static func key(ofBoot name: String, _ db: Database) throws -> Int64 {
        let find = "SELECT key FROM boot WHERE name = ?1"
        if let key = try db.row(find, .text(name), read: { try $0.int(0, "boot") }) { return key }
        try db.run("INSERT INTO boot (name) VALUES (?1) ON CONFLICT (name) DO NOTHING", .text(name))
        guard let key = try db.row(find, .text(name), read: { try $0.int(0, "boot") }) else {
            throw DamagedRow(what: "a boot that is not kept")
        }
        return key
    }
}
