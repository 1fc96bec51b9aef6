import MeshTransfer
import Foundation
let tracing = ProcessInfo.processInfo.environment["TRACE"] != nil
func traced(_ c: String, _ i: [SendSession.Instruction]) -> [SendSession.Instruction] { if tracing { for x in i { print(c, x.text) } }; return i }
func traced(_ c: String, _ i: [ReceiveSession.Instruction]) -> [ReceiveSession.Instruction] { if tracing { for x in i { print("      ", c, x.text) } }; return i }
