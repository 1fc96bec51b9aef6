import MeshTransfer
package import MeshWire

/// How a run ended.
package enum Outcome: Hashable, Sendable {
    /// Everything there on both sides, verified, after `failures` named errors from which it was resumed.
    case done(failures: [FailureCode])
    /// A promise was broken.
    case broken(String)
    /// Nothing moves any more, or it goes in circles.
    case stuck(String)

    package var isGood: Bool {
        if case .done = self { true } else { false }
    }
}

/// Nodes, what they send to one another, and what goes wrong: one thread, virtual time, and every choice (whose job ends next,
/// which lane delivers next) drawn from a seed.
final class World {
    private static let stepLimit = 60_000
    /// Steps in a row in which nothing but time moves.
    private static let idleLimit = 2_000

    let scenario: Scenario
    let plan: FaultPlan
    let nodes: [SimulatedNode]
    let courses: [Course]
    let witness: Witness
    var random: Seeded
    private(set) var now: UInt64 = 1_000_000_000
    private(set) var step = 0
    private(set) var idle = 0
    private var nextFault = 0
    private(set) var failures: [FailureCode] = []
    var processes: [SendingProcess?]
    var talks: [Talk?]
    /// Where each course's dialer believes the listener to be.
    private var known: [Int]
    private var isCompared: [Bool]
    var damagesLeft = 0
    package private(set) var struck = 0

    /// Told of every step, for a person who wants to see how a run went.
    var trace: (String) -> Void = { _ in } {
        didSet { witness.trace = trace }
    }

    init(seed: UInt64, plan: FaultPlan?) {
        var random = Seeded(seed)
        let scenario = Scenario(using: &random)
        let drawn = FaultPlan(using: &random)
        self.plan = plan ?? drawn
        self.scenario = scenario
        nodes = (0...scenario.receivers).map { SimulatedNode(number: $0, isDurable: scenario.rules.fsync && $0 > 0) }
        courses = (1...scenario.receivers).map { receiver in
            Course(
                transfer: TransferID(Bytes16([UInt8](repeating: UInt8(receiver), count: 16)) ?? Bytes16()), from: 0,
                to: receiver, dialer: scenario.dialer, compression: scenario.compression, rules: scenario.rules,
                isRoomDoubtful: scenario.isRoomDoubtful, keepsInodes: scenario.keepsInodes)
        }
        witness = Witness(nodes)
        processes = courses.map { _ in nil }
        talks = courses.map { _ in nil }
        known = courses.map { _ in 0 }
        isCompared = courses.map { _ in false }
        self.random = random
        for (path, bytes) in scenario.files { change(source: path, to: bytes) }
        for path in scenario.denied { nodes[0].disk.deny(path) }
        for (path, bytes) in scenario.open {
            nodes[0].disk.put(path, bytes, isOpen: true)
            witness.sourceChanged(0, path, bytes)
        }
        for (path, bytes) in scenario.foreign {
            for node in nodes.dropFirst() { node.disk.putForeign(path, bytes, seconds: 900) }
        }
        for (path, reason) in scenario.unfit {
            for node in nodes.dropFirst() { node.disk.refuse(path, reason) }
        }
        for (path, mode) in scenario.foreignFolders {
            for node in nodes.dropFirst() { node.disk.putForeignFolder(path, mode: mode) }
        }
    }

    func change(source path: [UInt8], to bytes: [UInt8]) {
        nodes[0].disk.put(path, bytes)
        witness.sourceChanged(0, path, bytes)
    }

    // MARK: running

    func run() async -> Outcome {
        while true {
            if let violation { return .broken("step \(step): \(violation)") }
            if courses.indices.allSatisfy(isOver) { break }
            guard idle < Self.idleLimit, step < Self.stepLimit else { return .stuck(situation) }
            step += 1
            strikeFaults()
            await move()
            // Before a power loss of this very step takes what nobody has called durable.
            compare()
            bury()
            compare()
        }
        return .done(failures: failures)
    }

    private var violation: String? {
        witness.violation ?? talks.compactMap { $0?.violation }.first
            ?? (failures.count > plan.excuses ? "failed without a cause: \(failures)" : nil)
            ?? (failures.contains(.protocolViolation) ? "one side accused the other of a breach" : nil)
    }

    private var situation: String {
        "after \(step) steps, \(now / 1_000_000_000) s, idle \(idle), talks \(talks.map { $0 != nil }), failures \(failures)"
    }

    /// The sender has the receipt, and the receiver has had the chance to hear of it.
    private func isOver(_ index: Int) -> Bool {
        if let talk = talks[index] { return talk.isDone }
        let course = courses[index]
        return (try? nodes[course.from].journal.look(course.transfer) { $0.record.state.isSettled }) ?? false
    }

    private func strikeFaults() {
        while nextFault < plan.faults.count, plan.faults[nextFault].step <= step {
            trace("\(step): strikes \(plan.faults[nextFault])")
            strike(plan.faults[nextFault].kind)
            struck += 1
            nextFault += 1
        }
    }

    /// A transfer that is over is looked at now: what a power loss takes later, and a receipt never called durable, is no
    /// fault of the transfer's.
    private func compare() {
        for index in courses.indices where !isCompared[index] && isOver(index) {
            isCompared[index] = true
            if let difference = witness.difference(courses[index], scenario) {
                witness.broken(difference)
            }
        }
    }

    func pass(_ time: UInt64) {
        now += time
        for talk in talks { talk?.tick(now: now) }
    }

    func pause(_ isIdle: Bool) { idle = isIdle ? idle + 1 : 0 }

    // MARK: meeting

    func canMeet(_ index: Int) -> Bool { talks[index] == nil && !isOver(index) }

    /// The dialer finds the listener, or learns first where it is now.
    func meet(_ index: Int) async {
        let course = courses[index]
        let listener = nodes[course.node(course.dialer.other)]
        guard known[index] == listener.address else {
            known[index] = listener.address
            return
        }
        do {
            let process: SendingProcess
            if let known = processes[index] { process = known } else { process = try await begin(course) }
            processes[index] = process
            talks[index] = Talk(
                course, process: process, receiver: nodes[course.to], witness: witness, seed: random.next()
            ) { [unowned self] in now }
        } catch {
            if let code = FailureCode(simulated: error) { fail(index, code) } else { witness.broken("\(error)") }
        }
    }

    /// A sender's command: what it meets anew it compares first.
    private func begin(_ course: Course) async throws -> SendingProcess {
        let tree = { [self] in scenario.tree(nodes[course.from].disk) }
        let process = try SendingProcess(nodes[course.from], course.transfer, tree: tree)
        process.trace = trace
        try await process.resume(tree, using: &random)
        if process.isNew || process.compared != nil { witness.resumed(course.transfer, process.compared) }
        return process
    }

    func isReachable(_ index: Int) -> Bool {
        let course = courses[index]
        return known[index] == nodes[course.node(course.dialer.other)].address
    }

    /// As in a node: what was handed in to the pool is done before the next session begins. The dead do nothing.
    func end(talk index: Int) {
        talks[index]?.drain(using: &random)
        talks[index] = nil
        processes[index]?.listener = { _, _ in }
        processes[index]?.openListener = { _ in }
    }

    /// A command has ended with an error that it named; a person runs both commands again.
    private func fail(_ index: Int, _ code: FailureCode) {
        trace("\(step): transfer \(index) ends here, \(code)")
        if code != .leaving { failures.append(code) }
        end(talk: index)
        processes[index] = nil
    }

    /// Ends what has come to its end: processes whose fuse has blown, talks that failed or are over.
    private func bury() {
        for (number, node) in nodes.enumerated() where node.fuse.isBlown {
            trace("\(step): node \(number) ends, \(node.powerLoss.map { "loses \($0)" } ?? "killed")")
            witness.ends(node, courses)
            if node.powerLoss != nil || node.isRemounted { witness.mayHaveLost(node, courses) }
            if node.powerLoss?.takesRows == true || node.isRemounted { witness.mayHaveForgotten(node, courses) }
            // Before another process takes its place: the dead do nothing, and what the others had handed in is done.
            for (index, course) in courses.enumerated() where course.from == number || course.to == number {
                end(talk: index)
                if course.from == number { processes[index] = nil }
            }
            node.restart(using: &random)
        }
        for index in talks.indices {
            guard let talk = talks[index], talk.violation == nil else { continue }
            if let code = talk.failure { fail(index, code) } else if talk.isOver { end(talk: index) }
        }
    }
}
