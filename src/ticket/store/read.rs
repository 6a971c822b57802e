//! Reading tickets: their rows, their legs, their limits.
use std::collections::HashMap;

use base::{LegId, PersonId, StaffId, TicketId, UnitId};
use chrono::{DateTime, NaiveDate, Utc};
use org::Post;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Error;
use crate::kind::{Channel, Kind, Urgency};
use crate::leg::Leg;
use crate::life::Life;
use crate::number::Number;
use crate::request::{Request, Ticket};
use crate::side::Against;
use crate::state::{LegState, Stage};
use crate::store::facts;
use crate::timer::{Clocks, Runs, Timer};

#[expect(clippy::struct_excessive_bools, reason = "the columns of a row")]
struct Row {
    id: TicketId,
    digits: String,
    query_code: String,
    key: Uuid,
    version: i64,
    events: i32,
    chain: Vec<u8>,
    title: String,
    content: String,
    kind: String,
    urgency: String,
    category_id: Option<base::CategoryId>,
    place_id: Option<base::PlaceId>,
    address: String,
    person_id: Option<PersonId>,
    reachable: bool,
    sealed: bool,
    wants_reply: bool,
    channel: String,
    source: Option<String>,
    outside_number: Option<String>,
    outside_due: Option<DateTime<Utc>>,
    call_id: Option<base::CallId>,
    accepted_by: Option<StaffId>,
    profile: String,
    profile_version: i32,
    draw: i16,
    state: String,
    since: DateTime<Utc>,
    cycle: i16,
    accepted_at: DateTime<Utc>,
    promise_at: DateTime<Utc>,
    returns: i16,
    corrections: i16,
    extensions: i16,
    extension_days: i16,
    urges: i16,
    misses: i16,
    last_miss: Option<DateTime<Utc>>,
    dispatchers: Vec<Uuid>,
    reviewers: Vec<Uuid>,
    followers: Vec<Uuid>,
    extension: Option<serde_json::Value>,
    ending: Option<serde_json::Value>,
    ended_at: Option<DateTime<Utc>>,
    side: serde_json::Value,
    against_units: Vec<Uuid>,
    demo: bool,
}

/// A ticket to be changed: nobody else changes it until the transaction ends. Whoever waited for the
/// lock reads the row as it is then, and legs and limits after it.
pub(crate) async fn lock(db: &mut PgConnection, id: TicketId) -> Result<Option<Ticket>, Error> {
    let row = sqlx::query_file_as!(Row, "store/lock.sql", id.uuid()).fetch_optional(&mut *db);
    let rows: Vec<Row> = row.await?.into_iter().collect();
    Ok(with_the_rest(db, &[id.uuid()], rows).await?.pop())
}

/// By the viewer's eyes finds the ticket, and by the same statement makes the rest the system's.
pub(crate) async fn enter(db: &mut PgConnection, id: TicketId) -> Result<Option<()>, Error> {
    let seen = sqlx::query!(
        "select set_config('lianxin.viewer', 'system', true) from ticket where id = $1",
        id.uuid(),
    );
    Ok(seen.fetch_optional(db).await?.map(drop))
}

/// A ticket to be read.
pub(crate) async fn find(db: &mut PgConnection, id: TicketId) -> Result<Option<Ticket>, Error> {
    Ok(find_many(db, &[id]).await?.pop())
}

/// Tickets to be read, in no order, by three questions however many there are; those that are gone or
/// not to be seen are left out.
pub async fn find_many(db: &mut PgConnection, ids: &[TicketId]) -> Result<Vec<Ticket>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_file_as!(Row, "store/find.sql", &ids).fetch_all(&mut *db).await?;
    with_the_rest(db, &ids, rows).await
}

/// The rows with their legs, their limits and the units complained about.
async fn with_the_rest(
    db: &mut PgConnection,
    ids: &[Uuid],
    rows: Vec<Row>,
) -> Result<Vec<Ticket>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut legs = legs(db, ids).await?;
    let mut timers = timers(db, ids).await?;
    let meant: Vec<Uuid> = rows.iter().flat_map(|row| row.against_units.clone()).collect();
    let meant = facts::against(db, &meant).await?;
    rows.into_iter()
        .map(|row| {
            let legs = legs.remove(&row.id).unwrap_or_default();
            let timers = timers.remove(&row.id).unwrap_or_default();
            let ids = row.against_units.clone();
            let meant = meant.iter().filter(|one| ids.contains(&one.post.unit.uuid()));
            let against = meant.cloned().collect();
            assemble(row, legs, timers, against)
        })
        .collect()
}

/// Tickets to be changed, locked until the transaction ends; those that are gone are left out.
pub(crate) async fn lock_many(
    db: &mut PgConnection,
    ids: &[TicketId],
) -> Result<Vec<Ticket>, Error> {
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    // in one order, so that two who lock many never wait for each other
    let lock = "select 1 from ticket where id = any($1) order by id for update";
    sqlx::query(lock).bind(&uuids).execute(&mut *db).await?;
    find_many(db, ids).await
}

/// The ticket that was made with this key.
pub(crate) async fn by_key(db: &mut PgConnection, key: Uuid) -> Result<Option<TicketId>, Error> {
    let id = sqlx::query_scalar!(r#"select id as "id: TicketId" from ticket where key = $1"#, key);
    Ok(id.fetch_optional(db).await?)
}

/// The ticket with this number.
pub(crate) async fn by_digits(
    db: &mut PgConnection,
    number: Number,
) -> Result<Option<TicketId>, Error> {
    let id = sqlx::query_scalar!(
        r#"select id as "id: TicketId" from ticket where digits = $1"#,
        number.digits(),
    );
    Ok(id.fetch_optional(db).await?)
}

/// The next number of a day.
pub(crate) async fn number_taken_today(
    db: &mut PgConnection,
    day: NaiveDate,
) -> Result<Number, Error> {
    let next = sqlx::query_scalar!("select next_ticket_number($1)", day).fetch_one(db).await?;
    let next = next.and_then(|n| u32::try_from(n).ok()).ok_or(sqlx::Error::RowNotFound)?;
    Ok(Number::new(day, next))
}

/// The newest tickets of one citizen.
pub(crate) async fn of_person(
    db: &mut PgConnection,
    person: PersonId,
    most: i64,
) -> Result<Vec<TicketId>, Error> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: TicketId" from ticket where person_id = $1 order by accepted_at desc limit $2"#,
        person.uuid(),
        most,
    );
    Ok(ids.fetch_all(db).await?)
}

async fn legs(
    db: &mut PgConnection,
    tickets: &[Uuid],
) -> Result<HashMap<TicketId, Vec<Leg>>, Error> {
    let rows = sqlx::query!(
        r#"
        select leg.ticket_id as "ticket: TicketId", leg.id as "id: LegId", leg.unit_id as "unit_id: UnitId", unit.path, unit.name,
            unit.level, unit.kind, leg.lead, leg.parent_id as "parent: LegId", leg.cycle, leg.state,
            leg.dispatched_at, leg.dispatched_by as "dispatched_by: StaffId", leg.sign_due,
            leg.signed_at, leg.auto_signed, leg.return_due, leg.return_asked, leg.binding, leg.due_at,
            leg.replied_at, leg.ended_at, leg.reply
        from handling_leg leg join unit on unit.id = leg.unit_id
        where leg.ticket_id = any($1)
        order by leg.position
        "#,
        tickets,
    );
    let mut all = HashMap::<_, Vec<_>>::new();
    for row in rows.fetch_all(db).await? {
        let corrupt = || Error::Corrupt(row.ticket);
        all.entry(row.ticket).or_default().push(Leg {
            id: row.id,
            unit: Post {
                unit: row.unit_id,
                path: row.path,
                name: row.name,
                level: row.level.parse().map_err(|_| corrupt())?,
                kind: row.kind.parse().map_err(|_| corrupt())?,
            },
            lead: row.lead,
            parent: row.parent,
            cycle: row.cycle,
            state: LegState::from_word(&row.state).ok_or_else(corrupt)?,
            dispatched_at: row.dispatched_at,
            dispatched_by: row.dispatched_by,
            sign_due: row.sign_due,
            signed_at: row.signed_at,
            auto_signed: row.auto_signed,
            return_due: row.return_due,
            return_asked: row.return_asked,
            binding: row.binding,
            due_at: row.due_at,
            replied_at: row.replied_at,
            ended_at: row.ended_at,
            reply: row.reply.map(serde_json::from_value).transpose().map_err(|_| corrupt())?,
        });
    }
    Ok(all)
}

async fn timers(
    db: &mut PgConnection,
    tickets: &[Uuid],
) -> Result<HashMap<TicketId, Vec<Timer>>, Error> {
    let rows = sqlx::query!(
        r#"
        select ticket_id as "ticket: TicketId", seq, name, leg_id as "leg: LegId", cycle, runs, started_at, due_at, provisional, warns,
            late_at, met_at, stopped_at, counted
        from timer where ticket_id = any($1) order by seq
        "#,
        tickets,
    );
    let mut all = HashMap::<_, Vec<_>>::new();
    for row in rows.fetch_all(db).await? {
        let corrupt = || Error::Corrupt(row.ticket);
        all.entry(row.ticket).or_default().push(Timer {
            seq: row.seq,
            name: Clocks::from_word(&row.name).ok_or_else(corrupt)?,
            leg: row.leg,
            cycle: row.cycle,
            runs: Runs::from_word(&row.runs).ok_or_else(corrupt)?,
            started_at: row.started_at,
            due_at: row.due_at,
            provisional: row.provisional,
            warns: row.warns,
            late_at: row.late_at,
            met_at: row.met_at,
            stopped_at: row.stopped_at,
            count: serde_json::from_value(row.counted).map_err(|_| corrupt())?,
        });
    }
    Ok(all)
}

/// The border: words become types here, or the row is corrupt.
fn assemble(
    row: Row,
    legs: Vec<Leg>,
    timers: Vec<Timer>,
    against: Vec<Against>,
) -> Result<Ticket, Error> {
    let corrupt = || Error::Corrupt(row.id);
    let staff = |ids: &[Uuid]| ids.iter().copied().map(StaffId::from_uuid).collect();
    let life = Life {
        id: row.id,
        kind: Kind::from_word(&row.kind).ok_or_else(corrupt)?,
        urgency: Urgency::from_word(&row.urgency).ok_or_else(corrupt)?,
        reachable: row.reachable,
        draw: u8::try_from(row.draw).map_err(|_| corrupt())?,
        stage: Stage::from_word(&row.state).ok_or_else(corrupt)?,
        cycle: row.cycle,
        accepted_at: row.accepted_at,
        promise: row.promise_at,
        legs,
        timers,
        returns: row.returns,
        corrections: row.corrections,
        extensions: row.extensions,
        extension_days: row.extension_days,
        urges: row.urges,
        misses: row.misses,
        last_miss: row.last_miss,
        dispatchers: staff(&row.dispatchers),
        reviewers: staff(&row.reviewers),
        followers: staff(&row.followers),
        extension: row.extension.map(serde_json::from_value).transpose().map_err(|_| corrupt())?,
        ending: row.ending.map(serde_json::from_value).transpose().map_err(|_| corrupt())?,
        ended_at: row.ended_at,
        against,
        side: serde_json::from_value(row.side).map_err(|_| Error::Corrupt(row.id))?,
    };
    let request = Request {
        title: row.title,
        content: row.content,
        category: row.category_id,
        place: row.place_id,
        address: row.address,
        person: row.person_id,
        sealed: row.sealed,
        wants_reply: row.wants_reply,
        channel: Channel::from_word(&row.channel).ok_or(Error::Corrupt(row.id))?,
        source: row.source,
        outside_number: row.outside_number,
        outside_due: row.outside_due,
        call: row.call_id,
    };
    Ok(Ticket {
        id: row.id,
        number: row.digits.parse().map_err(|_| Error::Corrupt(row.id))?,
        query_code: row.query_code,
        version: row.version,
        request,
        told: Some(life.clone()),
        life,
        since: row.since,
        accepted_by: row.accepted_by,
        profile: row.profile,
        profile_version: row.profile_version,
        demo: row.demo,
        key: row.key,
        events: row.events,
        chain: row.chain,
    })
}
