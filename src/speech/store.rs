//! Final sentences in the database, sealed.
use base::CallId;
use chrono::{DateTime, Utc};
use db::seal::Keys;
use sqlx::PgConnection;

use crate::{Error, Sealed, Segment, Track};

/// Keeps a final sentence. A second time changes nothing.
///
/// # Errors
/// When the database cannot be reached.
pub async fn keep(
    db: &mut PgConnection,
    said: &Sealed,
    model: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into transcript_segment (call_id, track, position, from_ms, to_ms, sealed, model, heard_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict do nothing",
        said.call.uuid(),
        said.track.as_str(),
        i32::try_from(said.index).unwrap_or(i32::MAX),
        number(said.from_ms),
        number(said.to_ms),
        said.words,
        model,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// What was said in a call, in the order in which it was said.
///
/// # Errors
/// When the database cannot be reached, or the words do not open.
pub async fn of_call(
    db: &mut PgConnection,
    call: CallId,
    keys: &Keys,
) -> Result<Vec<Segment>, Error> {
    let rows = sqlx::query!(
        "select track, position, from_ms, to_ms, text, sealed
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
            let said = Sealed {
                call,
                track: match row.track.as_str() {
                    "citizen" => Track::Citizen,
                    "agent" => Track::Agent,
                    _ => return Err(Error::Corrupt(call)),
                },
                index: u32::try_from(row.position).map_err(|_| Error::Corrupt(call))?,
                from_ms: number(row.from_ms)?,
                to_ms: number(row.to_ms)?,
                words: row.sealed.unwrap_or_default(),
            };
            match row.text {
                None => said.open(keys),
                // of before words were sealed
                Some(text) => Ok(Segment {
                    call,
                    track: said.track,
                    index: said.index,
                    from_ms: said.from_ms,
                    to_ms: said.to_ms,
                    committed: text.chars().count(),
                    text,
                    r#final: true,
                }),
            }
        })
        .collect()
}
