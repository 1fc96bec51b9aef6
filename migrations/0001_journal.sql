-- The journal: what a node keeps across crashes. One file per home, shared by every command that uses that home.
--
-- Times are nanoseconds since 1970 unless a comment says otherwise. Nodes, transfers and channels are named by the text
-- people see (base32); secrets, digests and everything a file system calls a name are blobs, because they are bytes.

-- Migrations this file has been through; their number is also its user_version.
CREATE TABLE migration (
    number INTEGER PRIMARY KEY CHECK (number > 0),         -- from 1, without gaps
    name TEXT NOT NULL UNIQUE,                             -- the migration's file name without .sql
    applied INTEGER NOT NULL                               -- seconds since 1970
) STRICT;

-- Boots of this machine: a chunk row not yet synced is trusted only in the boot that wrote it.
CREATE TABLE boot (
    key INTEGER PRIMARY KEY CHECK (key > 0),               -- compact name in chunk rows
    name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128) -- /proc/sys/kernel/random/boot_id
) STRICT;

-- Meshes this node is or was a member of.
CREATE TABLE mesh (
    authority BLOB NOT NULL PRIMARY KEY CHECK (length(authority) = 32), -- SHA-256 of the authority's public key
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 63), -- what people call the mesh
    member TEXT NOT NULL CHECK (length(member) BETWEEN 1 AND 63), -- this node's name in it
    joined INTEGER NOT NULL,                               -- ns since 1970
    parted INTEGER                                         -- ns since 1970; NULL while a member
) STRICT, WITHOUT ROWID;

-- Nodes met so far.
CREATE TABLE peer (
    node TEXT NOT NULL PRIMARY KEY CHECK (length(node) = 62), -- NodeID
    name TEXT CHECK (length(name) BETWEEN 1 AND 63),       -- its name in a mesh; NULL where only a code was shared
    public_key BLOB CHECK (length(public_key) BETWEEN 1 AND 1024), -- SubjectPublicKeyInfo, DER
    address TEXT CHECK (length(address) BETWEEN 1 AND 512), -- where it was last reached: host:port
    first_seen INTEGER NOT NULL,                           -- ns since 1970
    last_seen INTEGER NOT NULL CHECK (last_seen >= first_seen) -- ns since 1970
) STRICT, WITHOUT ROWID;

-- One-time codes, made here or typed here.
CREATE TABLE code (
    tag BLOB NOT NULL PRIMARY KEY CHECK (length(tag) = 16), -- what it is found by on the network; says nothing of the code
    master BLOB NOT NULL CHECK (length(master) = 32),      -- secret stretched from the code
    role TEXT NOT NULL CHECK (role IN ('issuer', 'claimant')), -- issuer: shown here; claimant: typed here
    state TEXT NOT NULL CHECK (state IN ('unused', 'pinned', 'burned', 'expired', 'done')),
    created INTEGER NOT NULL,                              -- ns since 1970
    expires INTEGER NOT NULL,                              -- ns since 1970; counts only while unused
    attempts INTEGER NOT NULL CHECK (attempts >= 0),       -- failed attempts, from all addresses
    peer TEXT CHECK (length(peer) = 62),                   -- NodeID pinned by the first handshake
    peer_key BLOB CHECK (length(peer_key) BETWEEN 1 AND 1024), -- its SubjectPublicKeyInfo, DER
    resume_secret BLOB CHECK (length(resume_secret) = 32), -- agreed by the first handshake
    CHECK (state <> 'pinned' OR (peer IS NOT NULL AND peer_key IS NOT NULL AND resume_secret IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- Prime channels, a row for each epoch.
CREATE TABLE channel (
    id TEXT NOT NULL CHECK (length(id) = 26),              -- ChannelID
    epoch INTEGER NOT NULL CHECK (epoch BETWEEN 0 AND 4294967295),
    peer TEXT NOT NULL CHECK (length(peer) = 62),          -- NodeID
    prime_set TEXT NOT NULL CHECK (length(prime_set) BETWEEN 1 AND 32), -- name of the set, such as standard
    lanes INTEGER NOT NULL CHECK (lanes BETWEEN 0 AND 64), -- lanes agreed on
    opened INTEGER NOT NULL,                               -- ns since 1970
    closed INTEGER,                                        -- ns since 1970; NULL while open
    reason TEXT,                                           -- why it closed
    PRIMARY KEY (id, epoch)
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_opened ON channel (opened);

-- Transfers, sent and received.
CREATE TABLE transfer (
    key INTEGER PRIMARY KEY CHECK (key > 0),               -- compact name in the tables below
    id TEXT UNIQUE CHECK (length(id) = 26),                -- TransferID; NULL while its rows are being removed
    direction TEXT NOT NULL CHECK (direction IN ('send', 'receive')),
    peer TEXT CHECK (length(peer) = 62),                   -- NodeID of the other side; NULL until known
    code BLOB CHECK (length(code) = 16),                   -- tag of the code it runs under; NULL between members
    roots BLOB NOT NULL,                                   -- absolute paths, each followed by a NUL
    state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'done', 'partial', 'failed', 'cancelled')),
    entries INTEGER NOT NULL CHECK (entries BETWEEN 0 AND 16777216), -- entries so far: the next one's number
    files INTEGER NOT NULL CHECK (files BETWEEN 0 AND entries),
    chunks INTEGER NOT NULL CHECK (chunks BETWEEN 0 AND 1099511627776), -- chunks so far: the next file's first
    bytes INTEGER NOT NULL CHECK (bytes >= 0),             -- plain bytes of all files
    allocated INTEGER NOT NULL CHECK (allocated >= 0),     -- bytes they take on the sender's disk
    manifest_complete INTEGER NOT NULL CHECK (manifest_complete IN (0, 1)),
    options BLOB NOT NULL,                                 -- JSON; what a resume must repeat
    created INTEGER NOT NULL,                              -- ns since 1970
    updated INTEGER NOT NULL,                              -- ns since 1970
    message TEXT                                           -- the last error's sentence
) STRICT;
CREATE INDEX transfer_created ON transfer (created);
CREATE INDEX transfer_code ON transfer (code) WHERE code IS NOT NULL;

-- The process that works on a transfer; taken over when that process is gone.
CREATE TABLE transfer_lock (
    transfer INTEGER NOT NULL PRIMARY KEY REFERENCES transfer (key) ON DELETE CASCADE,
    pid INTEGER NOT NULL CHECK (pid BETWEEN 1 AND 2147483647),
    start_time INTEGER NOT NULL CHECK (start_time >= 0),   -- clock ticks from boot to the process's start
    boot TEXT NOT NULL CHECK (length(boot) BETWEEN 1 AND 128) -- boot id in which pid and start_time mean something
) STRICT;

-- Manifest entries. A sender's row has its source identity, a receiver's row its part and its state.
CREATE TABLE entry (
    transfer INTEGER NOT NULL REFERENCES transfer (key),
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 16777215), -- place in the manifest, from 0
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 3),    -- 0 file, 1 folder, 2 link, 3 withdrawal
    path BLOB NOT NULL CHECK (length(path) <= 4096),       -- below the root, components joined by /; empty: withdrawal
    size INTEGER NOT NULL CHECK (size >= 0),               -- bytes; of a withdrawal the entry it takes back
    allocated INTEGER NOT NULL CHECK (allocated >= 0),     -- bytes on the sender's disk
    mode INTEGER NOT NULL CHECK (mode BETWEEN 0 AND 511),  -- permission bits
    mtime_s INTEGER NOT NULL,                              -- seconds since 1970
    mtime_ns INTEGER NOT NULL CHECK (mtime_ns BETWEEN 0 AND 999999999), -- ns within the second
    target BLOB CHECK (length(target) BETWEEN 1 AND 4096), -- of a link
    first_chunk INTEGER NOT NULL CHECK (first_chunk BETWEEN 0 AND 1099511627776),
    chunks INTEGER NOT NULL CHECK (chunks >= 0),           -- how many the file is cut into
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),  -- 0 open, 1 sealed, 2 finishing, 3 finished, 4 skipped, 5 withdrawn
    part_device INTEGER,                                   -- of the part file: 64 bits as they are
    part_inode INTEGER,                                    -- 64 bits as they are
    part_born INTEGER,                                     -- birth time, ns since 1970; 0 where unknown
    final_name BLOB CHECK (length(final_name) BETWEEN 1 AND 255), -- where it differs from the path's last component
    durable INTEGER NOT NULL DEFAULT 0 CHECK (durable IN (0, 1)), -- finished, and known to have reached the disk
    source_device INTEGER,                                 -- of the source file: 64 bits as they are
    source_inode INTEGER,                                  -- 64 bits as they are
    source_changed INTEGER,                                -- status change time, ns since 1970
    PRIMARY KEY (transfer, number),
    CHECK ((kind = 2) = (target IS NOT NULL)),
    CHECK ((kind = 3) = (length(path) = 0)),
    CHECK (kind <> 3 OR size < number),
    CHECK (kind IN (0, 3) OR size = 0),
    CHECK ((kind = 0 AND size > 0) = (chunks > 0)),
    CHECK ((part_device IS NULL) = (part_inode IS NULL) AND (part_inode IS NULL) = (part_born IS NULL))
) STRICT, WITHOUT ROWID;
-- Finds the file a chunk belongs to.
CREATE UNIQUE INDEX entry_chunks ON entry (transfer, first_chunk) WHERE chunks > 0;
CREATE INDEX entry_withdrawn ON entry (transfer, number) WHERE state = 5;

-- Chunks of transfers under way: on a receiver verified and committed, on a sender acknowledged.
CREATE TABLE chunk (
    transfer INTEGER NOT NULL REFERENCES transfer (key),
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 1099511627775), -- across the whole manifest, from 0
    digest BLOB NOT NULL CHECK (length(digest) = 32),      -- SHA-256 of its plain bytes
    state INTEGER NOT NULL CHECK (state IN (1, 2)),        -- 1 held, 2 found damaged or missing: wanted again
    attempts INTEGER NOT NULL CHECK (attempts > 0),        -- times it was committed
    boot INTEGER NOT NULL CHECK (boot >= 0),               -- key of the boot that wrote it; 0: some earlier one
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),      -- its bytes are known to have reached the disk
    acknowledged INTEGER NOT NULL CHECK (acknowledged IN (0, 1)), -- sender: the receiver's word that it has it
    PRIMARY KEY (transfer, number)
) STRICT, WITHOUT ROWID;

-- Digest lists: the chunk rows of finished transfers, folded into runs of consecutive chunks of one boot and sync state.
CREATE TABLE digest_list (
    transfer INTEGER NOT NULL REFERENCES transfer (key),
    first INTEGER NOT NULL CHECK (first BETWEEN 0 AND 1099511627775), -- number of the first chunk
    digests BLOB NOT NULL CHECK (length(digests) % 32 = 0 AND length(digests) BETWEEN 32 AND 131072), -- at most 4,096
    boot INTEGER NOT NULL CHECK (boot >= 0),               -- as in chunk
    synced INTEGER NOT NULL CHECK (synced IN (0, 1)),      -- as in chunk
    PRIMARY KEY (transfer, first)
) STRICT;

-- What had to be done again.
CREATE TABLE retry (
    key INTEGER PRIMARY KEY,
    transfer INTEGER NOT NULL REFERENCES transfer (key) ON DELETE CASCADE,
    subject TEXT NOT NULL CHECK (subject IN ('chunk', 'lane', 'channel', 'entry')),
    number INTEGER NOT NULL CHECK (number >= 0),           -- of the chunk or entry; the lane's prime; the channel's epoch
    reason TEXT NOT NULL,
    time INTEGER NOT NULL                                  -- ns since 1970
) STRICT;
CREATE INDEX retry_transfer ON retry (transfer);

-- Signed receipts, the same bytes on both sides.
CREATE TABLE receipt (
    transfer INTEGER NOT NULL PRIMARY KEY REFERENCES transfer (key) ON DELETE CASCADE,
    body BLOB NOT NULL CHECK (length(body) BETWEEN 1 AND 4096), -- what is signed
    signature BLOB NOT NULL CHECK (length(signature) BETWEEN 1 AND 256), -- ECDSA P-256 by the receiver, DER
    public_key BLOB NOT NULL CHECK (length(public_key) BETWEEN 1 AND 1024), -- SubjectPublicKeyInfo, DER
    root BLOB CHECK (length(root) = 32),                   -- the transfer's root digest, taken out of the body
    time INTEGER NOT NULL                                  -- ns since 1970 at which it was journaled
) STRICT;

-- Chat.
CREATE TABLE message (
    key INTEGER PRIMARY KEY,
    peer TEXT NOT NULL CHECK (length(peer) = 62),          -- NodeID of the other side
    direction TEXT NOT NULL CHECK (direction IN ('send', 'receive')),
    body TEXT NOT NULL CHECK (length(body) <= 65536),
    time INTEGER NOT NULL,                                 -- ns since 1970, by the writer's clock
    delivered INTEGER NOT NULL CHECK (delivered IN (0, 1)) -- the other side has it
) STRICT;
CREATE INDEX message_peer ON message (peer, key);

-- What happened to the node: the latest 10,000.
CREATE TABLE event (
    key INTEGER PRIMARY KEY AUTOINCREMENT,                 -- never reused, so the oldest are those with the lowest
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 64), -- such as peer-joined
    subject TEXT NOT NULL CHECK (length(subject) <= 512),  -- the node, channel or transfer concerned
    message TEXT NOT NULL CHECK (length(message) <= 4096), -- a sentence for people
    time INTEGER NOT NULL                                  -- ns since 1970
) STRICT;

-- For people with a sqlite3 shell: one row for each transfer, columns stable.
CREATE VIEW history_v1 AS
SELECT t.id AS id,
    t.direction AS direction,
    coalesce(p.name, t.peer) AS peer,                      -- its name where known, else its NodeID
    t.state AS state,
    t.bytes AS bytes,
    t.files AS files,
    t.chunks AS chunks,
    strftime('%Y-%m-%dT%H:%M:%SZ', t.created / 1000000000, 'unixepoch') AS created,
    strftime('%Y-%m-%dT%H:%M:%SZ', t.updated / 1000000000, 'unixepoch') AS updated,
    round((t.updated - t.created) / 1e9, 3) AS seconds,
    nullif(lower(hex(r.root)), '') AS receipt_root,        -- NULL before the end
    t.message AS message
FROM transfer AS t
LEFT JOIN peer AS p ON p.node = t.peer
LEFT JOIN receipt AS r ON r.transfer = t.key
WHERE t.id IS NOT NULL
ORDER BY t.created;

-- For people with a sqlite3 shell: one row for each file of each transfer, columns stable.
CREATE VIEW transfer_files_v1 AS
SELECT t.id AS transfer,
    e.number AS number,
    CAST(e.path AS TEXT) AS path,                          -- as text where it is UTF-8
    lower(hex(e.path)) AS path_hex,                        -- exact
    e.size AS size,
    CASE e.state WHEN 0 THEN 'open' WHEN 1 THEN 'sealed' WHEN 2 THEN 'finishing' WHEN 3 THEN 'finished'
        WHEN 4 THEN 'skipped' ELSE 'withdrawn' END AS state,
    (SELECT count(*) FROM chunk AS c
        WHERE c.transfer = e.transfer AND c.number >= e.first_chunk AND c.number < e.first_chunk + e.chunks AND c.state = 1)
    + (SELECT coalesce(sum(min(d.first + length(d.digests) / 32, e.first_chunk + e.chunks) - max(d.first, e.first_chunk)), 0)
        FROM digest_list AS d
        WHERE d.transfer = e.transfer AND d.first > e.first_chunk - 4096 AND d.first < e.first_chunk + e.chunks
            AND d.first + length(d.digests) / 32 > e.first_chunk) AS chunks_committed,
    e.chunks AS chunks_total
FROM entry AS e
JOIN transfer AS t ON t.key = e.transfer
WHERE e.kind = 0 AND t.id IS NOT NULL
ORDER BY e.transfer, e.number;
