import MeshSimulation
import Testing

@Suite struct FaultPlanTests {
    @Test func everyPlanCanBeWrittenDownAndReadAgain() {
        for seed in UInt64(0)..<500 {
            var random = Seeded(seed)
            let plan = FaultPlan(using: &random)
            #expect(FaultPlan(plan.description) == plan)
        }
    }

    @Test(arguments: ["kill 1 3", "5 kill 1", "5 kill one 3", "5 power 1 3 9", "5 dance", "-1 kill 1 3", "5"])
    func whatIsNoPlanIsRefused(_ text: String) {
        #expect(FaultPlan(text) == nil)
    }

    @Test func faultsAreInTheOrderOfTheirSteps() {
        let plan = FaultPlan("20 cut-lane 1, 3 kill 1 0")
        #expect(plan?.description == "3 kill 1 0, 20 cut-lane 1")
    }
}
