import Testing

/// The picture of the house as a table: what each target may import. A target that is not in it has no place yet.
@Suite struct ImportTests {
    private static let system: Set = ["FoundationEssentials", "Synchronization"]
    private static let rooms: Set = [
        "MeshWire", "MeshTrust", "MeshChannel", "MeshControl", "MeshTransfer", "MeshJournal", "MeshTransport",
        "MeshDisk",
        "PrimeMesh",
    ]

    private static let allowed: [String: Set<String>] = [
        "CPosix": [],
        "CZlib": [],
        "migrations": [],
        // Ground and knowledge: no sockets, files, clocks, threads.
        "MeshWire": ["FoundationEssentials", "NIOCore"],
        "MeshTrust": ["FoundationEssentials", "MeshWire", "Crypto", "CryptoExtras", "X509", "SwiftASN1"],
        "MeshChannel": ["FoundationEssentials", "MeshWire", "NIOCore", "Crypto", "DequeModule"],
        "MeshControl": ["FoundationEssentials", "MeshWire", "MeshTrust"],
        "MeshTransfer": ["FoundationEssentials", "MeshWire", "CZlib", "NIOCore", "Crypto", "DequeModule"],
        // Outside.
        "MeshJournal": system.union([
            "MeshTransfer", "MeshTrust", "MeshWire", "MeshMigrations", "GRDB", "GRDBSQLite", "Dispatch", "Glibc",
            "Musl",
        ]),
        "MeshTransport": system.union([
            "MeshChannel", "MeshControl", "MeshTrust", "MeshWire", "CPosix", "NIOCore", "NIOPosix", "NIOTLS", "NIOSSL",
            "NIOConcurrencyHelpers", "Logging", "Glibc",
        ]),
        "MeshDisk": system.union(["MeshTransfer", "MeshWire", "CPosix", "NIOCore", "Crypto", "Glibc"]),
        // The node knows neither SQL nor TLS nor user files.
        "PrimeMesh": system.union([
            "MeshJournal", "MeshTransport", "MeshDisk", "MeshTransfer", "MeshControl", "MeshChannel", "MeshTrust",
            "MeshWire",
            "CPosix", "NIOCore", "NIOPosix", "NIOConcurrencyHelpers", "Crypto", "Logging", "ServiceLifecycle",
            "Dispatch",
            "Glibc",
        ]),
        "MeshSimulation": [
            "MeshTransfer", "MeshChannel", "MeshControl", "MeshWire", "NIOCore", "Crypto", "Synchronization",
        ],
        // Programs. The command line decides nothing, so it needs nothing below the node but its words.
        "pmesh": system.union(["PrimeMesh", "MeshTransfer", "MeshWire", "ArgumentParser", "Dispatch", "Glibc"]),
        "pmesh-bench": system.union(rooms).union([
            "ArgumentParser", "Crypto", "CZlib", "Dispatch", "Foundation", "Glibc", "NIOCore", "NIOPosix",
        ]),
        "pmesh-simulate": ["MeshSimulation", "ArgumentParser"],
        "SimpleMesh": ["PrimeMesh", "MeshTransfer", "MeshWire", "FoundationEssentials"],
        "FileTransfer": ["PrimeMesh", "MeshTransfer", "MeshWire", "FoundationEssentials"],
    ]

    /// The system's words for an error number, and nothing else of it.
    private static let exceptions: [String: Set<String>] = [
        "Sources/MeshTransfer/DiskError+Description.swift": ["Glibc", "Musl"]
    ]

    @Test(arguments: House.sources) func importsOnlyWhatIsBelow(_ file: SourceFile) {
        guard let allowed = Self.allowed[file.room] else {
            Issue.record("\(file.room) is in no line of the house: give it one in ImportTests and in Package.swift")
            return
        }
        let strangers = file.imports.subtracting(allowed).subtracting(Self.exceptions[file.path] ?? [])
        #expect(strangers.isEmpty, "\(file) imports \(strangers.sorted().joined(separator: ", "))")
    }

    @Test func everyRoomIsThere() {
        let rooms = Set(House.names(in: "Sources") + House.names(in: "Examples") + ["migrations"])
        #expect(rooms == Set(Self.allowed.keys))
    }

    @Test func importsAreFoundInEveryForm() {
        let file = SourceFile(
            path: "Sources/X/x.swift",
            text: """
                import A
                package import B
                import struct C.D
                @preconcurrency public import E
                // import F
                let text = "import G"
                """)
        #expect(file.imports == ["A", "B", "C", "E"])
    }
}
