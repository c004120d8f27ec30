-- The whole schema, as the migrations build it. A test compares the two.

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE site (
    id                INTEGER PRIMARY KEY CHECK (id = 1),
    name              TEXT NOT NULL,
    country           TEXT NOT NULL,
    time_zone         TEXT NOT NULL,
    language          TEXT NOT NULL,
    realm             TEXT NOT NULL,
    emergency_numbers TEXT NOT NULL,
    advertised        TEXT,
    rtp_first         INTEGER NOT NULL,
    rtp_last          INTEGER NOT NULL,
    ban_loopback      INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id                BLOB PRIMARY KEY,
    name              TEXT NOT NULL,
    extension         TEXT NOT NULL UNIQUE,
    ring_time_ms      INTEGER NOT NULL,
    do_not_disturb    INTEGER NOT NULL,
    forward_always    TEXT,
    forward_busy      TEXT,
    forward_no_answer TEXT,
    call_waiting      INTEGER NOT NULL,
    max_calls         INTEGER NOT NULL,
    outside_calls     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lines (
    id    BLOB PRIMARY KEY,
    port  INTEGER NOT NULL UNIQUE,
    kind  TEXT NOT NULL CHECK (kind IN ('fxs', 'fxo')),
    label TEXT NOT NULL,
    answer_supervision TEXT NOT NULL DEFAULT 'delay' CHECK (answer_supervision IN ('delay', 'reversal')),
    cancel_echo INTEGER NOT NULL DEFAULT 1 CHECK (cancel_echo IN (0, 1)),
    from_line_db INTEGER NOT NULL DEFAULT 0 CHECK (from_line_db BETWEEN -12 AND 12),
    to_line_db INTEGER NOT NULL DEFAULT 0 CHECK (to_line_db BETWEEN -12 AND 12),
    automatic_level INTEGER NOT NULL DEFAULT 0 CHECK (automatic_level IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    id         BLOB PRIMARY KEY,
    user       BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    label      TEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('sip', 'analog')),
    username   TEXT UNIQUE,
    ha1_md5    TEXT,
    ha1_sha256 TEXT,
    secret     BLOB,
    line       BLOB UNIQUE REFERENCES lines (id),
    encryption TEXT NOT NULL DEFAULT 'auto' CHECK (encryption IN ('auto', 'off', 'offered', 'required')),
    codecs TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(codecs) AND json_type(codecs) = 'array' AND json_array_length(codecs) <= 8),
    digits TEXT NOT NULL DEFAULT 'auto' CHECK (digits IN ('auto', 'events', 'info_relay', 'info', 'tones')),
    CHECK ((kind = 'sip') = (username IS NOT NULL AND ha1_md5 IS NOT NULL AND ha1_sha256 IS NOT NULL)),
    CHECK ((kind = 'analog') = (line IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX devices_user ON devices (user);

CREATE TABLE trunks (
    id        BLOB PRIMARY KEY,
    name      TEXT NOT NULL,
    max_calls INTEGER NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('line', 'sip')),
    line      BLOB UNIQUE REFERENCES lines (id),
    uri       TEXT,
    username  TEXT,
    secret    BLOB,
    addresses TEXT NOT NULL,
    register  INTEGER NOT NULL,
    encryption TEXT NOT NULL DEFAULT 'auto' CHECK (encryption IN ('auto', 'off', 'offered', 'required')),
    codecs TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(codecs) AND json_type(codecs) = 'array' AND json_array_length(codecs) <= 8),
    digits TEXT NOT NULL DEFAULT 'auto' CHECK (digits IN ('auto', 'events', 'info_relay', 'info', 'tones')),
    CHECK ((kind = 'line') = (line IS NOT NULL)),
    CHECK ((kind = 'sip') = (uri IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE outbound_routes (
    id       BLOB PRIMARY KEY,
    position INTEGER NOT NULL,
    pattern  TEXT NOT NULL,
    strip    INTEGER NOT NULL,
    prepend  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbound_route_trunks (
    route    BLOB NOT NULL REFERENCES outbound_routes (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    trunk    BLOB NOT NULL REFERENCES trunks (id),
    PRIMARY KEY (route, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbound_routes (
    id          BLOB PRIMARY KEY,
    position    INTEGER NOT NULL,
    trunk       BLOB REFERENCES trunks (id),
    number      TEXT,
    destination TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE announcements (
    id            BLOB PRIMARY KEY,
    number        TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    file          TEXT,
    hang_up_digit TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE recording_rules (
    id       BLOB PRIMARY KEY,
    caller   TEXT,
    callee   TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE deleted (
    token    BLOB PRIMARY KEY,
    at       INTEGER NOT NULL,
    snapshot TEXT NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE leg_quality (
    leg                  BLOB PRIMARY KEY,
    received             INTEGER NOT NULL,
    lost                 INTEGER NOT NULL,
    sent                 INTEGER NOT NULL,
    discarded            INTEGER NOT NULL,
    jitter_us            INTEGER NOT NULL,
    round_trip_us        INTEGER,
    mean_delay_us        INTEGER NOT NULL,
    max_delay_us         INTEGER NOT NULL,
    concealed_ppm        INTEGER NOT NULL,
    burst_ratio_permille INTEGER NOT NULL,
    rating_tenths        INTEGER,
    peer_lost            INTEGER,
    peer_jitter_us       INTEGER,
    peer_rating          INTEGER,
    peer_mos_tenths      INTEGER,
    peer_delay_ms        INTEGER
) STRICT, WITHOUT ROWID;

CREATE TRIGGER leg_quality_goes AFTER DELETE ON legs
BEGIN
    DELETE FROM leg_quality WHERE leg = OLD.id;
END;

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

CREATE TABLE last_seen (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE bindings (
    aor      TEXT PRIMARY KEY,
    bindings TEXT NOT NULL
) STRICT, WITHOUT ROWID;

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
