// swift-tools-version: 6.3
import PackageDescription

// The house. Each line uses only the lines below it; the one arrow inside a line is drawn.
//
//   programs     pmesh               pmesh-bench            pmesh-simulate         Examples
//   node         PrimeMesh (the library)                    MeshSimulation (test kit)
//   outside      MeshJournal         MeshTransport          MeshDisk
//   knowledge    MeshTransfer        MeshChannel            MeshControl  →  MeshTrust
//   ground       MeshWire            MeshMigrations (migrations/)              CZlib · CPosix

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

// Products of other packages, named once.
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

func room(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func program(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let ground: [Target] = [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CPosix"),
    .target(
        name: "MeshMigrations", path: "migrations", exclude: ["README.md"],
        resources: migrationFiles.map { .embedInCode($0) }, swiftSettings: settings),
    room("MeshWire", [nioCore]),
]

let knowledge: [Target] = [
    room("MeshTrust", ["MeshWire", crypto, cryptoExtras, x509, asn1]),
    room("MeshChannel", ["MeshWire", nioCore, crypto, collections]),
    room("MeshControl", ["MeshWire", "MeshTrust"]),
    room("MeshTransfer", ["MeshWire", "CZlib", nioCore, crypto]),
]

let outside: [Target] = [
    room("MeshJournal", ["MeshTransfer", "MeshTrust", "MeshWire", "MeshMigrations", grdb]),
    room(
        "MeshTransport",
        ["MeshChannel", "MeshControl", "MeshTrust", "MeshWire", "CPosix", nioCore, nioPosix, nioTLS, nioSSL]),
    room("MeshDisk", ["MeshTransfer", "MeshWire", "CPosix", nioCore, crypto]),
]

let node: [Target] = [
    room(
        "PrimeMesh",
        [
            "MeshJournal", "MeshTransport", "MeshDisk", "MeshTransfer", "MeshControl", "MeshChannel", "MeshTrust",
            "MeshWire", "CPosix", nioCore, nioPosix, crypto,
        ]),
    room("MeshSimulation", ["MeshTransfer", "MeshChannel", "MeshControl", "MeshWire", nioCore, crypto]),
]

let programs: [Target] = [
    program("pmesh", ["PrimeMesh", "MeshTransfer", "MeshWire", arguments]),
    program(
        "pmesh-bench",
        [
            "PrimeMesh", "MeshJournal", "MeshTransport", "MeshDisk", "MeshTransfer", "MeshChannel", "MeshTrust",
            "MeshWire",
            nioCore, nioPosix, crypto, arguments,
        ]),
    program("pmesh-simulate", ["MeshSimulation", arguments]),
    program("SimpleMesh", ["PrimeMesh", "MeshWire"], path: "Examples/SimpleMesh"),
    program("FileTransfer", ["PrimeMesh", "MeshWire"], path: "Examples/FileTransfer"),
]

// Decoders under test with their promises, for the tests and for `make fuzz`, which alone builds the fuzzer's program.
let fuzzing: [Target] =
    [
        .target(
            name: "MeshFuzz",
            dependencies: [
                "MeshJournal", "MeshDisk", "MeshTransfer", "MeshControl", "MeshChannel", "MeshTrust", "MeshWire",
                nioCore, crypto, grdb,
            ], path: "Tests/MeshFuzz", exclude: ["Findings"], swiftSettings: settings)
    ] + (Context.environment["PMESH_FUZZ"] == nil ? [] : [program("pmesh-fuzz", ["MeshFuzz"], path: "Tests/PmeshFuzz")])

// A migration is a file `NNNN_what.sql`; each is listed here and compared with the folder by a test.
var migrationFiles: [String] {
    ["0001_journal.sql", "0002_use.sql", "0003_code_lock.sql", "0004_unwritten.sql", "0005_mount.sql"]
}

let package = Package(
    name: "PrimeMesh",
    products: [
        .library(name: "PrimeMesh", targets: ["PrimeMesh"]),
        .executable(name: "pmesh", targets: ["pmesh"]),
        .executable(name: "pmesh-bench", targets: ["pmesh-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: ground + knowledge + outside + node + programs + fuzzing
        + [
            .target(name: "TestPosix", path: "Tests/TestPosix", swiftSettings: settings),
            tests("MeshTrustTests", ["MeshTrust", "MeshWire", crypto, x509, asn1, nioCore, nioEmbedded, nioSSL]),
            tests("MeshChannelTests", ["MeshChannel", "MeshWire", nioCore, crypto]),
            tests("MeshDiskTests", ["MeshDisk", "MeshSimulation", "MeshTransfer", "MeshWire", nioCore]),
            tests(
                "MeshJournalTests",
                ["MeshJournal", "MeshSimulation", "MeshTransfer", "MeshWire", "MeshMigrations", grdb]),
            tests(
                "MeshFuzzTests",
                [
                    "MeshFuzz", "MeshTransport", "MeshControl", "MeshTrust", "MeshWire", "PrimeMesh", "pmesh", nioCore,
                    arguments,
                ]),
            tests("MeshControlTests", ["MeshControl", "MeshWire"]),
            tests(
                "MeshTransportTests",
                ["MeshTransport", "MeshChannel", "MeshControl", "MeshTrust", "MeshWire", nioCore, nioPosix, nioSSL]),
            tests("MeshWireTests", ["MeshWire", nioCore]),
            tests("MeshTransferTests", ["MeshTransfer", "MeshSimulation", "MeshWire", nioCore, crypto]),
            tests("MeshSimulationTests", ["MeshSimulation", "MeshTransfer", "MeshWire", nioCore]),
            tests("PmeshTests", ["pmesh", "PrimeMesh", "MeshTransfer", "MeshWire", arguments]),
            tests("ArchitectureTests", ["MeshMigrations"]),
            tests(
                "PrimeMeshTests",
                ["PrimeMesh", "MeshJournal", "MeshDisk", "MeshTransfer", "MeshTrust", "MeshWire", nioCore, crypto]),
            tests(
                "EndToEndTests",
                [
                    "pmesh", "TestPosix", "CZlib", "MeshDisk", "MeshTransfer", "MeshChannel", "MeshTransport",
                    "MeshTrust",
                    "MeshWire",
                    nioCore, nioPosix, nioTLS, nioSSL, crypto, grdb,
                ]),
        ],
    swiftLanguageModes: [.v6]
)
