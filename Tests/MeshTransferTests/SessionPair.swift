import MeshTransfer
import MeshWire
import NIOCore

/// What goes wrong in a simulated transfer: how often out of so many steps, and how often at most. Zero is never.
struct Faults: Sendable {
    var laneLoss = Rate()
    var damage = Rate()
    var change = Rate()
    /// Both processes are killed and start again from journal and disk.
    var kill = Rate()

    struct Rate: Sendable {
        var oneIn: UInt64 = 0
        var left = 0

        /// Whether it happens now.
        mutating func strikes(_ random: inout Seeded) -> Bool {
            guard left > 0, oneIn > 0, random.oneIn(oneIn) else { return false }
            left -= 1
            return true
        }
    }
}

/// A whole transfer in one thread: two sessions, their disks and journals, and lanes between them. Which job ends next,
/// which lane delivers next and what fails is drawn from a seed: every order that threads and a network could make.
struct SessionPair {
    /// How it ended.
    enum Outcome: Equatable {
        case done
        case failed(FailureCode)
        /// A side accused the other of a breach.
        case breach(WireError)
        /// Nothing moved for a minute of virtual time, or it goes in circles.
        case stuck
    }

    private static let laneCount = 3
    private static let id = TransferID(Bytes16())

    private(set) var sender: SimulatedSender
    private(set) var receiver: SimulatedReceiver
    private(set) var steps = 0
    private var random: Seeded
    private var faults: Faults
    private var now: UInt64 = 1_000
    private var lanes: [VirtualLane] = []
    private var senderLanes = VirtualLaneSet()
    private var receiverLanes = VirtualLaneSet()
    private var generation: UInt32 = 0
    private var idle = 0
    /// What each source file held, one version after the other.
    private var versions: [[UInt8]: [[UInt8]]]

    init(seed: UInt64, files: [[UInt8]: [UInt8]], faults: Faults, compression: CompressionMode) throws {
        random = Seeded(seed)
        self.faults = faults
        versions = files.mapValues { [$0] }
        let (id, source, target) = (Self.id, MemoryDisk(), MemoryDisk())
        let (sending, receiving) = (MemoryJournal(), MemoryJournal())
        for direction in [TransferDirection.send, .receive] {
            let record = TransferRecord(id: id, direction: direction, roots: [], created: 0, updated: 0)
            try (direction == .send ? sending : receiving).create(record)
        }
        var totals = ManifestTotals()
        var entries: [SourceEntry] = []
        for path in files.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            source.put(path, files[path]!)
            var entry = source.entry(path)!
            entry.number = totals.entries
            entry.manifest.firstChunk = totals.chunks
            _ = totals.add(entry.manifest)
            entries.append(entry)
        }
        try sending.append(entries, to: id)
        try sending.setManifest(complete: true, of: id)
        sender = SimulatedSender(id, disk: source, journal: sending, compression: compression)
        receiver = SimulatedReceiver(id, disk: target, journal: receiving, now: now)
        self.compression = compression
    }

    private let compression: CompressionMode

    // MARK: running

    mutating func run() throws -> Outcome {
        start()
        while true {
            if let outcome { return outcome }
            guard idle < 600, steps < 50_000 else { return .stuck }
            steps += 1
            try step()
        }
    }

    private var outcome: Outcome? {
        if let breach = receiver.breach { return .breach(breach) }
        if let failure = receiver.failure ?? sender.failure {
            return failure == .protocolViolation ? .breach(.invalid("claim of the receiver")) : .failed(failure)
        }
        return sender.isDone && receiver.isSettled ? .done : nil
    }

    private mutating func start() {
        receiver.handle { $0.start(now: $1) }
        sender.start(from: receiver.session.known.entries)
        while lanes.count < Self.laneCount { openLane() }
        carry()
    }

    private mutating func step() throws {
        strike()
        var actions: [Action] = []
        if sender.jobs.hasPool { actions.append(.senderPool) }
        if sender.jobs.hasJournal { actions.append(.senderJournal) }
        if receiver.jobs.hasPool { actions.append(.receiverPool) }
        if receiver.jobs.hasJournal { actions.append(.receiverJournal) }
        for (index, lane) in lanes.enumerated() {
            if !lane.isAlive { actions.append(.hear(index)) }
            if !lane.toReceiver.isEmpty { actions.append(.deliverDown(index)) }
            if !lane.toSender.isEmpty { actions.append(.deliverUp(index)) }
        }
        if lanes.count < Self.laneCount { actions.append(.open) }
        idle = actions.isEmpty ? idle + 1 : 0
        // Time passes even while there is work, though slowly.
        if actions.isEmpty || random.oneIn(20) { pass(actions.isEmpty ? 100_000_000 : 5_000_000) }
        if let action = actions.randomElement(using: &random) { try perform(action) }
        carry()
    }

    private enum Action {
        case senderPool, senderJournal, receiverPool, receiverJournal, open
        case hear(Int)
        case deliverDown(Int)
        case deliverUp(Int)
    }

    private mutating func perform(_ action: Action) throws {
        switch action {
        case .senderPool: try sender.runPool(using: &random)
        case .senderJournal: try sender.runJournal()
        case .receiverPool: try receiver.runPool(using: &random)
        case .receiverJournal: try receiver.runJournal()
        case .open: openLane()
        case .hear(let index): hear(index)
        case .deliverDown(let index): try deliverDown(index)
        case .deliverUp(let index): try deliverUp(index)
        }
    }

    private mutating func pass(_ time: UInt64) {
        now += time
        receiver.now = now
        receiver.handle { $0.tick(now: $1) }
    }

    // MARK: lanes

    private mutating func openLane() {
        let used = Set(lanes.map(\.name.prime))
        let prime = [UInt16(1009), 1013, 1019, 1021, 1031, 1033].first { !used.contains($0) }!
        generation += 1
        let lane = VirtualLane(MeshTransferTests.lane(prime, generation: generation))
        lanes.append(lane)
        senderLanes.add(lane.name)
        let isOnly = receiverLanes.lead == nil
        receiverLanes.add(lane.name)
        receiver.handle { $0.laneOpened(isOnly: isOnly, now: $1) }
        sender.handle { $0.lane(lane.name, room: lane.room) }
    }

    private func index(of name: LaneName?) -> Int? { lanes.firstIndex { $0.name == name && $0.isAlive } }

    /// One side hears that a lane is gone; once both have, it is forgotten.
    private mutating func hear(_ index: Int) {
        let name = lanes[index].name
        let both = [lanes[index].isUp.sender, lanes[index].isUp.receiver]
        if both[0], !both[1] || random.oneIn(2) {
            lanes[index].isUp.sender = false
            let wasLead = senderLanes.remove(name)
            sender.handle { $0.laneLost(name, wasLead: wasLead) }
        } else {
            lanes[index].isUp.receiver = false
            _ = receiverLanes.remove(name)
            receiver.handle { $0.laneLost(name, now: $1) }
        }
        if !lanes[index].isUp.sender && !lanes[index].isUp.receiver { lanes.remove(at: index) }
    }

    private mutating func deliverDown(_ index: Int) throws {
        let name = lanes[index].name
        var faults = faults
        let frames = try lanes[index].toReceiver.deliver(using: &random) { frame, random in
            // The last byte of a fragment is payload, or of a hole's digest.
            guard faults.damage.strikes(&random) else { return }
            let last = frame.writerIndex - 1
            frame.setInteger(frame.getInteger(at: last, as: UInt8.self)! ^ 0x40, at: last)
        }
        self.faults = faults
        for frame in frames {
            switch frame {
            case .chunk(let chunk): receiver.handle { $0.arrived([chunk], on: name, now: $1) }
            case .message(_, let payload):
                let message = try DataMessage(reading: payload)
                receiver.handle { $0.message(message, now: $1) }
            case .acknowledgement, .handshake, .test: throw WireError.invalid("frame of a receiver")
            }
        }
        // Told late or early: what the lane can take is told after something left it.
        let room = lanes[index].room
        if !frames.isEmpty, lanes[index].isUp.sender { sender.handle { $0.lane(name, room: room) } }
    }

    private mutating func deliverUp(_ index: Int) throws {
        for frame in try lanes[index].toSender.deliver(using: &random, harm: { _, _ in }) {
            switch frame {
            case .acknowledgement(_, var payload):
                let numbers = try payload.wireNumbers("acknowledged chunk", bound: Limits.chunks)
                sender.handle { $0.acknowledged(numbers) }
            case .message(_, let payload):
                let message = try DataMessage(reading: payload)
                sender.handle { $0.message(message) }
            case .chunk, .handshake, .test: throw WireError.invalid("frame of a sender")
            }
        }
    }

    /// Puts what both sides said on their lanes. What has no lane is lost, as on a real one.
    private mutating func carry() {
        for output in sender.takeOutput() {
            switch output {
            case .transmit(let name, let frames):
                if let index = index(of: name) { lanes[index].transmit(frames) }
            case .message(let message):
                let frame = FrameEncoder.frame(.message, stream: 1, payload: message.encoded())
                if let index = index(of: senderLanes.lead) { lanes[index].toReceiver.send(message: frame) }
            }
        }
        let (messages, freed) = receiver.takeOutput()
        for output in messages {
            guard let index = index(of: receiverLanes.lead) else { continue }
            switch output {
            case .message(let message):
                lanes[index].toSender.send(
                    message: FrameEncoder.frame(.message, stream: 1, payload: message.encoded()))
            case .acknowledgement(let numbers):
                var payload = ByteBuffer()
                payload.writeNumbers(numbers)
                lanes[index].toSender.send(message: FrameEncoder.frame(.acknowledgement, stream: 1, payload: payload))
            }
        }
        for (name, bytes) in freed {
            if let index = index(of: name) { lanes[index].free(bytes: bytes) }
        }
    }

    // MARK: faults

    private mutating func strike() {
        if faults.laneLoss.strikes(&random), let index = lanes.indices.randomElement(using: &random),
            lanes[index].isAlive
        {
            lanes[index].cut()
            // Who hears it first is drawn; the other hears it in a later step.
            hear(index)
        }
        if faults.change.strikes(&random),
            let path = sender.disk.files.keys.sorted(by: { $0.lexicographicallyPrecedes($1) })
                .randomElement(using: &random)
        {
            let content = bytes("changed at step \(steps)")
            sender.disk.put(path, content)
            versions[path]?.append(content)
        }
        if faults.kill.strikes(&random) { restart() }
    }

    /// Both processes are gone; what they had committed and written is not.
    private mutating func restart() {
        lanes = []
        (senderLanes, receiverLanes) = (VirtualLaneSet(), VirtualLaneSet())
        receiver.disk.crash()
        sender = SimulatedSender(Self.id, disk: sender.disk, journal: sender.journal, compression: compression)
        receiver = SimulatedReceiver(Self.id, disk: receiver.disk, journal: receiver.journal, now: now)
        start()
    }

    // MARK: the result

    /// Files under a final name that hold another version of the source than their entry says, or none that ever was.
    func tornFiles() throws -> [String] {
        let entries = try sender.journal.sourceEntries(of: Self.id, from: 0, limit: .max)
        let received = try receiver.journal.receivedEntries(of: Self.id, from: 0, limit: .max)
        let withdrawn = try sender.journal.withdrawnEntries(of: Self.id)
        return zip(entries, received).compactMap { entry, there in
            let path = entry.manifest.path
            guard entry.manifest.kind == .file, !withdrawn.contains(entry.number) else { return nil }
            let bytes = receiver.disk.files[there.finalName ?? path]?.bytes
            return bytes == versions[path]?[Int(entry.identity.changed)] ? nil : EntryPath.escaped(path)
        }
    }

    /// What differs at the receiver from what the sender has, by path; empty where nothing does.
    func differences() throws -> [String] {
        var expected = sender.disk.files.mapValues(\.bytes)
        var differences: [String] = []
        let entries = try receiver.journal.receivedEntries(of: Self.id, from: 0, limit: .max)
        for entry in entries where entry.manifest.kind == .file && entry.state != .withdrawn {
            let path = entry.manifest.path
            let name = entry.finalName ?? path
            if receiver.disk.files[name]?.bytes != expected.removeValue(forKey: path) {
                differences.append(EntryPath.escaped(path))
            }
        }
        differences += expected.keys.map { "\(EntryPath.escaped($0)) is missing" }
        differences += receiver.disk.partNumbers.map { "the part of entry \($0) is left over" }
        return differences
    }
}
