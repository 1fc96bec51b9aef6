/// One thing that goes wrong, at one step of a run.
package struct Fault: Hashable, Sendable {
    /// What goes wrong. Nodes, lanes, files and transfers are named by numbers, taken modulo how many there are.
    package enum Kind: Hashable, Sendable {
        /// A lane's connection breaks.
        case cutLane(Int)
        /// Nothing arrives on a lane for these many milliseconds.
        case stallLane(Int, milliseconds: Int)
        /// A control link breaks. While a lane lives the transfer goes on, and another link comes; else both sides meet anew.
        case cutControl(Int)
        /// A bit of these many fragments changes on its way.
        case damage(fragments: Int)
        case changeSource(Int)
        case addSource
        case removeSource(Int)
        /// Nobody may read a source file any more.
        case denySource(Int)
        /// The next reads of a source file fail.
        case failReads(Int, count: Int)
        /// A node's process is killed behind its n-th lasting step from now.
        case kill(node: Int, writes: Int)
        /// A machine loses its power behind its process's n-th lasting step from now.
        case power(node: Int, writes: Int, PowerLoss)
        case fillDisk(node: Int, writes: Int)
        case fillJournal(node: Int, writes: Int)
        case remount(node: Int)
        /// Somebody removes a part file.
        case removePart(node: Int)
        /// The machines sleep, or the clock leaps.
        case sleep(seconds: Int)
        /// A node is found at another address from now on; its connections break.
        case move(node: Int)
    }

    package var step: Int
    package var kind: Kind

    package init(step: Int, kind: Kind) {
        self.step = step
        self.kind = kind
    }
}

// As text: `120 kill 1 3`, for replaying a plan by hand.
extension Fault: LosslessStringConvertible {
    package var description: String {
        let (word, numbers) = kind.words
        return ([String(step), word] + numbers.map(String.init)).joined(separator: " ")
    }

    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count >= 2, let step = Int(words[0]), step >= 0 else { return nil }
        let numbers = words.dropFirst(2).compactMap { Int($0) }
        guard numbers.count == words.count - 2, numbers.allSatisfy({ (0...1_000_000).contains($0) }),
            let kind = Kind(word: String(words[1]), numbers)
        else { return nil }
        self.init(step: step, kind: kind)
    }
}

extension Fault.Kind {
    fileprivate var words: (String, [Int]) {
        switch self {
        case .cutLane(let lane): ("cut-lane", [lane])
        case .stallLane(let lane, let milliseconds): ("stall-lane", [lane, milliseconds])
        case .cutControl(let talk): ("cut-control", [talk])
        case .damage(let fragments): ("damage", [fragments])
        case .changeSource(let file): ("change-source", [file])
        case .addSource: ("add-source", [])
        case .removeSource(let file): ("remove-source", [file])
        case .denySource(let file): ("deny-source", [file])
        case .failReads(let file, let count): ("fail-reads", [file, count])
        case .kill(let node, let writes): ("kill", [node, writes])
        case .power(let node, let writes, let loss): ("power", [node, writes, loss.rawValue])
        case .fillDisk(let node, let writes): ("fill-disk", [node, writes])
        case .fillJournal(let node, let writes): ("fill-journal", [node, writes])
        case .remount(let node): ("remount", [node])
        case .removePart(let node): ("remove-part", [node])
        case .sleep(let seconds): ("sleep", [seconds])
        case .move(let node): ("move", [node])
        }
    }

    fileprivate init?(word: String, _ numbers: [Int]) {
        switch (word, numbers.count) {
        case ("cut-lane", 1): self = .cutLane(numbers[0])
        case ("stall-lane", 2): self = .stallLane(numbers[0], milliseconds: numbers[1])
        case ("cut-control", 1): self = .cutControl(numbers[0])
        case ("damage", 1): self = .damage(fragments: numbers[0])
        case ("change-source", 1): self = .changeSource(numbers[0])
        case ("add-source", 0): self = .addSource
        case ("remove-source", 1): self = .removeSource(numbers[0])
        case ("deny-source", 1): self = .denySource(numbers[0])
        case ("fail-reads", 2): self = .failReads(numbers[0], count: numbers[1])
        case ("kill", 2): self = .kill(node: numbers[0], writes: numbers[1])
        case ("power", 3):
            guard let loss = PowerLoss(rawValue: numbers[2]) else { return nil }
            self = .power(node: numbers[0], writes: numbers[1], loss)
        case ("fill-disk", 2): self = .fillDisk(node: numbers[0], writes: numbers[1])
        case ("fill-journal", 2): self = .fillJournal(node: numbers[0], writes: numbers[1])
        case ("remount", 1): self = .remount(node: numbers[0])
        case ("remove-part", 1): self = .removePart(node: numbers[0])
        case ("sleep", 1): self = .sleep(seconds: numbers[0])
        case ("move", 1): self = .move(node: numbers[0])
        default: return nil
        }
    }
}
