//! Single facts about tickets: how many are open, what the citizen said last, who is complained about.
use base::{StaffId, TicketId, UnitId};
use chrono::{DateTime, Utc};
use org::Post;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;
use crate::kind::{Satisfaction, Solved};
use crate::outcome::{PageVisit, Rating};
use crate::side::Against;

/// What the floor shows of tickets: open, late, due before `today_ends`, in review, in follow-up.
pub(crate) async fn open_counts(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    today_ends: DateTime<Utc>,
) -> Result<crate::Counts, Error> {
    let counts = sqlx::query_as!(
        crate::Counts,
        r#"
        select count(*) as "open!",
            count(*) filter (where due_at < $1) as "late!",
            count(*) filter (where due_at >= $1 and due_at < $2) as "due_today!",
            count(*) filter (where state = 'in_review') as "in_review!",
            count(*) filter (where state = 'in_follow_up') as "in_follow_up!"
        from ticket where ended_at is null
        "#,
        now,
        today_ends,
    );
    Ok(counts.fetch_one(db).await?)
}

/// The last time the citizen was asked, or tried to be.
pub(crate) async fn last_rating(
    db: &mut PgConnection,
    id: TicketId,
) -> Result<Option<Rating>, Error> {
    let row = sqlx::query!(
        r#"
        select cycle, at, staff_id as "by: StaffId", reached, contacted, solved, satisfaction, words,
            not_true, call_id as "call_id: base::CallId", source, doubted
        from rating where ticket_id = $1 order by at desc limit 1
        "#,
        id.uuid(),
    );
    Ok(row.fetch_optional(db).await?.map(|row| Rating {
        cycle: row.cycle,
        at: row.at,
        by: row.by,
        reached: row.reached,
        contacted: row.contacted,
        solved: row.solved.as_deref().and_then(Solved::from_word),
        satisfaction: row.satisfaction.as_deref().and_then(Satisfaction::from_word),
        words: row.words,
        not_true: row.not_true,
        call_id: row.call_id,
        page: row.source.and_then(|source| {
            let source = source.try_into().ok()?;
            Some(PageVisit { source, doubted: row.doubted })
        }),
    }))
}

/// The tickets that were rated by the page from one source since a moment. Whoever else rates from
/// there waits until the transaction ends, so that ratings are counted one after another.
pub async fn rated_from(
    db: &mut PgConnection,
    source: &[u8; 32],
    since: DateTime<Utc>,
) -> Result<Vec<TicketId>, Error> {
    let lock = i64::from_be_bytes(source[..8].try_into().expect("eight bytes"));
    sqlx::query!("select pg_advisory_xact_lock($1)", lock).execute(&mut *db).await?;
    let rows = sqlx::query_scalar!(
        r#"
        select distinct ticket_id as "id: TicketId" from rating
        where source = $1 and at > $2 order by ticket_id
        "#,
        source.as_slice(),
        since,
    );
    Ok(rows.fetch_all(db).await?)
}

/// The units that are complained about, each with the one above it.
pub(super) async fn against(db: &mut PgConnection, units: &[Uuid]) -> Result<Vec<Against>, Error> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"
        select unit.id as "id: UnitId", unit.path, unit.name, unit.level, unit.kind,
            above.name as "above?"
        from unit left join unit above on above.id = unit.parent_id
        where unit.id = any($1) order by unit.path
        "#,
        units,
    );
    let corrupt = |unit: &str| sqlx::Error::Decode(format!("unit {unit}").into());
    rows.fetch_all(db)
        .await?
        .into_iter()
        .map(|row| {
            let level = row.level.parse().map_err(|_| corrupt(&row.name))?;
            let kind = row.kind.parse().map_err(|_| corrupt(&row.name))?;
            let post = Post { unit: row.id, path: row.path, name: row.name, level, kind };
            Ok(Against { post, above: row.above })
        })
        .collect()
}
