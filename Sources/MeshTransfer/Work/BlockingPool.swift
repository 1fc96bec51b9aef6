/// Where work that blocks (disks, hashing, deflating) is run: a node's thread pool, or at once in the simulation.
package protocol BlockingPool: Sendable {
    /// Runs `work` where blocking is allowed, and answers what it answers.
    func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value
}
