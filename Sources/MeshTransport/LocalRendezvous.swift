import Glibc
package import MeshControl
import MeshTrust
import MeshWire
package import NIOCore
import NIOPosix

/// Discovery between processes of one user on one machine: a folder of Unix sockets, each named by the scope's tag. The
/// asker connects to all of its tag, sends one sealed question to each, and reads one sealed answer.
package struct LocalRendezvous: Discovery {
    /// Connecting, asking and answering take this long at most.
    private static let patience = TimeAmount.seconds(2)
    /// Between two looks into the folder.
    private static let pause = Duration.milliseconds(100)
    /// Sockets asked at once; more under one tag than a mesh has members on one machine.
    private static let askLimit = 256

    private let folder: RendezvousFolder
    private let group: any EventLoopGroup

    /// `folder` is made where it is missing, with mode 0700; its parent must be there. One that others may write to or
    /// look into is refused.
    package init(folder: String, group: any EventLoopGroup) {
        self.folder = RendezvousFolder(folder)
        self.group = group
    }

    /// What keeps this from working within `scope`, as one sentence; nil where it works.
    package func trouble(within scope: DiscoveryScope) -> String? {
        do {
            _ = try folder.place(for: scope)
            return nil
        } catch {
            return error.description
        }
    }

    package func announce(_ scope: DiscoveryScope, as found: FoundNode) async throws {
        let place = try folder.place(for: scope)
        folder.sweep()
        let server = try await listen(at: place.hidden)
        try folder.publish(place)
        defer { folder.remove(place.visible) }
        let here = found.reachable(v4: "127.0.0.1", v6: "::1")
        let answers = SealedAnswers(scope) { here }
        do {
            try await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        // Side by side: who asks slowly must not keep the others waiting.
                        group.addTask { await Self.answer(connection, answers) }
                    }
                }
            }
        } catch is CancellationError {
            return
        }
    }

    package func find(_ scope: DiscoveryScope, for aim: DiscoveryAim, within time: Duration) async -> [FoundNode] {
        let search = SealedSearch(scope)
        let deadline = NIODeadline.now() + TimeAmount(time)
        var asked: Set<String> = []
        var found: [FoundNode] = []
        while true {
            let new = folder.paths(of: scope).filter { !asked.contains($0) }.prefix(Self.askLimit)
            asked.formUnion(new)
            let rest = min(deadline - .now(), Self.patience)
            for node in await ask(new, search, within: rest)
            where aim.takes(node) && !found.contains(where: { $0.node == node.node }) {
                found.append(node)
            }
            guard found.count < aim.limit, NIODeadline.now() < deadline,
                (try? await Task.sleep(for: Self.pause)) != nil
            else { return Array(found.prefix(aim.limit)) }
        }
    }

    private func ask(
        _ paths: ArraySlice<String>, _ search: SealedSearch, within time: TimeAmount
    ) async -> [FoundNode] {
        await withTaskGroup { tasks in
            // At most `askLimit` at once; one that does not answer costs its patience, and not everybody's after it.
            for path in paths { tasks.addTask { await ask(path, search, within: time) } }
            return await tasks.reduce(into: []) { found, node in
                if let node { found.append(node) }
            }
        }
    }

    private typealias Talk = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private func listen(at path: String) async throws -> NIOAsyncChannel<Talk, Never> {
        do {
            return try await ServerBootstrap(group: group)
                .bind(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture { try Self.talk(channel, within: Self.patience) }
                }
        } catch let error as IOError {
            throw TransportError.rendezvous("\(path) cannot be made (\(error.shortReason)); check its folder")
        }
    }

    /// Closes by itself after `time`, whatever the other side does.
    private static func talk(_ channel: any Channel, within time: TimeAmount) throws -> Talk {
        let decoder = LengthPrefixDecoder(what: "datagram", limit: Limits.datagram)
        try channel.pipeline.syncOperations.addHandler(
            ByteToMessageHandler(decoder, maximumBufferSize: Limits.datagram + 4))
        let timer = channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in timer.cancel() }
        return try Talk(wrappingChannelSynchronously: channel)
    }

    private static func answer(_ connection: Talk, _ answers: SealedAnswers) async {
        try? await connection.executeThenClose { inbound, outbound in
            for try await question in inbound {
                guard let answer = answers.answer(to: question) else { return }
                try await outbound.write(ByteBuffer(lengthPrefixed: answer))
                return
            }
        }
    }

    private func ask(_ path: String, _ search: SealedSearch, within time: TimeAmount) async -> FoundNode? {
        do {
            let connection = try await ClientBootstrap(group: group)
                .connectTimeout(time)
                .connect(unixDomainSocketPath: path) { channel in
                    channel.eventLoop.makeCompletedFuture { try Self.talk(channel, within: time) }
                }
            return try await connection.executeThenClose { inbound, outbound in
                try await outbound.write(ByteBuffer(lengthPrefixed: search.question()))
                for try await answer in inbound { return search.answer(answer, from: nil) }
                return nil
            }
        } catch let error as IOError where error.errnoCode == ECONNREFUSED {
            // A socket becomes visible once it listens, so nobody does any more: its process was killed.
            folder.remove(path)
            return nil
        } catch {
            return nil
        }
    }
}
