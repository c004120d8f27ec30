//! How the sound of legs was: at most one row per leg. A row goes with its leg, by a trigger.

use offhook_switch::id::CallId;
use offhook_switch::record::{LegQuality, PeerQuality};
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::sql::{Id, rows, run};

/// Replaces what was there.
pub(crate) fn put(connection: &Connection, quality: &LegQuality) -> Result<(), StoreError> {
    let peer = quality.peer.as_ref();
    run(
        connection,
        "INSERT OR REPLACE INTO leg_quality (leg, received, lost, sent, discarded, jitter_us, round_trip_us, mean_delay_us,
            max_delay_us, concealed_ppm, burst_ratio_permille, rating_tenths, peer_lost, peer_jitter_us, peer_rating,
            peer_mos_tenths, peer_delay_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        params![
            Id::from(quality.leg),
            whole(quality.received),
            whole(quality.lost),
            whole(quality.sent),
            whole(quality.discarded),
            quality.jitter_us,
            quality.round_trip_us,
            quality.mean_delay_us,
            quality.max_delay_us,
            quality.concealed_ppm,
            quality.burst_ratio_permille,
            quality.rating_tenths,
            peer.map(|peer| peer.lost),
            peer.map(|peer| peer.jitter_us),
            peer.and_then(|peer| peer.rating),
            peer.and_then(|peer| peer.mos_tenths),
            peer.and_then(|peer| peer.delay_ms),
        ],
    )?;
    Ok(())
}

/// Of all legs of a call that have one, in no order.
pub(crate) fn of_call(connection: &Connection, call: CallId) -> Result<Vec<LegQuality>, StoreError> {
    rows(
        connection,
        "SELECT leg, received, lost, sent, discarded, jitter_us, round_trip_us, mean_delay_us, max_delay_us, concealed_ppm,
            burst_ratio_permille, rating_tenths, peer_lost, peer_jitter_us, peer_rating, peer_mos_tenths, peer_delay_ms
         FROM leg_quality WHERE leg IN (SELECT id FROM legs WHERE call = ?1)",
        params![Id::from(call)],
        read,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<LegQuality> {
    let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
    let peer = row.get::<_, Option<u32>>(12)?;
    Ok(LegQuality {
        leg: row.get::<_, Id>(0)?.into(),
        received: count(1)?,
        lost: count(2)?,
        sent: count(3)?,
        discarded: count(4)?,
        jitter_us: row.get(5)?,
        round_trip_us: row.get(6)?,
        mean_delay_us: row.get(7)?,
        max_delay_us: row.get(8)?,
        concealed_ppm: row.get(9)?,
        burst_ratio_permille: row.get(10)?,
        rating_tenths: row.get(11)?,
        peer: match peer {
            None => None,
            Some(lost) => Some(PeerQuality {
                lost,
                jitter_us: row.get::<_, Option<u32>>(13)?.unwrap_or(0),
                rating: row.get(14)?,
                mos_tenths: row.get(15)?,
                delay_ms: row.get(16)?,
            }),
        },
    })
}

/// SQLite's integers have a sign.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
