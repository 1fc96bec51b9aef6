import MeshWire

/// Lends encoders: a node keeps them between jobs, since each holds zlib's memory; one job uses one of them at a time.
package protocol ChunkEncoders: Sendable {
    func encode(
        _ job: SendSession.EncodeJob, source: any ChunkSource
    ) -> (batch: EncodedBatch, failed: [(entry: SourceEntry, error: DiskError)])
}

/// Lends decoders likewise.
package protocol ChunkDecoders: Sendable {
    func with<R: Sendable>(_ body: (inout ChunkDecoder) -> sending R) -> sending R
}
