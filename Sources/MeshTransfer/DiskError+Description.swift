import MeshWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension DiskError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .full(let path):
            "no space left for \(path): free some space and run both commands again, they go on where they stopped"
        case .denied(let path, let errno):
            "no permission for \(path) (\(Self.text(errno))): change its permissions or choose another folder"
        case .notFound(let path):
            "\(path) does not exist: check the path"
        case .changed(let path):
            "\(path) changed while it was read: send it again once nothing writes to it"
        case .displaced(let path):
            "\(path) was removed or replaced by another program: run both commands again, they go on with what is there"
        case .escapes(let path):
            "\(path) leads out of the folder through a link: nothing was written there"
        case .inTheWay(let path):
            "something of another kind stands at \(path): move it away and run both commands again"
        case .unfit(let path, let reason): "\(path) is left out: \(reason.text)"
        case .tooManyOpenFiles(let path):
            "too many open files at \(path): raise the limit (ulimit -n) and run the same command again"
        case .failed(let path, let operation, let errno):
            "\(operation) of \(path) failed (\(Self.text(errno))): check the disk, then run the same command again"
        }
    }

    private static func text(_ errno: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(errno, &buffer, buffer.count) == 0 else { return "error \(errno)" }
        return buffer.withUnsafeBufferPointer { text in text.baseAddress.map { String(cString: $0) } ?? "" }
    }
}
