import MeshTrust
import MeshWire
import Testing

@Suite struct OneTimeCodeTests {
    let code = try! OneTimeCode("7k3x-q9mz-2rtw")

    @Test func `a code is written in groups, with its check symbol if wanted`() {
        #expect(code.value == 0x3cc_7dba_69f1_635c)
        #expect(code.description == "7k3x-q9mz-2rtw")
        #expect(code.withCheck == "7k3x-q9mz-2rtw-w")
    }

    @Test(arguments: [
        "7k3xq9mz2rtw", "7K3X-Q9MZ-2RTW", " 7k3x q9mz 2rtw\n", "7k3x-q9mz-2rtw-w", "7K3X–Q9MZ–2RTW–W",
        "7k-3xq9-mz2r-tw",
    ])
    func `however people type it, it is the same code`(text: String) throws {
        #expect(try OneTimeCode(text) == code)
    }

    @Test func `letters that look like digits are read as digits`() throws {
        #expect(try OneTimeCode("oOiI-lL01-2345") == OneTimeCode("0011-1101-2345"))
    }

    @Test func `each mistake is told apart`() {
        #expect(throws: CodeError.wrongLength(11)) { try OneTimeCode("7k3x-q9mz-2rt") }
        #expect(throws: CodeError.wrongLength(14)) { try OneTimeCode("7k3x-q9mz-2rtw-ww") }
        #expect(throws: CodeError.wrongLength(0)) { try OneTimeCode("  ") }
        #expect(throws: CodeError.wrongSymbol("u")) { try OneTimeCode("7k3x-q9mz-2rtu") }
        #expect(throws: CodeError.wrongSymbol("é")) { try OneTimeCode("7k3x-q9mz-2rté") }
        #expect(throws: CodeError.wrongSymbol("_")) { try OneTimeCode("7k3x_q9mz_2rtw") }
        #expect(throws: CodeError.wrongCheck) { try OneTimeCode("7k3x-q9mz-2rtw-x") }
        #expect(CodeError.wrongLength(11).description.contains("11"))
    }

    @Test func `the check symbol finds every wrong symbol and every exchange of two`() {
        let right = Array("7k3xq9mz2rtww".utf8)
        var missed: [String] = []
        func read(_ symbols: [UInt8]) {
            let text = String(decoding: symbols, as: UTF8.self)
            if (try? OneTimeCode(text)) != nil { missed.append(text) }
        }
        for place in right.indices {
            for symbol in Base32.alphabet where symbol != right[place] {
                var wrong = right
                wrong[place] = symbol
                read(wrong)
            }
            for other in right.indices.dropFirst(place + 1) where right[other] != right[place] {
                var wrong = right
                wrong.swapAt(place, other)
                read(wrong)
            }
        }
        #expect(missed == [])
    }

    @Test func `a new code has sixty bits and reads back`() throws {
        var random = FixedRandom(7)
        var union: UInt64 = 0
        for _ in 0..<100 {
            let code = OneTimeCode(using: &random)
            union |= code.value
            #expect(try OneTimeCode(code.description) == code)
            #expect(try OneTimeCode(code.withCheck) == code)
        }
        #expect(union == (1 << 60) - 1)
    }

    @Test(arguments: [
        "0000-0000-0000", "aaaa-bbbb-cccc", "1234-5678-9abc", "9876-5432-10zy", "abcd-abcd-abcd",
        "k7mq-zxk7-mqzx", "2026-0301-1200", "qwer-tyas-dfgh", "7k3x-abcd-e2rt", "7777-7k3x-q9mz",
    ])
    func `a chosen code looks chosen`(text: String) throws {
        #expect(try OneTimeCode(text).looksChosen)
    }

    @Test func `a random code hardly ever looks chosen`() {
        var random = FixedRandom(8)
        var chosen = 0
        for _ in 0..<10_000 where OneTimeCode(using: &random).looksChosen { chosen += 1 }
        #expect(chosen <= 6)
    }
}
