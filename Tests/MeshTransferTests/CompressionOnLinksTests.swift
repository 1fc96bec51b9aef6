import MeshTransfer
import MeshWire
import Testing

/// The policy in time: two cores that encode and a link that carries, in steps of a millisecond. The link tells for what
/// part of the last window it was what bytes waited for.
@Suite struct CompressionOnLinksTests {
    private struct Model {
        /// Bytes that the link carries and the receiver stores in a millisecond.
        var link: Double
        var receiver = 1e12
        /// Milliseconds of a core that a batch of 1 MiB takes, and its bytes on the wire, by what was chosen.
        static let work: [CompressionChoice: (cost: Double, wire: Double)] = [
            .raw: (2, 1_048_576), .probe(level: 1): (10, 340_000), .probe(level: 6): (30, 300_000),
            .deflate(level: 6): (30, 300_000), .deflate(level: 1): (10, 340_000),
        ]

        private var policy: CompressionPolicy
        private var jobs: [(left: Double, choice: CompressionChoice)] = []
        private var queue = 0.0
        /// Carried and not stored: no more than the lanes' credit.
        private var unstored = 0.0
        private var given = 0.0
        private var busy = 0.0
        private var windowEnds = 50.0
        private var share = NetworkShare.awaited
        var chosen: [CompressionChoice: Int] = [:]
        private(set) var time = 0.0

        init(_ mode: CompressionMode, link: Double, receiver: Double = 1e12) {
            policy = CompressionPolicy(mode)
            self.link = link
            self.receiver = receiver
        }

        /// Milliseconds until so many batches were stored.
        mutating func run(batches: Int) -> Double {
            var left = batches
            while left > 0 || !jobs.isEmpty || queue > 0 || unstored > 0 {
                begin(&left)
                encode()
                carry()
                tell()
                time += 1
            }
            return time
        }

        private var hasRoomAhead: Bool {
            queue + Double(jobs.count) * 1_048_576 < (policy.awaits(share) ? 2_097_152 : 10_485_760)
        }

        private mutating func begin(_ left: inout Int) {
            while left > 0, jobs.count < 3, hasRoomAhead {
                // Sockets hold a part of what was given.
                let waiting = Int(max(queue - 1_048_576, 0))
                let choice = policy.choose(waiting: waiting, given: UInt64(given), share: share)
                chosen[choice, default: 0] += 1
                jobs.append((Self.work[choice]?.cost ?? 0, choice))
                left -= 1
            }
        }

        private mutating func encode() {
            guard !jobs.isEmpty else { return }
            let each = min(2 / Double(jobs.count), 1)
            for index in jobs.indices { jobs[index].left -= each }
            for job in jobs where job.left <= 0 {
                let wire = Self.work[job.choice]?.wire ?? 0
                queue += wire
                given += wire
                policy.encoded(plain: 1_048_576, wire: Int(wire))
            }
            jobs.removeAll { $0.left <= 0 }
        }

        private mutating func carry() {
            let carried = min(queue, link, max(20_971_520 - unstored, 0))
            // What waits for credit does not wait for the network.
            busy += min(carried / link, 1)
            queue -= carried
            unstored = max(unstored + carried - receiver, 0)
        }

        private mutating func tell() {
            guard time + 1 >= windowEnds else { return }
            share = .told(min(busy / (share == .awaited ? 50 : 100), 1))
            busy = 0
            windowEnds += 100
        }
    }

    /// Milliseconds for 300 MiB of text, and how many batches were deflated.
    private func run(_ mode: CompressionMode, megabits: Double, receiver: Double = 1e12) -> (
        time: Double, deflated: Int
    ) {
        var model = Model(mode, link: megabits * 125, receiver: receiver)
        let time = model.run(batches: 300)
        return (time, 300 - model.chosen[.raw, default: 0])
    }

    @Test func aFastLinkIsLeftToRawBytes() {
        let auto = run(.auto, megabits: 20_000)
        #expect(auto.deflated <= 2)
        #expect(auto.time <= run(.never, megabits: 20_000).time * 1.05)
    }

    /// Whatever the rate at which it stores: the link is never what is waited for.
    @Test(arguments: [10_000.0, 30_000, 100_000, 300_000]) func aSlowReceiverStartsNothing(bytesPerMillisecond: Double)
    {
        #expect(run(.auto, megabits: 20_000, receiver: bytesPerMillisecond).deflated <= 2)
    }

    @Test(arguments: [2.0, 10, 30, 100, 200, 300, 500, 1_000, 1_500, 2_500])
    func noLinkIsSlowedDown(megabits: Double) {
        let best = min(run(.never, megabits: megabits).time, run(.always, megabits: megabits).time)
        #expect(run(.auto, megabits: megabits).time <= best * 1.05)
    }

    /// Between them: level 1 alone, or raw bytes and deflated ones in turn, each where the other would wait.
    @Test(arguments: [300.0, 500, 800, 1_200]) func aLinkInBetweenGetsAsMuchAsLevelOneCould(megabits: Double) {
        #expect(run(.auto, megabits: megabits).time <= run(.level(1), megabits: megabits).time * 1.05)
    }
}
