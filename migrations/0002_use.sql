-- What use has found.

-- Of a receiver's folder: NULL not looked for yet, -1 made by this transfer, else the mode (12 bits) of one that was there
-- before and keeps it.
ALTER TABLE entry ADD COLUMN folder_origin INTEGER CHECK (folder_origin BETWEEN -1 AND 4095);

-- Finds where a folder that was taken back came from, by its path.
CREATE INDEX entry_withdrawn_folder ON entry (transfer, path) WHERE state = 5 AND kind = 1;

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

-- Why an entry is not there as it was offered (SkipReason): a receiver's own word, or what it told the sender.
ALTER TABLE entry ADD COLUMN reason INTEGER CHECK (reason BETWEEN 1 AND 255);
CREATE INDEX entry_reason ON entry (transfer, number) WHERE reason IS NOT NULL;
