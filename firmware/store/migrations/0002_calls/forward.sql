CREATE TABLE calls (
    id              BLOB PRIMARY KEY,
    direction       TEXT NOT NULL CHECK (direction IN ('internal', 'inbound', 'outbound')),
    caller          TEXT NOT NULL,
    caller_name     TEXT,
    called          TEXT NOT NULL,
    caller_user     BLOB,
    answered_by     BLOB,
    trunk           BLOB,
    started         INTEGER NOT NULL,
    answered        INTEGER,
    ended           INTEGER,
    cause           INTEGER,
    ended_by_callee INTEGER NOT NULL,
    interrupted     INTEGER NOT NULL,
    recording       TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_started ON calls (started, id);
CREATE INDEX calls_open ON calls (id) WHERE ended IS NULL;

CREATE TABLE legs (
    id        BLOB PRIMARY KEY,
    call      BLOB NOT NULL,
    user      BLOB,
    device    BLOB,
    trunk     BLOB,
    number    TEXT NOT NULL,
    interface TEXT,
    status    TEXT NOT NULL,
    started   INTEGER NOT NULL,
    answered  INTEGER,
    ended     INTEGER NOT NULL,
    cause     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX legs_call ON legs (call);
CREATE INDEX legs_user ON legs (user, call) WHERE user IS NOT NULL;

CREATE TABLE open_calls (
    call  BLOB PRIMARY KEY,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE last_seen (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE bindings (
    aor      TEXT PRIMARY KEY,
    bindings TEXT NOT NULL
) STRICT, WITHOUT ROWID;
