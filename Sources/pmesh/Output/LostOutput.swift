import PrimeMesh

/// A command that does something besides printing: it is not undone by a full disk behind `>`, and ends with an error
/// only where a script waits for its lines.
protocol ActingCommand {
    /// This time it prints alone.
    var onlyPrints: Bool { get }
}

extension ActingCommand {
    var onlyPrints: Bool { false }
}

extension Send: ActingCommand {
    var onlyPrints: Bool { dryRun }
}
extension Receive: ActingCommand {}
extension Resume: ActingCommand {}
extension MeshCreate: ActingCommand {}
extension MeshInvite: ActingCommand {}
extension MeshJoin: ActingCommand {}

/// What a failed write of standard output means for the exit code.
enum LostOutput {
    /// Why a command that did all it was asked to still ends with an error, or nil. `reason`: the system's words, empty
    /// where the reader went away by itself, as `head` does.
    static func failure(reason: String?, isJSON: Bool, onlyPrints: Bool) -> MeshError? {
        guard let reason, isJSON || onlyPrints else { return nil }
        let cause = reason.isEmpty ? "" : " (\(reason))"
        return MeshError(.disk, "standard output could not be written\(cause): what was printed is not complete")
    }
}
