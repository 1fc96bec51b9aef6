import Glibc

/// Numbers as people read them. All pure but for the machine's time zone.
enum HumanText {
    /// `512 B`, `4.2 KiB`, `1.0 GiB`: powers of 1,024, one decimal below 100.
    static func size(_ bytes: UInt64) -> String { size(Double(bytes)) }

    static func size(_ bytes: Double) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var value = max(0, bytes.isFinite ? bytes : 0)
        var unit = 0
        // 1,023.95 would be written as 1024.0: the next unit starts where rounding reaches it.
        while value >= (unit == 0 ? 1024 : 1023.5), unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 || value >= 99.95
            ? "\(Int(value.rounded())) \(units[unit])" : "\(decimal(value, 1)) \(units[unit])"
    }

    /// `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`, `3 d 04 h`.
    static func duration(_ seconds: Double) -> String {
        let seconds = max(0, seconds.isFinite ? seconds : 0)
        if seconds < 9.95 { return decimal(seconds, 1) + " s" }
        let whole = Int(min(seconds, 1e12).rounded())
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60) min \(twoDigits(whole % 60)) s"
        case ..<86_400: return "\(whole / 3600) h \(twoDigits(whole / 60 % 60)) min"
        default: return "\(whole / 86_400) d \(twoDigits(whole / 3600 % 24)) h"
        }
    }

    /// `1 file`, `2 files`, `1 entry`, `2 entries`.
    static func count(_ number: UInt64, _ noun: String, _ plural: String? = nil) -> String {
        "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
    }

    /// `1,048,575`.
    static func grouped(_ number: UInt64) -> String {
        let digits = Array(String(number))
        return digits.indices.map { index in
            let isGroupEnd = index > 0 && (digits.count - index) % 3 == 0
            return (isGroupEnd ? "," : "") + String(digits[index])
        }.joined()
    }

    /// `value` rounded to `places` decimals, which are always written.
    static func decimal(_ value: Double, _ places: Int) -> String {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = Int64((value.magnitude * scale).rounded())
        let digits = String(scaled)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        let sign = value < 0 && scaled != 0 ? "-" : ""
        return places == 0 ? sign + padded : "\(sign)\(padded.dropLast(places)).\(padded.suffix(places))"
    }

    /// `2026-05-01 08:30:12 +0200`, in the machine's time zone.
    static func localTime(_ nanoseconds: Int64) -> String {
        var seconds = time_t(nanoseconds / 1_000_000_000)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return calendar(parts, "%Y-%m-%d %H:%M:%S %z")
    }

    /// RFC 3339 in UTC with milliseconds: `2026-05-01T06:30:12.042Z`.
    static func universalTime(_ nanoseconds: Int64) -> String {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var seconds = time_t(remainder < 0 ? quotient - 1 : quotient)
        let milliseconds = (remainder < 0 ? remainder + 1_000_000_000 : remainder) / 1_000_000
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let digits = String(milliseconds + 1000).dropFirst()
        return calendar(parts, "%Y-%m-%dT%H:%M:%S") + ".\(digits)Z"
    }

    private static func calendar(_ parts: tm, _ form: String) -> String {
        var parts = parts
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let count = strftime(buffer.baseAddress!, buffer.count, form, &parts)
            return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
