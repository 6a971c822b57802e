//! The outbox's SQL.
use base::{CallId, NoticeId, PersonId, TicketId, UnitId};
use chrono::{DateTime, TimeDelta, Utc};
use org::Role;
use serde_json::{Value, json};
use sqlx::PgConnection;

use db::checks::Check;

use crate::{Error, New, To, segments};

/// What must hold of the outbox.
pub const CHECKS: &[Check] = &[Check {
    name: "notices_once",
    what: "通知不重复 (one notice for each event and recipient)",
    advice: "唯一索引可能损坏：lianxin 停止后 REINDEX (the unique index may be broken: reindex it)",
    sql: "select count(*), min(dedupe) from (
            select dedupe from notice where at <= $1::timestamptz + interval '1 day'
            group by dedupe having count(*) > 1) twice",
}];

/// While the program runs.
pub const RUNNING_CHECKS: &[Check] = &[Check {
    name: "notices_stuck",
    what: "没有滞留的通知 (no notice is stuck in the outbox)",
    advice: "查看日志与短信、邮件网关配置 (see the log, and the settings of the SMS and mail gateways)",
    sql: "select count(*), min(template || ' ' || id) from notice
          where state = 'queued' and run_at < $1::timestamptz - interval '10 minutes'
            and (lease_until is null or lease_until < $1::timestamptz)",
}];

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub id: NoticeId,
    pub at: DateTime<Utc>,
    pub ticket: Option<TicketId>,
    pub kind: String,
    pub template: String,
    /// For a citizen rather than for a unit.
    pub to_citizen: bool,
    pub to_masked: String,
    pub text: String,
    pub segments: i16,
    pub state: String,
    pub why: Option<String>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// For whom something may lie in the console: the own unit, and the roles.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    pub unit: Option<UnitId>,
    pub roles: Vec<Role>,
}

/// Which notices a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub ticket: Option<TicketId>,
    /// Only what lies in the console for this reader (站内通知).
    pub reader: Option<Reader>,
    /// The last line of the page before.
    pub after: Option<(DateTime<Utc>, NoticeId)>,
    pub most: i64,
}

/// What differs between the messages of one notice.
pub(crate) struct Insert<'a> {
    pub id: NoticeId,
    pub kind: &'static str,
    pub subject: Option<&'a str>,
    pub text: &'a str,
    pub run_at: DateTime<Utc>,
}

/// The row of a message.
pub(crate) fn row(new: &New<'_>, row: &Insert<'_>) -> Value {
    let unit = |id: &UnitId| Some(id.uuid());
    let (person, unit, post, masked, whom) = match &new.to {
        To::Person { id, masked } => (Some(id.uuid()), None, None, masked.clone(), id.to_string()),
        To::Unit { id, name } | To::Desk { id, name } => {
            (None, unit(id), None, name.clone(), id.to_string())
        }
        To::Leader { id, name } => {
            (None, unit(id), Some("leader"), format!("{name}分管领导"), format!("leader:{id}"))
        }
        To::Role(role) => {
            let word = role.as_str();
            (None, None, Some(word), role.label().to_owned(), word.to_owned())
        }
    };
    let template = new.template.word();
    // what lies in the console is there as soon as it is written
    let lies = row.kind == "desk";
    let state = match (new.past, lies) {
        (true, _) => "sent_in_demo",
        (false, true) => "sent",
        (false, false) => "queued",
    };
    json!({
        "id": row.id.uuid(),
        "at": new.at,
        "ticket_id": new.ticket.map(TicketId::uuid),
        "call_id": new.call.map(CallId::uuid),
        "kind": row.kind,
        "template": template,
        "person_id": person,
        "unit_id": unit,
        "post": post,
        "to_masked": masked,
        "subject": row.subject,
        "text": row.text,
        "segments": i16::try_from(segments(row.text)).unwrap_or(i16::MAX),
        "dedupe": format!("{}:{template}:{}:{whom}", new.event, row.kind),
        "state": state,
        "run_at": row.run_at,
        "demo": new.demo,
        "sent_at": (new.past || lies).then_some(new.at),
    })
}

/// Asked for twice, each is written once.
pub(crate) async fn insert(db: &mut PgConnection, rows: Vec<Value>) -> Result<(), Error> {
    sqlx::query!(
        "insert into notice (id, at, ticket_id, call_id, kind, template, person_id, unit_id, post, to_masked,
            subject, text, segments, dedupe, state, run_at, demo, sent_at)
         select id, at, ticket_id, call_id, kind, template, person_id, unit_id, post, to_masked,
            subject, text, segments, dedupe, state, run_at, demo, sent_at
         from jsonb_populate_recordset(null::notice, $1)
         on conflict (dedupe) do nothing",
        Value::Array(rows),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A message to be handed over.
#[derive(Debug)]
pub(crate) struct Due {
    pub id: NoticeId,
    pub kind: String,
    pub person: Option<PersonId>,
    pub unit: Option<UnitId>,
    /// Who of the unit; none: its duty desk.
    pub post: Option<String>,
    pub subject: Option<String>,
    pub text: String,
    pub attempts: i16,
}

/// Takes messages for a while: whoever dies with them gives them back when the lease ends.
pub(crate) async fn claim(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    lease: TimeDelta,
    most: i64,
) -> Result<Vec<Due>, Error> {
    let due = sqlx::query_as!(
        Due,
        r#"
        with due as (
            select id from notice
            where state = 'queued' and run_at <= $1 and (lease_until is null or lease_until <= $1)
            order by run_at, at, id limit $2
            for update skip locked
        )
        update notice set lease_until = $3, attempts = attempts + 1
        from due where notice.id = due.id
        returning notice.id as "id: NoticeId", kind, person_id as "person: PersonId",
            unit_id as "unit: UnitId", post, subject, text, attempts
        "#,
        now,
        most,
        now + lease,
    );
    Ok(due.fetch_all(db).await?)
}

/// How an attempt went: a new state, or `queued` again at `run_at`.
pub(crate) async fn finish(
    db: &mut PgConnection,
    ids: &[NoticeId],
    state: &str,
    run_at: DateTime<Utc>,
    why: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "update notice set state = $2, run_at = $3, lease_until = null, why = $4,
            sent_at = case when $2 in ('sent', 'sent_in_demo') then $5::timestamptz end
         where id = any($1)",
        &ids,
        state,
        run_at,
        why,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn list(db: &mut PgConnection, filter: &Filter) -> Result<Vec<Row>, Error> {
    let (at, id) = filter.after.map_or((None, None), |(at, id)| (Some(at), Some(id.uuid())));
    let reader = filter.reader.as_ref();
    let roles: Vec<String> = reader
        .map(|reader| reader.roles.iter().map(|role| role.as_str().to_owned()).collect())
        .unwrap_or_default();
    let rows = sqlx::query_as!(
        Row,
        r#"
        select id as "id: NoticeId", at, ticket_id as "ticket: TicketId", kind, template,
            person_id is not null as "to_citizen!", to_masked, text, segments, state, why, sent_at
        from notice
        where ($1::uuid is null or ticket_id = $1)
            and ($2::timestamptz is null or (at, id) < ($2, $3::uuid))
            and (not $5 or (kind = 'desk' and (unit_id is null or unit_id = $6)
                and (post is null or post = any($7))))
        order by at desc, id desc limit $4
        "#,
        filter.ticket.map(TicketId::uuid),
        at,
        id,
        filter.most,
        reader.is_some(),
        reader.and_then(|reader| reader.unit).map(UnitId::uuid),
        &roles,
    );
    Ok(rows.fetch_all(db).await?)
}

/// Where a unit's duty desk is reached: mobile number, e-mail address.
pub(crate) async fn contact(
    db: &mut PgConnection,
    unit: UnitId,
) -> Result<(Option<String>, Option<String>), Error> {
    let row =
        sqlx::query!("select mobile, email from unit_contact where unit_id = $1", unit.uuid());
    Ok(row.fetch_optional(db).await?.map_or((None, None), |row| (row.mobile, row.email)))
}

pub(crate) async fn set_contact(
    db: &mut PgConnection,
    unit: UnitId,
    mobile: Option<&str>,
    email: Option<&str>,
    demo: bool,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into unit_contact (unit_id, mobile, email, demo) values ($1, $2, $3, $4)
         on conflict (unit_id) do update set mobile = excluded.mobile, email = excluded.email",
        unit.uuid(),
        mobile,
        email,
        demo,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn remove_demo(db: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("select remove_demo_notices()").execute(db).await?;
    Ok(())
}
