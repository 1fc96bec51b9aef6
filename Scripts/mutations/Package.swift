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
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .target(name: "CPosix"),
        room("MeshWire", [nioCore]),
        room("MeshChannel", ["MeshWire", nioCore, crypto, collections]),
        room("MeshTransfer", ["MeshWire", "CZlib", nioCore, crypto]),
        room("MeshDisk", ["MeshTransfer", "MeshWire", "CPosix", nioCore, crypto]),
        room("MeshSimulation", ["MeshTransfer", "MeshChannel", "MeshWire", nioCore, crypto]),
        .executableTarget(
            name: "pmesh-simulate", dependencies: ["MeshSimulation", arguments], swiftSettings: settings),
        tests("MeshWireTests", ["MeshWire", nioCore]),
        tests("MeshChannelTests", ["MeshChannel", "MeshWire", nioCore, crypto]),
        tests("MeshTransferTests", ["MeshTransfer", "MeshSimulation", "MeshWire", nioCore, crypto]),
        tests("MeshDiskTests", ["MeshDisk", "MeshTransfer", "MeshWire", nioCore]),
    ],
    swiftLanguageModes: [.v6]
)
