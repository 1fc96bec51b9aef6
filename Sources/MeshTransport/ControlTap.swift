// For tests alone: a release build knows nothing of this file, and a test looks for its name in the program.
#if DEBUG
    import Glibc
    import MeshWire
    import NIOCore
    import Synchronization

    /// Writes the control plane down as it is before encryption and after decryption, byte for byte: each link into two
    /// files of the folder that `PMESH_CONTROL_TAP` names, `<process>-<number>.in` and `.out`; the discovery messages of
    /// all links into `<process>-discovery.in` and `.out`, each with its length (4 bytes, big-endian) before it.
    ///
    /// It sits between TLS and whatever gives the bytes a meaning, so that nothing is lost in decoding.
    final class ControlTap: ChannelDuplexHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer
        typealias OutboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private static let variable = "PMESH_CONTROL_TAP"
        private static let count = Atomic<Int>(0)

        private let inbound: Int32
        private let outbound: Int32

        /// Nil where nobody listens in.
        init?() {
            guard let path = Self.path("\(Self.count.wrappingAdd(1, ordering: .relaxed).newValue)") else { return nil }
            inbound = Self.file(path + ".in")
            outbound = Self.file(path + ".out")
        }

        deinit {
            Glibc.close(inbound)
            Glibc.close(outbound)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            Self.append(Array(buffer: unwrapInboundIn(data)), to: inbound)
            context.fireChannelRead(data)
        }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            Self.append(Array(buffer: unwrapOutboundIn(data)), to: outbound)
            context.write(data, promise: promise)
        }

        /// A discovery message without its seal.
        static func discovery(_ plain: [UInt8], isOutbound: Bool) {
            guard let path = path("discovery") else { return }
            let descriptor = Self.file(path + (isOutbound ? ".out" : ".in"))
            append(Array(buffer: ByteBuffer(lengthPrefixed: plain)), to: descriptor)
            Glibc.close(descriptor)
        }

        private static func path(_ name: String) -> String? {
            getenv(variable).map { "\(String(cString: $0))/\(getpid())-\(name)" }
        }

        private static func file(_ path: String) -> Int32 {
            open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        }

        /// One write: whole messages stay whole where several threads append to one file.
        private static func append(_ bytes: [UInt8], to descriptor: Int32) {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            precondition(written == bytes.count, "the control tap lost bytes: errno \(errno)")
        }
    }
#endif
