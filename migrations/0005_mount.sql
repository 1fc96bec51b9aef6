-- The mount that a receiver's files lie on: rows not yet synced are trusted on that mount alone, for a file system that was
-- pulled out and mounted again has lost what had not reached it.
ALTER TABLE transfer ADD COLUMN mount TEXT CHECK (length(mount) BETWEEN 1 AND 128);
