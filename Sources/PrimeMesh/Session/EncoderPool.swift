import MeshTransfer
import MeshWire
import Synchronization

/// Encoders that are kept between jobs: each holds zlib's memory and is used by one job at a time.
final class EncoderPool: ChunkEncoders {
    private let stream: UInt16
    private let idle = Mutex<[EncoderBox]>([])

    /// A non-copyable encoder behind a reference, so that it can wait in a list.
    private final class EncoderBox: Sendable {
        let encoder: Mutex<ChunkEncoder>

        init(stream: UInt16) {
            encoder = Mutex(ChunkEncoder(stream: stream))
        }
    }

    init(stream: UInt16) {
        self.stream = stream
    }

    func encode(
        _ job: SendSession.EncodeJob, source: any ChunkSource
    ) -> (batch: EncodedBatch, failed: [(entry: SourceEntry, error: DiskError)]) {
        let box = idle.withLock { $0.popLast() } ?? EncoderBox(stream: stream)
        defer { idle.withLock { $0.append(box) } }
        return box.encoder.withLock { $0.encode(job.pieces, choice: job.choice, source: source) }
    }
}

/// Decoders likewise.
final class DecoderPool: ChunkDecoders {
    private let idle = Mutex<[DecoderBox]>([])

    private final class DecoderBox: Sendable {
        let decoder = Mutex(ChunkDecoder())
    }

    func with<R: Sendable>(_ body: (inout ChunkDecoder) -> sending R) -> sending R {
        let box = idle.withLock { $0.popLast() } ?? DecoderBox()
        defer { idle.withLock { $0.append(box) } }
        return box.decoder.withLock { decoder in body(&decoder) }
    }
}
