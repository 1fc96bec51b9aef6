import ArgumentParser
import MeshSimulation

/// Runs simulated transfers, seed after seed, and shows those that break a promise.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pmesh-simulate",
        abstract:
            "Runs whole transfers under faults, in one thread and virtual time, and holds the promises against them.",
        discussion: """
            Each seed is one run. A run that breaks a promise is printed with its plan, shrunk to the fewest faults that \
            still break it; --seed with --plan runs it alone.
            """)

    @Option(help: "How many seeds.") var seeds: UInt64 = 1_000
    @Option(help: "The first seed.") var from: UInt64 = 0
    @Option(help: "One seed alone.") var seed: UInt64?
    @Option(help: "Faults instead of those the seed draws, such as '120 kill 1 3, 200 cut-lane 0'.") var plan: String?
    @Flag(help: "Every step of one seed.") var trace = false
    @Option(help: "Failing runs after which no more are tried.") var most: Int = 5

    func validate() throws {
        guard plan == nil || seed != nil else {
            throw ValidationError("--plan needs --seed: a plan belongs to one run")
        }
        if let plan, FaultPlan(plan) == nil { throw ValidationError("this is no plan: \(plan)") }
    }

    func run() async throws {
        if let seed {
            let run = await Simulation.run(
                seed: seed, plan: plan.flatMap { FaultPlan($0) }, trace: trace ? { print($0) } : nil)
            print(run)
            if !run.outcome.isGood { throw ExitCode(1) }
            return
        }
        let clock = ContinuousClock()
        let start = clock.now
        var (failing, steps, faults, resumed) = (0, 0, 0, 0)
        for seed in from..<from + seeds {
            let run = await Simulation.run(seed: seed)
            steps += run.steps
            faults += run.faults
            if case .done(let failures) = run.outcome { resumed += failures.count }
            guard !run.outcome.isGood else { continue }
            failing += 1
            print(await run.shrunk())
            if failing == most { break }
        }
        let seconds = (clock.now - start) / .seconds(1)
        print(
            "\(seeds) seeds, \(steps) steps, \(faults) faults, \(resumed) named errors resumed, \(failing) failing runs, "
                + "\(Int(seconds * 10) / 10) s")
        if failing > 0 { throw ExitCode(1) }
    }
}
