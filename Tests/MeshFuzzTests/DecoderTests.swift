import Foundation
import MeshFuzz
import Testing

/// Every decoder that a peer or the disk can reach: takes what the program itself makes, and keeps its promises for whatever
/// else comes. `make fuzz` looks further, with feedback.
@Suite struct DecoderTests {
    /// Inputs tried of each; with the slowest, a journal on disk, a tenth of them.
    private static let tries = 1_500
    private static let all = FuzzedDecoder.all + FuzzedDecoder.ofPrograms

    @Test(arguments: all) func takesWhatIsRight(_ decoder: FuzzedDecoder) async throws {
        let seeds = try await offThePool { try decoder.seeds() }
        #expect(!seeds.isEmpty)
        let verdicts = try await offThePool { try seeds.map { try decoder.check($0) } }
        for (seed, verdict) in zip(seeds, verdicts) {
            #expect(verdict == .taken, "refuses \(Data(seed).base64EncodedString())")
        }
    }

    /// Each is an input that once found a defect.
    @Test(arguments: all) func keepsItsPromisesForFindings(_ decoder: FuzzedDecoder) async throws {
        let broken = try await offThePool {
            Findings.all(of: decoder.name).compactMap { decoder.broken(by: $0.bytes, called: $0.name) }
        }
        #expect(broken.isEmpty)
    }

    @Test(arguments: all) func keepsItsPromisesForWhateverComes(_ decoder: FuzzedDecoder) async throws {
        let broken = try await offThePool {
            let seeds = try decoder.seeds() + Findings.all(of: decoder.name).map(\.bytes)
            let last = LastInput(decoder.name)
            defer { last.remove() }
            var mutation = Mutation(seed: 1)
            return (0..<(decoder.isSlow ? Self.tries / 10 : Self.tries)).compactMap { _ in
                let input = mutation.next(of: seeds)
                last.note(input)
                return decoder.broken(by: input, called: Data(input).base64EncodedString())
            }
        }
        #expect(broken.isEmpty)
    }

    /// A finding whose decoder has another name now would silently be tried no more.
    @Test func everyFindingHasItsDecoder() {
        #expect(Set(Findings.decoders).isSubset(of: Self.all.map(\.name)))
    }

    @Test func aBrokenPromiseIsFound() {
        let careless = FuzzedDecoder("careless") {
            [[1, 2, 3, 4]]
        } body: { bytes in
            if bytes.count > 6 { throw BrokenPromise("nothing is longer than six bytes") }
        }
        var mutation = Mutation(seed: 1)
        let found = (0..<100).contains { _ in (try? careless.check(mutation.next(of: [[1, 2, 3, 4]]))) == nil }
        #expect(found)
    }
}

extension FuzzedDecoder {
    /// What to say where `input` breaks a promise.
    fileprivate func broken(by input: [UInt8], called name: String) -> String? {
        do {
            _ = try check(input)
            return nil
        } catch {
            return "\(error): \(name)"
        }
    }
}

/// Decoders block, some for a journal's own tasks: not on the threads of these.
private func offThePool<Answer: Sendable>(_ body: @escaping @Sendable () throws -> Answer) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
}

/// The input that is being tried, in a file that stays behind where it ends the process.
private struct LastInput {
    private let path: String
    private let file: Int32

    init(_ decoder: String) {
        path = FileManager.default.temporaryDirectory.appending(path: "pmesh-fuzz-last-\(decoder)").path
        file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    }

    func note(_ input: [UInt8]) {
        _ = pwrite(file, input, input.count, 0)
        _ = ftruncate(file, off_t(input.count))
    }

    func remove() {
        close(file)
        unlink(path)
    }
}
