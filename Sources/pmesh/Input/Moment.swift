import ArgumentParser
import Glibc

/// A moment of the past as people write it: `2026-05-01`, `2026-05-01T08:30`, `2026-05-01T08:30:00Z`, or an age such as
/// `90m`, `12h`, `7d`, `2w`. Without a zone the machine's own is meant.
struct Moment: Hashable, Sendable {
    /// Nanoseconds since 1970.
    let nanoseconds: Int64

    init?(_ text: String, now: Int64) {
        if let age = Self.age(text) {
            nanoseconds = now - age
        } else if let seconds = Self.calendar(text) {
            nanoseconds = seconds * 1_000_000_000
        } else {
            return nil
        }
    }

    /// Seconds of each unit that a time may have.
    static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]

    private static func age(_ text: String) -> Int64? {
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (0...100_000).contains(count)
        else { return nil }
        return count * unit * 1_000_000_000
    }

    /// Seconds since 1970 of `YYYY-MM-DD`, with or without `THH:MM`, `:SS` and `Z`.
    private static func calendar(_ text: String) -> Int64? {
        let isUniversal = text.hasSuffix("Z")
        let halves = (isUniversal ? text.dropLast() : text[...]).split(omittingEmptySubsequences: false) {
            "T ".contains($0)
        }
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false).map(number)
        let time =
            halves.count > 1 ? halves[1].split(separator: ":", omittingEmptySubsequences: false).map(number) : [0, 0]
        guard halves.count <= 2, date.count == 3, (2...3).contains(time.count), halves.count == 2 || !isUniversal,
            let year = date[0], let month = date[1], let day = date[2], let hour = time[0], let minute = time[1],
            let second = time.count == 3 ? time[2] : 0, (1970...2200).contains(year), (1...12).contains(month),
            (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var parts = tm()
        parts.tm_year = year - 1900
        parts.tm_mon = month - 1
        parts.tm_mday = day
        parts.tm_hour = hour
        parts.tm_min = minute
        parts.tm_sec = second
        parts.tm_isdst = -1
        let seconds = Int64(isUniversal ? timegm(&parts) : mktime(&parts))
        // The calls move 31 April on to 1 May instead of refusing it.
        return parts.tm_mday == day ? seconds : nil
    }

    /// One to four digits and nothing else.
    private static func number(_ text: Substring) -> Int32? {
        text.utf8.count <= 4 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int32(text) : nil
    }

    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension Moment: ExpressibleByArgument {
    init?(argument: String) { self.init(argument, now: Self.now()) }
}
