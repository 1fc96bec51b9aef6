import MeshTransfer

/// Does blocking work at once: in one thread there is nobody to keep waiting.
struct InlinePool: BlockingPool {
    func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try work()
    }
}
