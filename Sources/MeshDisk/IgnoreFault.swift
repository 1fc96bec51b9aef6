package import MeshTransfer
import MeshWire

/// A rule about what is left out that cannot be obeyed. The command stops before anything is offered: what a person
/// wanted left out must not go out because of an error.
package struct IgnoreFault: Error, Hashable, Sendable {
    /// Where the rule was given.
    package enum Place: Hashable, Sendable {
        /// A pattern on the command line or in the settings.
        case argument([UInt8])
        /// A file, by its path in the transfer.
        case file([UInt8])
        /// A line of a file, counted from 1.
        case line(Int, of: [UInt8])
    }

    /// What is wrong with it.
    package enum Cause: Hashable, Sendable {
        /// The name is that of a link that leads nowhere, or the file was just removed.
        case dangling
        /// A folder, or a socket, fifo or device.
        case notAFile
        case tooLarge(limit: Int)
        case unreadable(DiskError)
        /// UTF-16, or bytes that are no text at all.
        case notText
        case pattern(PatternFault)
    }

    package var place: Place
    package var cause: Cause

    package init(_ place: Place, _ cause: Cause) {
        self.place = place
        self.cause = cause
    }
}

/// Syntax that gitignore(5) does not know.
package enum PatternFault: Error, Hashable, Sendable {
    /// `[` without its `]` in the same name.
    case openSet
    /// A range whose end comes before its beginning.
    case emptyRange
    /// `[:name:]` of a name that does not exist, `[=x=]` or `[.x.]`.
    case unknownClass
    /// A set of more bytes than naming every byte takes.
    case longSet
    /// Nothing stands behind a backslash.
    case lastBackslash
    /// A carriage return that does not end its line.
    case carriageReturn
}

extension IgnoreFault: CustomStringConvertible {
    package var description: String {
        switch place {
        case .argument(let pattern):
            "the pattern \(EntryPath.escaped(pattern)) cannot be obeyed: \(cause.words); nothing was sent"
        case .file(let path):
            "\(EntryPath.escaped(path)) says what to leave out and cannot be obeyed: \(cause.words); nothing was sent"
        case .line(let number, let path):
            "line \(number) of \(EntryPath.escaped(path)) cannot be obeyed: \(cause.words); nothing was sent"
        }
    }
}

extension IgnoreFault.Cause {
    fileprivate var words: String {
        switch self {
        case .dangling: "it is a link that leads nowhere, or was just removed: mend or remove it"
        case .notAFile: "it is not a file: remove it, or put a file there"
        case .tooLarge(let limit): "it has more than \(limit) bytes: shorten it"
        case .unreadable(let error): "\(error)"
        case .notText: "it is not UTF-8 text, perhaps UTF-16: save it as UTF-8"
        case .pattern(let fault): fault.words
        }
    }
}

extension PatternFault {
    fileprivate var words: String {
        switch self {
        case .openSet: "a [ has no ] in the same name: close it, or write \\[ for the character"
        case .emptyRange: "a range in [ ] ends before it begins: turn it round"
        case .unknownClass: "a class in [ ] has no meaning: the classes are those of gitignore, as [:alpha:]"
        case .longSet: "a set in [ ] is longer than \(Glob.setLength) bytes: shorten it"
        case .lastBackslash: "nothing follows a backslash: write \\\\ for the character"
        case .carriageReturn: "a carriage return stands in the middle: end lines with LF or CR LF"
        }
    }
}
