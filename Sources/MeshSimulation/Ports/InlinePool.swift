import MeshTransfer

/// Does blocking work at once: in one thread there is nobody to keep waiting.
package struct InlinePool: BlockingPool {
    package init() {}

    package func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try work()
    }
}
