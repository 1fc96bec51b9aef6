import PrimeMesh

/// Why a command ends without having done what it was asked to.
struct CommandFailure: Error {
    let code: PrimeMesh.ExitCode
    /// One sentence, without a final full stop.
    let message: String
    /// The line that goes on with what was begun.
    let resume: String?
    /// How far the transfer got.
    let progress: String?

    init(_ error: MeshError, resume: String? = nil, progress: String? = nil) {
        self.progress = progress
        code = error.code
        message = error.message
        self.resume = resume
    }
}

extension MeshError {
    static var interruptedPipe: MeshError {
        MeshError(.interrupted, "interrupted; what comes through a pipe cannot be resumed, and begins anew")
    }

    /// A person or a script stopped the command.
    static func interrupted(canResume: Bool, at progress: String? = nil) -> MeshError {
        let place = progress.map { " at \($0)" } ?? ""
        return MeshError(
            .interrupted, "interrupted\(place)" + (canResume ? "" : ": run the same command again to go on"))
    }
}
