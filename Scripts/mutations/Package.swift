// swift-tools-version: 6.3
import PackageDescription

// The rooms that deliberate defects are put into, what runs them and what tests them; nothing else, so that the copy
// builds soon. Versions and settings are those of the package.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
    name: "PrimeMesh",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .target(name: "CPosix"),
        room("MeshWire", [nioCore]),
        room("MeshChannel", ["MeshWire", nioCore, crypto, collections]),
        room("MeshTrust", ["MeshWire", crypto, cryptoExtras, x509, asn1]),
        room("MeshControl", ["MeshWire", "MeshTrust"]),
        room("MeshTransfer", ["MeshWire", "CZlib", nioCore, crypto]),
        room("MeshDisk", ["MeshTransfer", "MeshWire", "CPosix", nioCore, crypto]),
        room("MeshSimulation", ["MeshTransfer", "MeshChannel", "MeshControl", "MeshWire", nioCore, crypto]),
        .executableTarget(
            name: "pmesh-simulate", dependencies: ["MeshSimulation", arguments], swiftSettings: settings),
        tests("MeshWireTests", ["MeshWire", nioCore]),
        tests("MeshChannelTests", ["MeshChannel", "MeshWire", nioCore, crypto]),
        tests("MeshControlTests", ["MeshControl", "MeshWire"]),
        tests("MeshTransferTests", ["MeshTransfer", "MeshSimulation", "MeshWire", nioCore, crypto]),
        tests("MeshDiskTests", ["MeshDisk", "MeshSimulation", "MeshTransfer", "MeshWire", nioCore]),
    ],
    swiftLanguageModes: [.v6]
)
