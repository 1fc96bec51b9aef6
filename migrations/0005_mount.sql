-- The mount that a receiver's files lie on: rows count as of this boot on that mount alone, for a file system that was pulled
-- out and mounted again has lost what had not reached it. NULL where the kernel tells none that no later mount could have.
ALTER TABLE transfer ADD COLUMN mount TEXT CHECK (length(mount) BETWEEN 1 AND 128);
