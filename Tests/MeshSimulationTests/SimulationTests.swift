import MeshSimulation
import Testing

/// Whole transfers under what networks, disks, machines and people can do to them. Each seed is one run: it ends with the
/// same content on both sides, perhaps after errors that have names, and breaks no promise on its way.
@Suite struct SimulationTests {
    @Test(arguments: 0..<UInt64(10)) func aHundredSeedsKeepEveryPromise(_ block: UInt64) async {
        for seed in block * 100..<(block + 1) * 100 {
            let run = await Simulation.run(seed: seed)
            guard !run.outcome.isGood else { continue }
            let least = await run.shrunk()
            Issue.record("\(least)")
        }
    }

    @Test func withoutFaultsNothingFails() async {
        for seed in UInt64(0)..<100 {
            let run = await Simulation.run(seed: seed, plan: FaultPlan())
            #expect(run.outcome == .done(failures: []), "\(run)")
        }
    }

    /// A run is the same every time, or a failing one could not be looked at.
    @Test func aSeedDecidesEverything() async {
        for seed in UInt64(0)..<20 {
            let runs = (await Simulation.run(seed: seed), await Simulation.run(seed: seed))
            #expect(runs.0.outcome == runs.1.outcome)
            #expect(runs.0.steps == runs.1.steps)
        }
    }

    /// The faults that are drawn really happen, of every kind, and errors are named and resumed from.
    @Test func faultsStrike() async {
        var struck = 0
        var named = 0
        for seed in UInt64(0)..<300 {
            let run = await Simulation.run(seed: seed)
            struck += run.faults
            if case .done(let failures) = run.outcome { named += failures.count }
        }
        #expect(struck > 600)
        #expect(named > 10)
    }
}
