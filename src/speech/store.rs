//! Final sentences in the database.
use base::CallId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{Error, Segment, Track};

/// Keeps a final sentence. A second time changes nothing; open sentences and empty ones are not kept.
///
/// # Errors
/// When the database cannot be reached.
pub async fn keep(
    db: &mut PgConnection,
    segment: &Segment,
    model: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if !segment.r#final || segment.text.is_empty() {
        return Ok(());
    }
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    sqlx::query!(
        "insert into transcript_segment (call_id, track, position, from_ms, to_ms, text, model, heard_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict do nothing",
        segment.call.uuid(),
        name(segment.track),
        i32::try_from(segment.index).unwrap_or(i32::MAX),
        number(segment.from_ms),
        number(segment.to_ms),
        segment.text,
        model,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What was said in a call, in the order in which it was said.
///
/// # Errors
/// When the database cannot be reached.
pub async fn of_call(db: &mut PgConnection, call: CallId) -> Result<Vec<Segment>, Error> {
    let rows = sqlx::query!(
        "select track, position, from_ms, to_ms, text
         from transcript_segment
         where call_id = $1
         order by from_ms, track, position",
        call.uuid(),
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let number = |value: i64| u64::try_from(value).map_err(|_| Error::Corrupt(call));
            Ok(Segment {
                call,
                track: match row.track.as_str() {
                    "citizen" => Track::Citizen,
                    "agent" => Track::Agent,
                    _ => return Err(Error::Corrupt(call)),
                },
                index: u32::try_from(row.position).map_err(|_| Error::Corrupt(call))?,
                from_ms: number(row.from_ms)?,
                to_ms: number(row.to_ms)?,
                committed: row.text.chars().count(),
                text: row.text,
                r#final: true,
            })
        })
        .collect()
}

const fn name(track: Track) -> &'static str {
    match track {
        Track::Citizen => "citizen",
        Track::Agent => "agent",
    }
}
