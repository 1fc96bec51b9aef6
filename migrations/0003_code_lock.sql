-- One process of this home at a time waits under a code that was typed here.
CREATE TABLE code_lock (
    code BLOB NOT NULL PRIMARY KEY REFERENCES code (tag) ON DELETE CASCADE,
    pid INTEGER NOT NULL CHECK (pid BETWEEN 1 AND 2147483647),
    start_time INTEGER NOT NULL CHECK (start_time >= 0),   -- clock ticks from boot to the process's start
    boot TEXT NOT NULL CHECK (length(boot) BETWEEN 1 AND 128) -- boot id in which pid and start_time mean something
) STRICT, WITHOUT ROWID;
