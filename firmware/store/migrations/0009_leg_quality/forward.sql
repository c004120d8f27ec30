-- No reference to `legs`: the figures may be written before the leg they belong to.
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
