import PrimeMesh

/// Why a command ends without having done what it was asked to.
struct CommandFailure: Error {
    let code: PrimeMesh.ExitCode
    /// One sentence, without a final full stop.
    let message: String
    /// The line that goes on with what was begun.
    let resume: String?
    /// The outcome was told already by an event of its own.
    let isReported: Bool

    init(_ error: MeshError, resume: String? = nil, isReported: Bool = false) {
        code = error.code
        message = error.message
        self.resume = resume
        self.isReported = isReported
    }
}
