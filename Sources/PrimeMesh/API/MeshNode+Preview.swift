import MeshDisk
import MeshTransfer
import MeshWire

/// What `send -n` tells.
public struct SendPreview: Sendable {
    /// One line of the list. Paths are escaped for output.
    public struct Entry: Sendable, Hashable {
        /// A folder is listed where nothing below it is sent.
        public var kind: Kind
        public var path: String
        /// Of a file, bytes; nil where nobody knows before it is read.
        public var size: UInt64?
        /// Of a link.
        public var target: String?

        /// What it is.
        public enum Kind: String, Sendable {
            case file, folder, link
        }
    }

    public var entries: [Entry] = []
    /// What is missed at the other side, since it cannot be read here.
    public var leftOut: [LeftOutEntry] = []
    /// What stays here, and what is not kept of what goes: one sentence each.
    public var warnings: [String] = []
}

extension MeshNode {
    /// Walks the sources as ``send(_:events:)`` would, and sends nothing.
    public func preview(_ request: SendRequest) async throws(MeshError) -> SendPreview {
        try await MeshError.catching {
            if let input = request.input {
                try Self.check(input, request.to)
                return SendPreview(entries: [SendPreview.Entry(input)])
            }
            let exclude = try IgnorePatterns(request.exclude)
            let roots = try await Self.roots(request.paths, context)
            let own = request.includesKeys ? [] : context.home.ownFiles
            return try await context.blocking {
                let walk = try SourceWalk(roots: roots, exclude: exclude, own: own)
                var preview = SendPreview()
                var last: ManifestEntry?
                while case let batch = try walk.next(limit: 1_024), !batch.isEmpty {
                    for entry in batch.map(\.manifest) where !preview.leavesOut(entry) {
                        preview.add(last, before: entry)
                        last = entry
                    }
                    preview.warnings += walk.takeSkipped().filter { $0.reason != .own }.map(\.description)
                }
                preview.add(last, before: nil)
                preview.warnings += ManifestWalk.sentences(walk.counts)
                return preview
            }
        }
    }
}

extension SendPreview {
    /// Names `entry` where it cannot be offered.
    fileprivate mutating func leavesOut(_ entry: ManifestEntry) -> Bool {
        guard let reason = entry.omissionReason else { return false }
        leftOut.append(LeftOutEntry(path: EntryPath.escaped(entry.path), reason: reason))
        return true
    }

    /// Lists `entry`, unless it is a folder and the one behind it lies in it.
    fileprivate mutating func add(_ entry: ManifestEntry?, before next: ManifestEntry?) {
        guard let entry else { return }
        let path = EntryPath.escaped(entry.path)
        switch entry.kind {
        case .file: entries.append(Entry(kind: .file, path: path, size: entry.isOpen ? nil : entry.size))
        case .link:
            entries.append(Entry(kind: .link, path: path, size: 0, target: EntryPath.escaped(entry.target)))
        case .folder:
            if next?.path.starts(with: entry.path + [UInt8(ascii: "/")]) == true { return }
            entries.append(Entry(kind: .folder, path: path, size: 0))
        case .withdrawal, .omission: break
        }
    }
}

extension SendPreview.Entry {
    fileprivate init(_ input: SendInput) {
        var size: UInt64?
        if case .text(let text) = input.source { size = UInt64(text.count) }
        self.init(kind: .file, path: EntryPath.escaped(input.name), size: size)
    }
}
