import MeshJournal
import MeshTransfer

/// What is moved and where, as a history tells it: topmost names, and the folder that holds them.
struct TransferPlaces {
    /// Names that a line has room for.
    private static let shown = 3

    let names: [[UInt8]]
    let hasMore: Bool
    let folder: [UInt8]?

    init(_ row: HistoryRow) {
        let slash = UInt8(ascii: "/")
        let all: [[UInt8]]
        switch row.record.direction {
        case .receive:
            all = row.names
            folder = row.record.roots.first
        case .send:
            all = row.record.roots.map { Array($0.split(separator: slash).last ?? [slash]) }
            let folders = Set(row.record.roots.map { Array($0[..<($0.lastIndex(of: slash) ?? 0)]) })
            switch (folders.count, folders.first) {
            case (1, let only?) where only.isEmpty: folder = [slash]
            case (1, let only): folder = only
            default: folder = nil
            }
        }
        names = Array(all.prefix(Self.shown))
        hasMore = all.count > Self.shown
    }
}
