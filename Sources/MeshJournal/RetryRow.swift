import GRDB
import MeshTransfer

extension RetryRecord {
    static let columns = "subject, number, reason, time"

    init(_ row: Columns) throws {
        let name = try row.text(0, "subject")
        let number = try row.number(1, "number")
        let subject: Subject? =
            switch name {
            case "chunk": .chunk(number)
            case "lane": UInt16(exactly: number).map { .lane(prime: $0) }
            case "channel": UInt32(exactly: number).map { .channel(epoch: $0) }
            case "entry": .entry(number)
            default: nil
            }
        guard let subject else { throw DamagedRow(what: "unknown subject of a retry") }
        self.init(subject: subject, reason: try row.text(2, "reason"), time: try row.int(3, "time"))
    }

    func insert(_ db: Database, transfer: Int64) throws {
        let (name, number): (String, UInt64) =
            switch subject {
            case .chunk(let number): ("chunk", number)
            case .lane(let prime): ("lane", UInt64(prime))
            case .channel(let epoch): ("channel", UInt64(epoch))
            case .entry(let number): ("entry", number)
            }
        try db.run(
            "INSERT INTO retry (transfer, subject, number, reason, time) VALUES (?1, ?2, ?3, ?4, ?5)",
            .int(transfer), .text(name), .bound(number), .text(reason), .int(time))
    }
}
