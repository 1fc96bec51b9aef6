package import MeshWire

/// What sessions need kept across crashes. The journal's obligations, for both implementations:
///
/// - every call that changes something is one transaction: after it returns, a SIGKILL loses nothing of it, and before
///   that nothing of it is seen;
/// - reads by cursor: nothing grows with the transfer's size but the database;
/// - numbers are refused, not repaired, where they do not continue what is there (`JournalError`).
package protocol TransferJournal: Sendable {
    /// Sender: the entries before number `entries`, which were appended before, survive a power loss once this returns. Without
    /// it the latest transactions of any kind may be lost then, never one of them without those after it.
    func flushManifest(of id: TransferID, through entries: UInt64) async throws

    // MARK: transfers

    func create(_ record: TransferRecord) async throws
    func transfer(_ id: TransferID) async throws -> TransferRecord?
    func setState(_ state: TransferState, message: String?, of id: TransferID, at time: Int64) async throws
    func setPeer(_ peer: NodeID, of id: TransferID) async throws

    // MARK: manifest

    /// Sender: adds entries as the walk finds them, their numbers continuing the transfer's totals, which move along.
    func append(_ entries: [SourceEntry], to id: TransferID) async throws
    /// Sender: a file of open length ended behind so many bytes; the totals' bytes move along.
    func setLength(_ size: UInt64, ofEntry number: UInt64, of id: TransferID) async throws
    /// Receiver: adds a page's entries, their numbers continuing the totals. A withdrawal marks the entry it names.
    func append(_ entries: [ManifestEntry], to id: TransferID) async throws
    /// Marks the manifest whole. `complete: false` opens it again for entries added at the end.
    func setManifest(complete: Bool, of id: TransferID) async throws
    /// Sender's entries from number `first` on, at most `limit`, ascending.
    func sourceEntries(of id: TransferID, from first: UInt64, limit: Int) async throws -> [SourceEntry]
    /// Sender's file entries that hold `chunk` or a later one, ascending, at most `limit`; withdrawn ones left out.
    func sourceFiles(of id: TransferID, holding chunk: UInt64, limit: Int) async throws -> [SourceEntry]
    /// Receiver's entries from number `first` on, at most `limit`, ascending.
    func receivedEntries(of id: TransferID, from first: UInt64, limit: Int) async throws -> [ReceivedEntry]
    /// Receiver's folders up to number `last`, descending, at most `limit`: they are finished deepest first.
    func receivedFolders(of id: TransferID, downFrom last: UInt64, limit: Int) async throws -> [ReceivedEntry]
    /// Receiver: where the folder at `path` comes from, by the latest entry of that path which was taken back.
    func withdrawnOrigin(at path: [UInt8], of id: TransferID) async throws -> FolderOrigin?
    /// Entries withdrawn by later ones; few.
    func withdrawnEntries(of id: TransferID) async throws -> NumberSet

    // MARK: chunks

    /// Receiver: one group, one transaction.
    func commit(_ group: CommitGroup, to id: TransferID) async throws
    /// Sender: digests of chunks that the receiver acknowledged.
    func acknowledge(_ chunks: [ChunkRecord], of id: TransferID) async throws
    /// Rows of chunks in `range`, ascending, at most `limit`.
    func chunks(of id: TransferID, in range: Range<UInt64>, limit: Int) async throws -> [ChunkRecord]
    /// Receiver: forgets rows whose data turned out damaged or missing, so that they are wanted again.
    func forget(chunks: NumberSet, of id: TransferID) async throws
    /// Receiver: the data of these chunks and finished entries reached the disk.
    func markDurable(chunks: NumberSet, entries: [UInt64], of id: TransferID) async throws
    /// All that the transfer has received is marked durable.
    func isDurable(_ id: TransferID) async throws -> Bool
    /// Puts an entry back to `open` without its part, because the part is gone or is another object.
    func reopen(entry: UInt64, of id: TransferID) async throws

    // MARK: the end

    /// Sender: what the receiver left out, and why. Both: what was taken back for good.
    func noteSkipped(_ skipped: [SkipReason: NumberSet], of id: TransferID) async throws
    /// Keeps the signed receipt, ends the transfer as `done` or `partial` and folds its chunk rows into the entries.
    func complete(_ id: TransferID, state: TransferState, receipt: ReceiptRecord, at time: Int64) async throws
    func receipt(of id: TransferID) async throws -> ReceiptRecord?
    /// What was tried again; the latest are kept.
    func record(_ retries: [RetryRecord], of id: TransferID) async throws
}

/// A receipt as it is kept on both sides.
package struct ReceiptRecord: Hashable, Sendable {
    /// The signed bytes (``Receipt``).
    package var body: [UInt8]
    /// ECDSA P-256 signature by the receiver, DER.
    package var signature: [UInt8]
    /// The receiver's SubjectPublicKeyInfo, DER: its SHA-256 is the NodeID in the body.
    package var publicKey: [UInt8]

    package init(body: [UInt8], signature: [UInt8], publicKey: [UInt8]) {
        self.body = body
        self.signature = signature
        self.publicKey = publicKey
    }
}
