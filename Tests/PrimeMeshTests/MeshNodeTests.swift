import Foundation
import MeshDisk
import MeshTransfer
import MeshWire
import PrimeMesh
import Testing

/// The library as a stranger uses it: public API alone, two nodes in one process.
@Suite struct MeshNodeTests {
    @Test func twoNodesMoveAFolder() async throws {
        try await withNodes { ada, ben, folder in
            try Self.makeTree(folder + "/tree")
            let (sent, received) = try await Self.move("tree", from: ada, to: ben, folder)
            #expect(sent.root == received.root && sent.transfer == received.transfer)
            #expect(received.files == 3 && received.outcome == .done && received.bytes == 2_000_004)
            let differences = try TreeComparison().differences(bytes(folder + "/tree"), bytes(folder + "/out/tree"))
            #expect(differences.isEmpty, "\(differences)")

            let history = try await ben.transfers(HistoryQuery())
            #expect(history.map(\.id) == [sent.transfer] && history.first?.isReceiptValid == true)
            #expect(history.first?.peer == ada.id)
            let verified = try await ben.verify(bytes(sent.transfer.description)) { _ in }
            #expect(verified.count == 3 && verified.allSatisfy { $0.verdict == .intact })
        }
    }

    @Test func refusalReachesTheSender() async throws {
        try await withNodes { ada, ben, folder in
            try Self.makeTree(folder + "/tree")
            let address = Promise<NodeAddress>()
            let (sending, receiving) = Self.requests("tree", folder)
            async let sender: MeshError? = Self.failure {
                try await ada.send(sending) {
                    if case .listening(let all) = $0, let one = all.first { address.fulfil(one) }
                }
            }
            async let receiver: MeshError? = Self.failure {
                var receiving = receiving
                receiving.meeting.peers = [try #require(await address.value)]
                return try await ben.receive(receiving, decide: { $0.files == 0 }, events: { _ in })
            }
            #expect(await sender?.code == .refused)
            #expect(await receiver?.code == .refused)
        }
    }

    @Test func cancellationIsAnInterruption() async throws {
        try await withNodes { ada, _, folder in
            try Self.makeTree(folder + "/tree")
            let isWaiting = Promise<Bool>()
            let task = Task {
                await Self.failure {
                    try await ada.send(SendRequest(paths: [bytes(folder + "/tree")])) {
                        if case .waiting = $0 { isWaiting.fulfil(true) }
                    }
                }
            }
            _ = await isWaiting.value
            task.cancel()
            #expect(await task.value?.code == .interrupted)
            let open = try await ada.transfers(HistoryQuery())
            #expect(open.map(\.state) == [.interrupted])
        }
    }

    /// Whoever stops says so: the other side need not find out by itself.
    @Test func aStopReachesThePeer() async throws {
        try await withNodes { ada, ben, folder in
            try Self.makeTree(folder + "/tree")
            let (address, isAsked, reason) = (Promise<NodeAddress>(), Promise<Bool>(), Promise<String>())
            let (sending, receiving) = Self.requests("tree", folder)
            let sender = Task {
                await Self.failure {
                    try await ada.send(sending) { event in
                        if case .listening(let all) = event, let one = all.first { address.fulfil(one) }
                        if case .lost(let why) = event { reason.fulfil(why) }
                    }
                }
            }
            let receiver = Task {
                await Self.failure {
                    var receiving = receiving
                    receiving.meeting.peers = [try #require(await address.value)]
                    return try await ben.receive(
                        receiving,
                        decide: { _ in
                            isAsked.fulfil(true)
                            return await Self.neverAnswers()
                        }, events: { _ in })
                }
            }
            _ = await isAsked.value
            receiver.cancel()
            #expect(await receiver.value?.code == .interrupted)
            #expect(await reason.value == "the other side stopped")
            sender.cancel()
            #expect(await sender.value?.code == .interrupted)
        }
    }

    @Test func nothingToSendIsUsage() async throws {
        try await withNodes { ada, _, _ in
            #expect(await Self.failure { try await ada.send(SendRequest(paths: [])) { _ in } }?.code == .usage)
            #expect(
                await Self.failure { try await ada.resume(nil, meeting: MeetingOptions()) { _ in } }?.code == .usage)
        }
    }

    @Test func aHomeKeepsItsNode() async throws {
        try await withFolder { folder in
            let home = NodeHome(folder: folder, environment: [:])
            let first = try await MeshNode(home: home, name: "ada")
            await first.close()
            let second = try await MeshNode(home: home, name: "ada")
            #expect(first.id == second.id)
            await second.close()
        }
    }

    @Test func codesAreDrawnAndJudged() throws {
        let code = MeshNode.drawCode()
        #expect(code.count == 16 && MeshNode.drawCode() != code)
        let typed = try MeshNode.readCode(code)
        #expect(typed == TypedCode(text: code, isChecked: true, looksChosen: false))
        #expect(
            try MeshNode.readCode(String(code.dropLast(2)))
                == TypedCode(text: code, isChecked: false, looksChosen: false))
        #expect(try MeshNode.readCode("1111-1111-1111").looksChosen)
        #expect(throws: MeshError.self) { try MeshNode.readCode("no code") }
    }

    // MARK: the stage

    private func withNodes(_ body: (MeshNode, MeshNode, String) async throws -> Void) async throws {
        try await withFolder { folder in
            let environment = ["XDG_RUNTIME_DIR": folder + "/run"]
            let ada = try await MeshNode(home: NodeHome(folder: folder + "/A", environment: environment), name: "ada")
            let ben = try await MeshNode(home: NodeHome(folder: folder + "/B", environment: environment), name: "ben")
            do {
                try await body(ada, ben, folder)
            } catch {
                await ada.close()
                await ben.close()
                throw error
            }
            await ada.close()
            await ben.close()
        }
    }

    private static func makeTree(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path + "/inner", withIntermediateDirectories: true)
        try Data((0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }).write(to: URL(filePath: path + "/large"))
        try Data("text".utf8).write(to: URL(filePath: path + "/inner/small"))
        try Data().write(to: URL(filePath: path + "/inner/empty"))
    }

    /// Both sides of one transfer under a fresh code; the sender listens on loopback.
    private static func requests(_ name: String, _ folder: String) -> (SendRequest, ReceiveRequest) {
        var send = SendRequest(paths: [bytes(folder + "/" + name)])
        send.code = MeshNode.drawCode()
        send.meeting.listen = [NodeAddress(host: "127.0.0.1", port: 0)]
        var receive = ReceiveRequest(out: bytes(folder + "/out"))
        receive.code = send.code
        return (send, receive)
    }

    private static func move(
        _ name: String, from ada: MeshNode, to ben: MeshNode, _ folder: String
    ) async throws -> (TransferSummary, TransferSummary) {
        let address = Promise<NodeAddress>()
        let (sending, receiving) = requests(name, folder)
        var wanted = receiving
        async let sent = ada.send(sending) { event in
            if case .listening(let all) = event, let one = all.first { address.fulfil(one) }
        }
        wanted.meeting.peers = [try #require(await address.value)]
        let received = try await ben.receive(wanted, decide: { $0.senderName == "ada" }, events: { _ in })
        return (try #require(try await sent.first), try #require(received.first))
    }

    /// A person who says nothing, until the task is cancelled.
    private static func neverAnswers() async -> Bool {
        let (never, continuation) = AsyncStream.makeStream(of: Never.self)
        for await _ in never {}
        continuation.finish()
        return false
    }

    private static func failure<Value: Sendable>(_ body: @Sendable () async throws -> Value) async -> MeshError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? MeshError
        }
    }
}
