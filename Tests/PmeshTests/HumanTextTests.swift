import Testing

@testable import pmesh

@Suite struct HumanTextTests {
    @Test(
        arguments: [
            (0, "0 B"), (1, "1 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (102_348, "99.9 KiB"),
            (102_400, "100 KiB"), (1_047_552, "1023 KiB"), (1_048_575, "1.0 MiB"), (1_048_576, "1.0 MiB"),
            (440 << 20, "440 MiB"), (1 << 30, "1.0 GiB"), (UInt64.max, "16.0 EiB"),
        ] as [(UInt64, String)])
    func sizes(_ bytes: UInt64, _ text: String) {
        #expect(HumanText.size(bytes) == text)
    }

    @Test(
        arguments: [
            (0, "0.0 s"), (0.44, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 00 s"),
            (200, "3 min 20 s"),
            (3599.6, "1 h 00 min"), (7500, "2 h 05 min"), (90_000, "1 d 01 h"), (-3, "0.0 s"), (.infinity, "0.0 s"),
        ] as [(Double, String)])
    func durations(_ seconds: Double, _ text: String) {
        #expect(HumanText.duration(seconds) == text)
    }

    @Test(arguments: [
        (1.0, 2, "1.00"), (0.005, 2, "0.01"), (0.004, 2, "0.00"), (12.345, 1, "12.3"), (-0.001, 2, "0.00"),
        (-1.5, 1, "-1.5"),
        (7.6, 0, "8"),
    ])
    func decimals(_ value: Double, _ places: Int, _ text: String) {
        #expect(HumanText.decimal(value, places) == text)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (1_048_575, "1,048,575")] as [(UInt64, String)])
    func groups(_ number: UInt64, _ text: String) {
        #expect(HumanText.grouped(number) == text)
    }

    @Test func aWordThatIsNoTextIsQuotedByItsBytes() {
        #expect(ShellText.quoted([0x63, 0xe9]) == "$'c\\xe9'")
        #expect(ShellText.quoted("a\nb") == "$'a\\x0ab'")
        #expect(ShellText.quoted("it's") == "'it'\\''s'")
    }

    @Test func counts() {
        #expect(HumanText.count(1, "file") == "1 file")
        #expect(HumanText.count(0, "file") == "0 files")
        #expect(HumanText.count(2, "entry", "entries") == "2 entries")
    }

    @Test func universalTimeIsRFC3339() {
        #expect(HumanText.universalTime(1_777_000_000_042_999_999) == "2026-04-24T03:06:40.042Z")
        #expect(HumanText.universalTime(0) == "1970-01-01T00:00:00.000Z")
        #expect(HumanText.universalTime(-1) == "1969-12-31T23:59:59.999Z")
    }

    @Test(arguments: [
        ("plain/path-1.txt", "plain/path-1.txt"), ("two words", "'two words'"), ("it's", #"'it'\''s'"#), ("", "''"),
        ("$HOME", "'$HOME'"),
    ])
    func wordsForTheShell(_ word: String, _ quoted: String) {
        #expect(ShellText.quoted(word) == quoted)
    }
}
