import MeshTransfer

/// An encoder or decoder of its own for each job: what one leaves behind must not matter to the next.
struct FreshCoders: ChunkEncoders, ChunkDecoders {
    func encode(
        _ job: SendSession.EncodeJob, source: any ChunkSource
    ) -> (batch: EncodedBatch, failed: [(entry: SourceEntry, error: DiskError)]) {
        var encoder = ChunkEncoder(stream: 1)
        return encoder.encode(job.pieces, choice: job.choice, source: source)
    }

    func with<R: Sendable>(_ body: (inout ChunkDecoder) -> sending R) -> sending R {
        var decoder = ChunkDecoder()
        return body(&decoder)
    }
}
