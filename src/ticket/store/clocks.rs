//! Which tickets have clocks to be looked at: deadlines that were reached, clocks to be counted anew.
use std::collections::BTreeMap;

use base::TicketId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;

/// Tickets with a deadline that was reached; locked, and those that others hold are left to them.
pub(crate) async fn due_tickets(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    most: i64,
    except: &[TicketId],
) -> Result<Vec<TicketId>, Error> {
    let except: Vec<Uuid> = except.iter().map(|id| id.uuid()).collect();
    let due = sqlx::query_scalar!(
        r#"
        select ticket.id as "id: TicketId"
        from timer join ticket on ticket.id = timer.ticket_id
        where timer.fire_at < $1 and timer.ticket_id <> all($3)
        order by timer.fire_at
        limit $2
        for update of ticket skip locked
        "#,
        now,
        most,
        &except,
    );
    let mut ids = due.fetch_all(db).await?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Open tickets after one, by their ids: those that have a clock running on to `from`, or one that
/// is provisional; `profile` and its version narrow them.
pub(crate) async fn to_recount(
    db: &mut PgConnection,
    after: Option<TicketId>,
    from: Option<DateTime<Utc>>,
    profile: Option<(&str, i32)>,
    most: i64,
) -> Result<Vec<TicketId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"
        select id as "id: TicketId" from ticket
        where ended_at is null and ($1::uuid is null or id > $1)
            and ($3::text is null or (profile = $3 and profile_version = $4))
            and ($2::timestamptz is null or exists (
                select from timer
                where ticket_id = ticket.id and met_at is null and stopped_at is null
                    and (due_at >= $2 or provisional or counted ? 'paused_at')))
        order by id limit $5
        "#,
        after.map(TicketId::uuid),
        from,
        profile.map(|(name, _)| name),
        profile.map(|(_, version)| version),
        most,
    );
    Ok(ids.fetch_all(db).await?)
}

/// How many open tickets began with which profile.
pub(crate) async fn profiles(db: &mut PgConnection) -> Result<Vec<(String, i32, i64)>, Error> {
    let rows = sqlx::query!(
        r#"select profile, profile_version, count(*) as "open!" from ticket where ended_at is null
           group by profile, profile_version order by profile, profile_version"#
    );
    let rows = rows.fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.profile, row.profile_version, row.open)).collect())
}

/// What each calendar was when the open clocks were last counted by it.
pub(crate) async fn calendars(db: &mut PgConnection) -> Result<BTreeMap<String, String>, Error> {
    let rows = sqlx::query!("select name, fingerprint from calendar_state").fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.fingerprint)).collect())
}

/// The open clocks are counted by this calendar now.
pub(crate) async fn set_calendar(
    db: &mut PgConnection,
    name: &str,
    fingerprint: &str,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into calendar_state (name, fingerprint, counted_at) values ($1, $2, $3)
         on conflict (name) do update set fingerprint = $2, counted_at = $3",
        name,
        fingerprint,
        at,
    )
    .execute(db)
    .await?;
    Ok(())
}
