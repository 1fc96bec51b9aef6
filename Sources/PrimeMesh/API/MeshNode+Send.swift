import MeshDisk
import MeshJournal
import MeshTransfer
import MeshTrust
import MeshWire

extension MeshNode {
    /// Sends files and folders: under a code to whoever gives it, or to members by name, one after the other. A member that
    /// is not there does not keep the next one from its own; where more than one was named, what came of each is told in a
    /// `.target` event. Throws where nobody got it: what went wrong with the first.
    public func send(
        _ request: SendRequest, events: @escaping @Sendable (TransferEvent) -> Void
    ) async throws(MeshError) -> [TransferSummary] {
        try await MeshError.catching {
            await housekeep()
            let input = request.input
            let roots = input == nil ? try await Self.roots(request.paths, context) : []
            if let input { try Self.check(input, request.to) }
            // A pattern that cannot be obeyed is told before a code is drawn.
            _ = try IgnorePatterns(request.exclude)
            let options = SendOptions(
                compression: request.compression.text, exclude: request.exclude,
                includesKeys: request.includesKeys ? true : nil)
            if input == nil, request.code == nil, request.to.isEmpty { try await tellUnfinished(roots, events) }
            let context = context
            let send = { @Sendable (scope: MeetingScope) in
                try await SendFlow(
                    node: context, roots: roots, input: input, scope: scope, options: options, meeting: request.meeting,
                    again: request.again, events: events
                ).run()
            }
            guard request.to.isEmpty else { return try await self.send(to: request.to, request.meeting, events, send) }
            let code = try OneTimeCode(request.code ?? Self.drawCode())
            let meeting = try await CodeMeeting.open(code, role: .issuer, node: context)
            events(.code(code.withCheck))
            return [try await send(.code(meeting))]
        }
    }

    /// A name that a receiver can take, and for a pipe one receiver: it is read once.
    static func check(_ input: SendInput, _ targets: [String]) throws {
        guard EntryPath.isName(input.name), let path = try? EntryPath(input.name), !path.isReserved else {
            throw MeshError(
                .usage, "\(EntryPath.escaped(input.name)) is no name for a file: give one without / with --name")
        }
        guard case .standardInput = input.source, targets.count > 1 || targets == ["all"] else { return }
        throw MeshError(.usage, "standard input can be read once, and goes to one member: send a file to several")
    }

    /// The same paths were being sent: who types the line again may mean that transfer, and a new code begins anew.
    private func tellUnfinished(
        _ roots: [[UInt8]], _ events: @Sendable (TransferEvent) -> Void
    ) async throws {
        guard let known = try await context.journal.findTransfer(direction: .send, peer: nil, roots: roots),
            known.code != nil, known.peer != nil
        else { return }
        let info = try await transfer(known.id.description)
        guard info.state == .interrupted || info.state == .paused else { return }
        let share = info.bytes == 0 ? 0 : info.bytesDone * 100 / info.bytes
        let names = info.names.joined(separator: ", ")
        let peer = info.peerName ?? info.peer?.short ?? "somebody"
        events(
            .warning(
                "\(names) was being sent to \(peer), \(share) % there: `pmesh resume \(info.id.short)` goes on; with a new code all of it is sent again"
            ))
    }

    private func send(
        to names: [String], _ options: MeetingOptions, _ events: @Sendable (TransferEvent) -> Void,
        _ send: @Sendable (MeetingScope) async throws -> TransferSummary
    ) async throws -> [TransferSummary] {
        let targets = try await memberNames(names)
        var results = TargetResults()
        for name in targets {
            do {
                let summary = try await send(try await memberScope(name, options))
                results.sent(summary)
                if targets.count > 1 { events(.target(name: name, failure: nil)) }
            } catch {
                try Task.checkCancellation()
                let cause = MeshError(error)
                results.failed(name, cause)
                if targets.count > 1 { events(.target(name: name, failure: cause)) }
            }
        }
        return try results.summaries(of: targets.count)
    }

    /// Absolute, without a trailing slash, sorted: the same paths are the same transfer, however they were given.
    static func roots(_ paths: [[UInt8]], _ context: NodeContext) async throws -> [[UInt8]] {
        guard !paths.isEmpty else { throw MeshError(.usage, "nothing to send: give one or more files or folders") }
        return try await context.blocking {
            let roots = try paths.map(AbsolutePath.here)
            _ = try SourceRoot.all(roots)
            return Set(roots).sorted { $0.lexicographicallyPrecedes($1) }
        }
    }
}

/// Paths as bytes, made absolute without looking at the disk.
enum AbsolutePath {
    private static let slash = UInt8(ascii: "/")

    /// Below the working folder, which is asked for only where `path` is relative: an absolute one needs none.
    static func here(_ path: [UInt8]) throws(MeshError) -> [UInt8] {
        of(path, below: path.first == slash ? [] : try WorkingFolder.path())
    }

    static func of(_ path: [UInt8], below folder: [UInt8]) -> [UInt8] {
        let whole = path.first == slash ? path : folder + [slash] + path
        var parts: [[UInt8]] = []
        for part in whole.split(separator: slash).map(Array.init) {
            if part == [UInt8(ascii: ".")] { continue }
            // `..` is left to the system: behind a link it leads elsewhere than the text says.
            parts.append(part)
        }
        return parts.isEmpty ? [slash] : parts.flatMap { [slash] + $0 }
    }

    /// Whether one absolute path is the other or lies below it, by their words alone.
    static func lies(_ path: [UInt8], at folder: [UInt8]) -> Bool {
        guard path.starts(with: folder), path.count > folder.count else { return path == folder }
        return folder.last == slash || path[folder.count] == slash
    }
}

extension CompressionMode {
    /// What `init(_:)` reads.
    var text: String {
        switch self {
        case .auto: "auto"
        case .always: "always"
        case .never: "never"
        case .level(let level): String(level)
        }
    }
}
