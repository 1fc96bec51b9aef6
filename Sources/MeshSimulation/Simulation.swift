/// Whole transfers in one thread, in virtual time, under faults: the sessions that run in production over simulated lanes,
/// disks and journals. A seed decides a run, down to the last byte; a plan may replace what the seed would let go wrong.
package struct Simulation: Sendable {
    package let seed: UInt64
    package let plan: FaultPlan
    package let outcome: Outcome
    /// Steps that were made, and faults that were struck before the end.
    package let steps: Int
    package let faults: Int

    /// `trace` is told of every step.
    package static func run(
        seed: UInt64, plan: FaultPlan? = nil, trace: ((String) -> Void)? = nil
    ) async -> Simulation {
        let world = World(seed: seed, plan: plan)
        if let trace { world.trace = trace }
        let outcome = await world.run()
        return Simulation(
            seed: seed, plan: world.plan, outcome: outcome, steps: world.step, faults: world.struck)
    }

    /// The fewest of a failing run's faults with which it still fails: each is left out in turn, again and again, until
    /// none can be. Answers the run with these.
    package func shrunk() async -> Simulation {
        var least = self
        var index = 0
        while index < least.plan.faults.count {
            var faults = least.plan.faults
            faults.remove(at: index)
            let run = await Simulation.run(seed: seed, plan: FaultPlan(faults))
            if run.outcome.isGood {
                index += 1
            } else {
                least = run
                index = 0
            }
        }
        return least
    }
}

extension Simulation: CustomStringConvertible {
    /// One line that tells how to see it again.
    package var description: String {
        "seed \(seed), \(steps) steps: \(outcome); replay with --seed \(seed) --plan '\(plan)'"
    }
}
