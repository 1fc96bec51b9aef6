import MeshWire

/// The source files whose chunks are wanted next: a bounded piece of the manifest, in the order of chunk numbers.
struct SendWindow: Sendable {
    /// Files asked of the journal at a time.
    static let limit = 512

    private var files: [SourceEntry] = []
    private var next = 0
    private(set) var isLoading = false

    /// The file that holds `chunk`: found, to be loaded, or `gone` up to the chunk where the next file begins.
    enum Lookup {
        case file(SourceEntry, FilePlan)
        case load
        case loading
        case gone(before: UInt64)
    }

    /// Wants come in ascending order most of the time, so the search goes on from where it was.
    mutating func find(_ chunk: UInt64) -> Lookup {
        if isLoading { return .loading }
        if next >= files.count || files[next].manifest.firstChunk > chunk { next = lowerBound(chunk) }
        while next < files.count {
            let plan = FilePlan(entry: files[next].number, manifest: files[next].manifest)
            if plan.chunks.contains(chunk) { return .file(files[next], plan) }
            // Set aside, and behind the end of a file of open length.
            if plan.numbers.contains(chunk) { return .gone(before: plan.numbers.upperBound) }
            // An earlier file may have been dropped from the window: only a gap inside it means that the file is gone.
            if plan.chunks.lowerBound > chunk { return next > 0 ? .gone(before: plan.chunks.lowerBound) : .load }
            next += 1
        }
        return .load
    }

    mutating func loading() { isLoading = true }

    /// `files`: those holding `chunk` or later ones, ascending. Answers the first chunk that still exists at or after it.
    mutating func loaded(_ files: [SourceEntry], holding chunk: UInt64) -> UInt64? {
        isLoading = false
        self.files = files
        next = 0
        return files.first.map { max($0.manifest.firstChunk, chunk) }
    }

    mutating func remove(entry: UInt64) {
        files.removeAll { $0.number == entry }
        next = 0
    }

    private func lowerBound(_ chunk: UInt64) -> Int {
        var low = 0
        var high = files.count
        while low < high {
            let middle = (low + high) / 2
            let plan = FilePlan(entry: files[middle].number, manifest: files[middle].manifest)
            if plan.numbers.upperBound <= chunk { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
