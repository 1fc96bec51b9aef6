import MeshDisk
import MeshTransfer
import NIOPosix

/// Reads files of open length beside a transfer, on a thread of its own, and tells the manifest how far they are.
struct OpenReading: Sendable {
    let reader: OpenReader
    let manifest: ManifestWriter
    /// A file of the kernel that cannot be read to its end; what comes through a pipe ends the transfer instead.
    let gaveUp: @Sendable (SourceEntry, DiskError) async throws -> Void

    /// Until the transfer is over: a thread that waits for a pipe is woken then.
    func run() async throws {
        let (steps, told) = AsyncStream.makeStream(of: OpenReader.Step.self)
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        let reader = reader
        thread.submit { _ in
            reader.run { told.yield($0) }
            told.finish()
        }
        let result: Result<Void, any Error>
        do {
            try await withTaskCancellationHandler {
                try await follow(steps)
            } onCancel: {
                reader.stop()
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        reader.stop()
        try await thread.shutdownGracefully()
        try result.get()
    }

    private func follow(_ steps: AsyncStream<OpenReader.Step>) async throws {
        for await step in steps {
            switch step {
            case .grew(let file): await manifest.grew(file)
            case .ended(let file): try await manifest.ended(file)
            case .failed(let entry, let error): try await gaveUp(entry, error)
            }
        }
    }
}
