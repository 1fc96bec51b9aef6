import Foundation
import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire
import PrimeMesh
import Synchronization

import struct Crypto.SHA256

/// A folder of a test's own, removed at the end.
func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "primemesh-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.path)
}

func withJournal(_ body: (Journal) async throws -> Void) async throws {
    try await withFolder { folder in
        let journal = try await Journal(path: folder + "/journal.sqlite", boot: "this-boot")
        try await body(journal)
        try await journal.close()
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func digest(_ number: UInt64) -> Digest { Digest([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32))! }

func transferRecord(_ direction: TransferDirection, roots: [String] = ["/data"]) -> TransferRecord {
    TransferRecord(
        id: TransferID(Bytes16([UInt8](repeating: 7, count: 16))!), direction: direction, roots: roots.map(bytes),
        created: 1,
        updated: 1)
}

/// As the walk finds it: without a number, without a place for its chunks.
func walked(_ path: String, size: UInt64 = 10) -> SourceEntry {
    SourceEntry(
        number: 0,
        manifest: ManifestEntry(
            kind: .file, path: bytes(path), size: size, allocated: size, mode: 0o644, seconds: 1, nanoseconds: 2),
        identity: SourceIdentity(device: 1, inode: 2, changed: 3))
}

/// What happens, collected from several threads.
final class Collected<Value: Sendable>: Sendable {
    private let state = Mutex<[Value]>([])

    var values: [Value] { state.withLock { $0 } }
    func add(_ value: Value) { state.withLock { $0.append(value) } }
}

/// A place that one task fills and another waits for.
final class Promise<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func fulfil(_ value: Value) { continuation.yield(value) }

    var value: Value? {
        get async {
            for await value in stream { return value }
            return nil
        }
    }
}

extension [UInt8] {
    var sha256: [UInt8] { [UInt8](SHA256.hash(data: self)) }
}
