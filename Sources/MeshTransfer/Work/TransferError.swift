/// Why the work of a transfer could not be done, beside errors of disk and journal.
package enum TransferError: Error, Hashable, Sendable {
    /// Entries in the journal do not continue one another.
    case manifestContradicts
    /// Chunks that count have no digest in the journal, and nothing is under way that would bring them.
    case digestsMissing
    /// zlib has no memory for a page.
    case noMemory
    /// More entries or bytes than one transfer can hold.
    case tooManyFiles
}

extension TransferError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .manifestContradicts:
            "the manifest in the journal contradicts itself: forget the transfer and send again"
        case .digestsMissing: "digests are missing from the journal: run both commands again"
        case .noMemory: "no memory is left for the manifest: close other programs and try again"
        case .tooManyFiles: "there are more files than one transfer can hold: send them in several"
        }
    }
}
