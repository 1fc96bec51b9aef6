import Glibc
import MeshDisk
import MeshTransfer
import MeshWire
import NIOPosix
import Synchronization

/// Standard output as the destination of one transfer: outlives its sessions, each of which hears how far it is.
final class ReceiveOutput: Sendable {
    /// Plain bytes that may be asked for ahead of what is out.
    static let ahead: UInt64 = 16 * 1024 * 1024

    let sink: OutputSink
    private let listener = Mutex<(@Sendable (ReceiveEvent) -> Void)?>(nil)
    private let last = Mutex<OutputSink.Step>(.advanced(0))
    /// The one transfer that goes out here.
    private let owner = Mutex<TransferID?>(nil)

    init(_ sink: OutputSink) { self.sink = sink }

    /// False where another transfer has begun here: what went out of it cannot be taken back.
    func claim(_ id: TransferID) -> Bool {
        owner.withLock { owner in
            if owner == nil { owner = id }
            return owner == id
        }
    }

    /// Bytes that are out.
    var written: UInt64 {
        guard case .advanced(let bytes) = last.withLock({ $0 }) else { return 0 }
        return bytes
    }

    /// The session under way, in place of an earlier one.
    func listen(_ body: @escaping @Sendable (ReceiveEvent) -> Void) {
        listener.withLock { $0 = body }
        body(Self.event(last.withLock { $0 }))
    }

    /// Runs `body` beside a thread of its own that writes: who reads from this process may do so as slowly as they like.
    func serving<Value>(_ body: () async throws -> Value) async throws -> Value {
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        thread.submit { [self] _ in sink.run(take) }
        let result: Result<Value, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        sink.stop()
        try await thread.shutdownGracefully()
        return try result.get()
    }

    private func take(_ step: OutputSink.Step) {
        last.withLock { $0 = step }
        listener.withLock { $0 }?(Self.event(step))
    }

    private static func event(_ step: OutputSink.Step) -> ReceiveEvent {
        switch step {
        case .advanced(let bytes): .passedOn(bytes)
        case .failed(let error): .diskFailed(error)
        }
    }
}

extension MeshError {
    /// Standard output took nothing any more.
    static func lostOutput(_ error: DiskError) -> MeshError {
        var reason = ""
        if case .failed(_, _, let number) = error { reason = " (" + String(cString: strerror(number)) + ")" }
        return MeshError(
            .disk,
            "standard output could not be written\(reason): what reads it has ended, or has no room; run both commands again"
        )
    }
}
