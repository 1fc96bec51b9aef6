import Foundation
import MeshFuzz

// `pmesh-fuzz` is libFuzzer's program: it calls these two. PMESH_DECODER names the decoder; with PMESH_SEEDS its seeds and
// kept findings are written to that folder first.

/// The decoder that was asked for, found before the first input.
private let decoder: FuzzedDecoder = {
    let name = ProcessInfo.processInfo.environment["PMESH_DECODER"] ?? ""
    if let found = FuzzedDecoder.all.first(where: { $0.name == name }) { return found }
    stop("PMESH_DECODER must be one of: " + FuzzedDecoder.all.map(\.name).joined(separator: " "))
}()

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutablePointer<CInt>?, _ words: UnsafeMutableRawPointer?) -> CInt {
    do {
        let seeds = try decoder.seeds()
        for seed in seeds where try decoder.check(seed) == .refused { stop("\(decoder): a seed is refused") }
        guard let folder = ProcessInfo.processInfo.environment["PMESH_SEEDS"] else { return 0 }
        let inputs = seeds + Findings.all(of: decoder.name).map(\.bytes)
        for (index, input) in inputs.enumerated() {
            try Data(input).write(to: URL(filePath: folder).appending(path: "seed-\(index)"))
        }
    } catch { stop("\(decoder): \(error)") }
    return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        _ = try decoder.check(Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        FileHandle.standardError.write(Data("\(decoder): broken promise: \(error)\n".utf8))
        abort()
    }
    return 0
}

private func stop(_ reason: String) -> Never {
    FileHandle.standardError.write(Data((reason + "\n").utf8))
    exit(2)
}
