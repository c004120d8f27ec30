DROP TABLE open_calls;

CREATE TABLE open_legs (
    id        BLOB PRIMARY KEY,
    call      BLOB NOT NULL,
    user      BLOB,
    device    BLOB,
    trunk     BLOB,
    number    TEXT NOT NULL,
    interface TEXT,
    outgoing  INTEGER NOT NULL,
    started   INTEGER NOT NULL,
    answered  INTEGER
) STRICT, WITHOUT ROWID;
