import Foundation
import Glibc

/// A tree that is full of marks: in names of files, folders and links, in link targets, in text that shrinks, in noise that
/// does not, and in a line such as people write to each other.
struct MarkedTree {
    let marks: [Mark]

    /// Those that stand inside of files.
    var contents: [Mark] { marks.filter { [.text, .noise, .chatLine].contains($0.kind) } }

    init(_ stage: Stage, _ name: String = "tree") {
        let kinds = Mark.Kind.allCases.filter { $0 != .nodeName }
        let marks = kinds.map(Mark.init)
        self.marks = marks
        let mark = { (kind: Mark.Kind) in marks[kinds.firstIndex(of: kind)!] }
        let folder = "\(name)/\(mark(.folderName).text)"
        stage.folder(folder)
        stage.file("\(folder)/\(mark(.fileName).text).txt", Array("named\n".utf8))
        symlink(mark(.linkTarget).text, stage("\(folder)/\(mark(.linkName).text)"))
        let unreadable = Array(stage(folder).utf8) + [UInt8(ascii: "/")] + mark(.unreadableName).bytes + [0]
        close(
            unreadable.withUnsafeBytes { open($0.bindMemory(to: CChar.self).baseAddress!, O_CREAT | O_WRONLY, 0o644) })
        // 1 MB of lines: several chunks, and small enough when deflated to hide among other bytes.
        let line = Array("the plan of \(mark(.text).text) is: ".utf8)
        stage.file("\(folder)/text", Array((0..<16_000).map { line + Array("\($0)\n".utf8) }.joined()))
        // 2 MiB of noise with the mark in each page.
        var noise = Noise.bytes(2 << 20)
        for page in stride(from: 0, to: noise.count, by: 4_096) {
            noise.replaceSubrange(page + 100..<page + 100 + mark(.noise).bytes.count, with: mark(.noise).bytes)
        }
        stage.file("\(folder)/noise", noise)
        let said = "12:31 <ada> \(mark(.chatLine).text), see you at lunch\n"
        stage.file("\(folder)/chat.log", Array(said.utf8))
        stage.file(
            "\(folder)/chat.json", Array(#"{"from":"ada","line":"\#(mark(.chatLine).bytes.map(String.init))"}"#.utf8))
    }
}
