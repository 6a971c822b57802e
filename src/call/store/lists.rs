use base::{AgentId, CallId, PersonId, TicketId};
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::facts::{Direction, Ending, OutcomeKind};

/// A call as lists show it.
#[derive(Debug, Clone)]
pub struct CallRow {
    pub id: CallId,
    pub direction: Direction,
    pub hotline: String,
    pub hotline_name: String,
    pub dialled: String,
    pub person: Option<PersonId>,
    pub withheld: bool,
    pub agent: Option<AgentId>,
    pub agent_name: Option<String>,
    pub invite_at: DateTime<Utc>,
    pub answered_at: Option<DateTime<Utc>>,
    pub talk_ended_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub ending: Option<Ending>,
    pub outcome: Option<OutcomeKind>,
    pub ticket: Option<TicketId>,
    pub recorded: bool,
    pub rating: Option<i16>,
    pub demo: bool,
}

/// Which calls a list holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub agent: Option<AgentId>,
    /// Of these people, when a number was searched for.
    pub persons: Option<Vec<PersonId>>,
    /// Part of a hotline's or an agent's name.
    pub text: Option<String>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    /// Only calls before this one, for the next page.
    pub before: Option<(DateTime<Utc>, CallId)>,
    pub limit: i64,
}

/// One line of a call's history.
#[derive(Debug, Clone)]
pub struct Happening {
    pub at: DateTime<Utc>,
    pub what: String,
    pub detail: String,
}

/// Where a recording lies.
#[derive(Debug, Clone)]
pub struct RecordingRow {
    pub path: String,
    pub millis: i64,
}

struct Row {
    id: Uuid,
    direction: String,
    hotline: String,
    hotline_name: String,
    dialled: String,
    person_id: Option<Uuid>,
    withheld: bool,
    agent_id: Option<Uuid>,
    agent_name: Option<String>,
    invite_at: DateTime<Utc>,
    answered_at: Option<DateTime<Utc>>,
    talk_ended_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    ending: Option<String>,
    kind: Option<String>,
    ticket_id: Option<Uuid>,
    recorded: bool,
    rating: Option<i16>,
    demo: bool,
}

impl TryFrom<Row> for CallRow {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let corrupt = |error: String| sqlx::Error::Decode(error.into());
        Ok(Self {
            id: CallId::from_uuid(row.id),
            direction: row.direction.parse().map_err(corrupt)?,
            hotline: row.hotline,
            hotline_name: row.hotline_name,
            dialled: row.dialled,
            person: row.person_id.map(PersonId::from_uuid),
            withheld: row.withheld,
            agent: row.agent_id.map(AgentId::from_uuid),
            agent_name: row.agent_name,
            invite_at: row.invite_at,
            answered_at: row.answered_at,
            talk_ended_at: row.talk_ended_at,
            ended_at: row.ended_at,
            ending: row.ending.map(|word| word.parse().map_err(corrupt)).transpose()?,
            outcome: row.kind.map(|word| word.parse().map_err(corrupt)).transpose()?,
            ticket: row.ticket_id.map(TicketId::from_uuid),
            recorded: row.recorded,
            rating: row.rating,
            demo: row.demo,
        })
    }
}

/// A text as `like` finds it: its signs for "anything" stand for themselves.
fn literal(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

/// Calls, the newest first.
pub async fn list(db: &PgPool, filter: &Filter) -> Result<Vec<CallRow>, sqlx::Error> {
    let persons: Option<Vec<Uuid>> =
        filter.persons.as_ref().map(|all| all.iter().map(|person| person.uuid()).collect());
    let text = filter.text.as_ref().map(|text| format!("%{}%", literal(text)));
    let rows = sqlx::query_as!(
        Row,
        r#"select c.id, c.direction, c.hotline, c.hotline_name, c.dialled, c.person_id, c.withheld, c.agent_id,
            s.display_name as "agent_name?", c.invite_at, c.answered_at, c.talk_ended_at, c.ended_at, c.ending,
            o.kind as "kind?", o.ticket_id as "ticket_id?",
            exists (select from recording r where r.call_id = c.id) as "recorded!", c.rating, c.demo
        from call_record c
        left join staff s on s.id = c.agent_id
        left join call_outcome o on o.call_id = c.id
        where ($1::uuid is null or c.agent_id = $1)
            and ($2::uuid[] is null or c.person_id = any($2))
            and ($3::text is null or c.hotline_name like $3 or c.hotline like $3 or s.display_name like $3)
            and ($4::timestamptz is null or c.invite_at >= $4)
            and ($5::timestamptz is null or c.invite_at < $5)
            and ($6::timestamptz is null or (c.invite_at, c.id) < ($6, $7::uuid))
        order by c.invite_at desc, c.id desc
        limit $8"#,
        filter.agent.map(AgentId::uuid),
        persons.as_deref(),
        text,
        filter.from,
        filter.to,
        filter.before.map(|(at, _)| at),
        filter.before.map(|(_, id)| id.uuid()),
        filter.limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(CallRow::try_from).collect()
}

/// One call.
pub async fn find(db: &PgPool, id: CallId) -> Result<Option<CallRow>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select c.id, c.direction, c.hotline, c.hotline_name, c.dialled, c.person_id, c.withheld, c.agent_id,
            s.display_name as "agent_name?", c.invite_at, c.answered_at, c.talk_ended_at, c.ended_at, c.ending,
            o.kind as "kind?", o.ticket_id as "ticket_id?",
            exists (select from recording r where r.call_id = c.id) as "recorded!", c.rating, c.demo
        from call_record c
        left join staff s on s.id = c.agent_id
        left join call_outcome o on o.call_id = c.id
        where c.id = $1"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    row.map(CallRow::try_from).transpose()
}

/// The last calls of these people.
pub async fn of_person(
    db: &PgPool,
    persons: Vec<PersonId>,
    limit: i64,
) -> Result<Vec<CallRow>, sqlx::Error> {
    list(db, &Filter { persons: Some(persons), limit, ..Filter::default() }).await
}

/// A call's history.
pub async fn events(db: &PgPool, id: CallId) -> Result<Vec<Happening>, sqlx::Error> {
    sqlx::query_as!(
        Happening,
        "select at, what, detail from call_event where call_id = $1 order by seq",
        id.uuid()
    )
    .fetch_all(db)
    .await
}

/// A call's recording.
pub async fn recording(db: &PgPool, id: CallId) -> Result<Option<RecordingRow>, sqlx::Error> {
    sqlx::query_as!(
        RecordingRow,
        "select path, millis from recording where call_id = $1",
        id.uuid()
    )
    .fetch_optional(db)
    .await
}

/// What the database says of a call's outcome: who answered it (none: nobody), and whether it has one.
pub async fn says_outcome(
    db: &PgPool,
    id: CallId,
) -> Result<Option<(Option<AgentId>, bool)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select case when answered_at is null then null else agent_id end as agent_id,
            exists (select from call_outcome o where o.call_id = c.id) as "given!"
        from call_record c where id = $1"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.agent_id.map(AgentId::from_uuid), row.given)))
}

/// A recording as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub call: CallId,
    pub path: String,
    pub sha256: String,
}

/// The next recordings after one, by call; none: the first.
pub async fn recordings_after(
    db: &PgPool,
    after: Option<CallId>,
    most: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    sqlx::query_as!(
        Recorded,
        r#"select call_id as "call: CallId", path, sha256 from recording
           where $1::uuid is null or call_id > $1 order by call_id limit $2"#,
        after.map(CallId::uuid),
        most,
    )
    .fetch_all(db)
    .await
}
