import Testing

@testable import pmesh

@Suite struct QRTextTests {
    @Test func twoRowsBecomeALineWithinAMargin() {
        let lines = QRText.lines([[true, false, true], [true, true, false], [false, true, true]])
        #expect(lines == ["███████████", "███████████", "████ ▀▄████", "█████▄▄████", "███████████", "▀▀▀▀▀▀▀▀▀▀▀"])
    }

    @Test func withoutTheLibraryOneLineSaysHowToGetIt() {
        #expect(QRCode.lines("x", library: "libqrencode-that-is-not-there.so") == [QRCode.missing])
    }
}
