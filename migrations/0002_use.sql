-- What use has found.

-- The code itself, as long as it may be told again: NULL from its first handshake, and once it opens nothing.
ALTER TABLE code ADD COLUMN text TEXT CHECK (length(text) BETWEEN 1 AND 32);

-- What a peer called itself when it was last met; its name in a mesh is certified, this one is its own word.
ALTER TABLE peer ADD COLUMN label TEXT CHECK (length(label) BETWEEN 1 AND 64);

-- 1: the other side did not want it. It can be offered again.
ALTER TABLE transfer ADD COLUMN declined INTEGER NOT NULL DEFAULT 0 CHECK (declined IN (0, 1));

-- Transfers that were forgotten here, the latest 10,000: whose hidden parts are found later, and where to look for them.
CREATE TABLE forgotten (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 26),  -- TransferID
    root BLOB NOT NULL CHECK (length(root) BETWEEN 1 AND 4096), -- the receiver's folder
    time INTEGER NOT NULL                                  -- ns since 1970
) STRICT, WITHOUT ROWID;

-- Manifest entries, made anew with what a sender cannot offer. A sender's row has its source identity, a receiver's row its
-- part and its state.
DROP VIEW transfer_files_v1;
CREATE TABLE entry_next (
    transfer INTEGER NOT NULL REFERENCES transfer (key),
    number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 16777215), -- place in the manifest, from 0
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 4),    -- 0 file, 1 folder, 2 link, 3 withdrawal, 4 omission
    path BLOB NOT NULL CHECK (length(path) <= 4352),       -- below the root, components joined by /; empty: withdrawal
    size INTEGER NOT NULL CHECK (size >= 0),               -- bytes; of a withdrawal the entry it takes back, of an omission why
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
    folder_origin INTEGER CHECK (folder_origin BETWEEN -1 AND 4095), -- of a receiver's folder: NULL not looked for yet, -1
                                                           -- made by this transfer, else the mode that it had before
    reason INTEGER CHECK (reason BETWEEN 1 AND 255),       -- why it is not there as it was offered (SkipReason), by whichever
                                                           -- side's word
    open INTEGER CHECK (open IN (0, 1)),                   -- of a file of open length: 1 until its end is told; `chunks` are then
                                                           -- the numbers set aside for it, used or not
    PRIMARY KEY (transfer, number),
    CHECK ((kind = 2) = (target IS NOT NULL)),
    CHECK ((kind = 3) = (length(path) = 0)),
    CHECK (kind <> 3 OR size < number),
    CHECK (kind IN (0, 3, 4) OR size = 0),
    CHECK (kind = 4 OR length(path) <= 4096),
    CHECK (kind <> 4 OR size BETWEEN 48 AND 255 AND reason IS NOT NULL),
    CHECK (open IS NULL AND (kind = 0 AND size > 0) = (chunks > 0) OR kind = 0 AND chunks > 0 AND (open = 0 OR size = 0)),
    CHECK ((part_device IS NULL) = (part_inode IS NULL) AND (part_inode IS NULL) = (part_born IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO entry_next SELECT entry.*, NULL, NULL, NULL FROM entry;
DROP TABLE entry;
ALTER TABLE entry_next RENAME TO entry;
-- Finds the file a chunk belongs to.
CREATE UNIQUE INDEX entry_chunks ON entry (transfer, first_chunk) WHERE chunks > 0;
CREATE INDEX entry_withdrawn ON entry (transfer, number) WHERE state = 5;
-- Finds where a folder that was taken back came from, by its path.
CREATE INDEX entry_withdrawn_folder ON entry (transfer, path) WHERE state = 5 AND kind = 1;
CREATE INDEX entry_reason ON entry (transfer, number) WHERE reason IS NOT NULL;

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
    CASE e.open WHEN 0 THEN (e.size + 262143) / 262144 WHEN 1 THEN NULL ELSE e.chunks END AS chunks_total
FROM entry AS e
JOIN transfer AS t ON t.key = e.transfer
WHERE e.kind = 0 AND t.id IS NOT NULL
ORDER BY e.transfer, e.number;
