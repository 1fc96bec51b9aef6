/// What a peer may send at most. Each limit is checked where the value is decoded; a peer that breaks one is disconnected.
package enum Limits {
    /// Payload of a chunk fragment, bytes. Small enough that a message never waits long behind one: 128 KiB take 10 ms
    /// on a link of 100 Mbit/s.
    package static let fragment = 128 * 1024
    /// Payload of any other data-plane frame, bytes.
    package static let message = 256 * 1024
    /// Any frame before the lane's handshake, bytes.
    package static let beforeHandshake = 4 * 1024
    /// One control message, bytes of JSON.
    package static let control = 256 * 1024
    /// A discovery datagram with its seal, bytes: fits the smallest usual MTU with room for tunnels.
    package static let datagram = 1_200
    /// Largest chunk, plain bytes.
    package static let chunk = 4 * 1024 * 1024
    /// Every chunk but the last of a file of open length, plain bytes.
    package static let openChunk = 256 * 1024
    /// Chunk numbers set aside for a file of open length: 16 TiB.
    package static let openRoom: UInt64 = 1 << 26
    /// The same for a file of the kernel, of which there may be as many as a manifest has entries: 16 GiB.
    package static let kernelRoom: UInt64 = 1 << 16
    /// Chunks of one transfer: 2^40 chunks of 4 MiB are 4 EiB, beyond any file system.
    package static let chunks: UInt64 = 1 << 40
    /// Entries of one manifest.
    package static let entries: UInt64 = 16 * 1024 * 1024
    /// Components of a path.
    package static let pathDepth = 256
    /// Bytes of a path, and of a link's target (PATH_MAX of Linux).
    package static let path = 4_096
    /// Bytes of the path of something that is not offered: one component more than a path may have.
    package static let omittedPath = path + 1 + component
    /// Bytes of one component (NAME_MAX of Linux).
    package static let component = 255
    /// Plain bytes of a manifest page: 8,000 entries or more of usual names.
    package static let page = 1024 * 1024
    /// Ranges in one want, acknowledgement or seal.
    package static let ranges = 8_192
    /// A signed receipt, bytes.
    package static let receipt = 4_096
    /// Lanes of one channel.
    package static let lanes = 8
    /// Bytes of chunk frames a lane may carry beyond what the receiver has given back: a chunk of the largest size, and
    /// 1 MiB that may be freed and not yet told. Four lanes hold 20 MiB of a receiver's memory, eight hold 40.
    package static let laneCredit: UInt64 = 5 * 1024 * 1024 + 64 * 1024
    /// From this size on (1 MiB) a file's room is made before its chunks are wanted: what the destination cannot hold is not
    /// sent.
    package static let sizedFile: UInt64 = 1 << 20
}
