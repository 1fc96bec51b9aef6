/// One decoder that a peer or the disk can reach, with what it promises of every input.
package struct FuzzedDecoder: Sendable {
    /// What became of an input that broke no promise.
    package enum Verdict: Hashable, Sendable {
        case taken
        case refused
    }

    /// For the command line: lower case, words joined by hyphens.
    package let name: String
    private let makeSeeds: @Sendable () throws -> [[UInt8]]
    private let body: @Sendable ([UInt8]) throws -> Void

    /// `body` throws ``BrokenPromise`` where a promise is broken, and any other error where the input is refused.
    package init(
        _ name: String, seeds: @escaping @Sendable () throws -> [[UInt8]],
        body: @escaping @Sendable ([UInt8]) throws -> Void
    ) {
        self.name = name
        makeSeeds = seeds
        self.body = body
    }

    /// A decoder of whole values, with its encoder: what it takes is encoded into something that it takes for the same.
    /// `promise` looks at each value that is taken.
    package init<Value: Equatable & SendableMetatype>(
        _ name: String, seeds: @escaping @Sendable () throws -> [[UInt8]],
        decode: @escaping @Sendable ([UInt8]) throws -> Value, encode: @escaping @Sendable (Value) throws -> [UInt8],
        promise: @escaping @Sendable (Value) throws -> Void = { _ in }
    ) {
        self.init(name, seeds: seeds) { bytes in
            let value = try decode(bytes)
            try promise(value)
            let again = try kept("what was taken can be encoded") { try encode(value) }
            let second = try kept("the encoding is taken again") { try decode(again) }
            try keep(second == value, "the encoding stands for the same value")
            try keep(try encode(second) == again, "the same value has the same encoding")
        }
    }

    /// An input takes milliseconds, not microseconds.
    package var isSlow: Bool { ["journal-rows", "journal-file", "recovery-file"].contains(name) }

    /// What the real encoders make; the decoder takes every one of them.
    package func seeds() throws -> [[UInt8]] { try makeSeeds() }

    /// Decodes `bytes`; throws ``BrokenPromise``, or ends the process, where the decoder is at fault.
    package func check(_ bytes: [UInt8]) throws(BrokenPromise) -> Verdict {
        do {
            try body(bytes)
            return .taken
        } catch let broken as BrokenPromise {
            throw broken
        } catch {
            return .refused
        }
    }
}

/// A decoder did not do what it promises.
package struct BrokenPromise: Error, Hashable, CustomStringConvertible {
    /// The promise, as a sentence that should hold.
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Why an input is refused where the decoder answers nil.
struct Refused: Error {}

extension Optional {
    /// The value; an input without one is refused.
    func orRefused() throws -> Wrapped {
        guard let self else { throw Refused() }
        return self
    }
}

/// Breaks `promise` where it does not hold.
func keep(_ holds: Bool, _ promise: @autoclosure () -> String) throws {
    if !holds { throw BrokenPromise(promise()) }
}

/// What `body` answers; an error of it breaks `promise`.
func kept<Value>(_ promise: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let broken as BrokenPromise { throw broken } catch {
        throw BrokenPromise("\(promise) (\(error))")
    }
}

extension FuzzedDecoder: CustomStringConvertible {
    package var description: String { name }

    /// All of them but those of programs, which only their tests can see.
    package static let all =
        wire + texts + trust + channels + transfers + sessions + disk + journal
}
