/// All that goes wrong in one run. Together with the run's seed it decides everything.
package struct FaultPlan: Hashable, Sendable {
    package var faults: [Fault]

    package init(_ faults: [Fault] = []) {
        self.faults = faults.sorted { ($0.step, $0.description) < ($1.step, $1.description) }
    }

    /// A plan drawn from `random`: none in one run of eight, else up to nine faults. Most come early, since most runs are
    /// short; what comes after the end of a run does not happen.
    package init(using random: inout Seeded) {
        let count = random.oneIn(8) ? 0 : Int.random(in: 1...9, using: &random)
        let reach = [40, 120, 400].randomElement(using: &random) ?? 120
        self.init(
            (0..<count).map { _ in
                Fault(step: Int.random(in: 0..<reach, using: &random), kind: Fault.Kind(using: &random))
            })
    }

    /// How often a person may be told of an error at most, and runs both commands again.
    var excuses: Int {
        var (direct, damages) = (0, 0)
        for fault in faults {
            switch fault.kind {
            case .fillDisk(_, let writes), .fillJournal(_, let writes): direct += writes
            case .removePart: direct += 1
            // One chunk five times.
            case .damage(let fragments): damages += fragments
            default: break
            }
        }
        return direct + damages / 5
    }
}

extension FaultPlan: LosslessStringConvertible {
    /// Faults separated by commas.
    package var description: String { faults.map(\.description).joined(separator: ", ") }

    package init?(_ text: String) {
        let parts = text.split(separator: ",").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }
        let faults = parts.compactMap { Fault(String($0)) }
        guard faults.count == parts.count else { return nil }
        self.init(faults)
    }
}

extension Fault.Kind {
    fileprivate init(using random: inout Seeded) {
        let number = Int.random(in: 0..<64, using: &random)
        // Most kills strike right behind one of the next lasting steps: there the orders of writes are decided.
        let writes = Int.random(in: 0..<(random.oneIn(3) ? 60 : 8), using: &random)
        // The receiver has more to lose.
        let node = random.oneIn(3) ? 0 : Int.random(in: 1..<3, using: &random)
        switch Int.random(in: 0..<36, using: &random) {
        case 0..<6: self = .cutLane(number)
        case 6..<8:
            self = .stallLane(number, milliseconds: [50, 900, 12_000, 45_000].randomElement(using: &random) ?? 50)
        case 8..<10: self = .cutControl(number)
        case 10..<12: self = .damage(fragments: random.oneIn(8) ? 12 : Int.random(in: 1...3, using: &random))
        case 12..<14: self = .changeSource(number)
        case 14: self = .removeSource(number)
        case 15: self = .failReads(number, count: Int.random(in: 1...4, using: &random))
        case 16..<22: self = .kill(node: node, writes: writes)
        case 22..<28:
            self = .power(node: node, writes: writes, PowerLoss.allCases.randomElement(using: &random) ?? .both)
        case 28: self = .fillDisk(node: 1 + number, writes: Int.random(in: 1...3, using: &random))
        case 29: self = .fillJournal(node: node, writes: Int.random(in: 1...3, using: &random))
        case 30: self = .remount(node: 1 + number)
        case 31: self = .removePart(node: 1 + number)
        case 32: self = .sleep(seconds: [2, 40, 5_000].randomElement(using: &random) ?? 2)
        case 33: self = .denySource(number)
        case 34: self = .addSource
        default: self = .move(node: node)
        }
    }
}
