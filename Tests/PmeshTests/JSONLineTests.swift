import Testing

@testable import pmesh

@Suite struct JSONLineTests {
    @Test func theEventComesFirstAndFieldsKeepTheirOrder() {
        var line = JSONLine(event: "done")
        line.add("bytes", UInt64.max)
        line.add("durable", true)
        line.add("names", ["a", "b\"c"])
        line.add("offset", -1)
        line.addNull("peer")
        #expect(
            line.text
                == #"{"event":"done","bytes":18446744073709551615,"durable":true,"names":["a","b\"c"],"offset":-1,"peer":null}"#
        )
    }

    @Test func anEventAloneIsAnObject() {
        #expect(JSONLine(event: "waiting").text == #"{"event":"waiting"}"#)
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("ü😀", "\"ü😀\""), ("\\\"", #""\\\"""#), ("\n\r\t", #""\n\r\t""#),
        ("\u{0}\u{1b}\u{7f}", #""\u0000\u001b\u007f""#), ("\u{2028}\u{2029}", #""\u2028\u2029""#),
        ("e\u{301}", "\"e\u{301}\""),
    ])
    func stringsAreEscaped(_ text: String, _ written: String) {
        #expect(JSONLine.string(text) == written)
    }

    @Test(arguments: [
        (0.0, "0.000"), (1.5, "1.500"), (0.0004, "0.000"), (-2.25, "-2.250"), (1e9, "1000000000.000"),
        (.infinity, "null"),
        (.nan, "null"), (1e300, "null"),
    ])
    func numbersAreFinite(_ number: Double, _ written: String) {
        var line = JSONLine(event: "x")
        line.add("n", number)
        #expect(line.text == #"{"event":"x","n":\#(written)}"#)
    }

    @Test func whatIsMissingIsNull() {
        var line = JSONLine(event: "x")
        line.add("a", optional: String?.none)
        line.add("b", optional: Double?.some(2))
        line.add("c", optional: Bool?.none)
        line.add("d", optional: UInt64?.some(3))
        #expect(line.text == #"{"event":"x","a":null,"b":2.000,"c":null,"d":3}"#)
    }
}
