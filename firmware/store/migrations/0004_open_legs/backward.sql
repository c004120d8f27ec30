DROP TABLE open_legs;

CREATE TABLE open_calls (
    call  BLOB PRIMARY KEY,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
