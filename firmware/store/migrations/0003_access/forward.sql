CREATE TABLE administrators (
    id            BLOB PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role          TEXT NOT NULL,
    language      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    token_hash    BLOB PRIMARY KEY,
    administrator BLOB NOT NULL REFERENCES administrators (id) ON DELETE CASCADE,
    created       INTEGER NOT NULL,
    last_used     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_administrator ON sessions (administrator);
