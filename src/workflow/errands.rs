//! Errands (后台任务): what a person asked for and a job does afterwards, so that they need not wait:
//! a step for many tickets, an export. Each is the person's own, and is done with their rights of the
//! moment it runs in.
use std::collections::HashMap;

use base::{StaffId, TicketId};
use chrono::{DateTime, Utc};
use db::jobs::{self, NewJob};
use org::{Actor, Sight, sight};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use ticket::{Ctx, Step};
use uuid::Uuid;

use crate::store::errand as store;
use crate::{Error, Workflow, new_id, see};

/// What a job is called that works an errand off.
pub const BULK: &str = "bulk";
/// The same for an export.
pub const EXPORT: &str = "export";
/// The job that takes an export's file away again.
pub const EXPIRE: &str = "export_expire";

/// An errand and how far it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Errand {
    pub id: Uuid,
    pub kind: String,
    pub at: DateTime<Utc>,
    pub staff: StaffId,
    /// `queued`, `running`, `done`, `failed`
    pub state: String,
    pub total: i32,
    pub done: i32,
    pub request: Value,
    pub why: Option<String>,
    pub object: Option<String>,
    pub file_name: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// One ticket of a bulk action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub position: i32,
    pub ticket: TicketId,
    pub number: String,
    pub version: i64,
    /// None: its turn has not come.
    pub ok: Option<bool>,
    pub error: Option<String>,
}

/// What would become of one ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub id: TicketId,
    pub number: String,
    pub version: i64,
    /// Why not, if not.
    pub why_not: Option<String>,
}

/// A file that an export made.
#[derive(Debug, Clone)]
pub struct File {
    pub object: String,
    pub name: String,
    pub sha256: Vec<u8>,
    pub rows: i32,
    pub expires_at: DateTime<Utc>,
}

/// Writes an errand down together with its job.
pub async fn begin(
    db: &mut PgConnection,
    kind: &'static str,
    staff: StaffId,
    request: Value,
    now: DateTime<Utc>,
    id: Uuid,
) -> Result<(), Error> {
    store::insert(db, id, kind, staff, &request, now).await?;
    let job = NewJob {
        kind,
        payload: json!({ "errand": id }),
        run_at: now,
        order_key: None,
        once_key: Some(format!("errand:{id}")),
    };
    jobs::add(db, &job, now).await?;
    Ok(())
}

/// An errand of this person.
pub async fn find(db: &PgPool, staff: StaffId, id: Uuid) -> Result<Errand, Error> {
    let found = load(db, id).await?;
    if found.staff == staff { Ok(found) } else { Err(Error::NotFound) }
}

/// An errand, for the job that does it.
pub async fn load(db: &PgPool, id: Uuid) -> Result<Errand, Error> {
    store::find(&mut *db.acquire().await?, id).await?.ok_or(Error::NotFound)
}

/// The tickets of a bulk action.
pub async fn rows(db: &PgPool, id: Uuid) -> Result<Vec<Row>, Error> {
    store::rows(&mut *db.acquire().await?, id).await
}

/// The job has begun, again perhaps.
pub async fn running(db: &PgPool, id: Uuid) -> Result<(), Error> {
    store::running(&mut *db.acquire().await?, id).await
}

/// How many rows an export has written so far.
pub async fn progress(db: &PgPool, id: Uuid, done: i32) -> Result<(), Error> {
    store::progress(&mut *db.acquire().await?, id, done).await
}

/// It cannot be done, and why.
pub async fn failed(db: &PgPool, id: Uuid, why: &str, now: DateTime<Utc>) -> Result<(), Error> {
    store::ended(&mut *db.acquire().await?, id, "failed", Some(why), now).await
}

/// An export is ready; the job that takes it away again is added with it.
pub async fn ready(
    db: &mut PgConnection,
    id: Uuid,
    file: &File,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    store::file(db, id, file, now).await?;
    let job = NewJob {
        kind: EXPIRE,
        payload: json!({ "object": file.object }),
        run_at: file.expires_at,
        order_key: None,
        once_key: Some(format!("expire:{id}")),
    };
    jobs::add(db, &job, now).await?;
    Ok(())
}

impl Workflow {
    /// What would become of each of these tickets, by four questions however many there are.
    pub async fn bulk_preview(
        &self,
        actor: &Actor,
        step: &Step,
        ids: &[TicketId],
    ) -> Result<Vec<Preview>, Error> {
        let (verb, now, posts) = (step.action.verb(), self.0.clock.now(), HashMap::new());
        let mut db = sight::begin(&self.0.db, &Sight::of(actor)).await?;
        let mut found: HashMap<_, _> = ticket::find_many(&mut db, ids)
            .await?
            .into_iter()
            .filter(|ticket| see(actor, ticket).is_ok())
            .map(|ticket| (ticket.id, ticket))
            .collect();
        let preview = |id: &TicketId| {
            let Some(ticket) = found.remove(id) else {
                let why_not = Some("工单不存在".to_owned());
                return Preview { id: *id, number: String::new(), version: 0, why_not };
            };
            let rules = self.rules_of(&ticket);
            let may = ticket.life.may(verb, &Ctx::new(now, actor, &rules, &posts));
            let why_not = may.err().map(|refused| refused.to_string());
            let (number, version) = (ticket.number.to_string(), ticket.version);
            Preview { id: *id, number, version, why_not }
        };
        Ok(ids.iter().map(preview).collect())
    }

    /// Asks for a step for many tickets; each is taken as it is now.
    pub async fn bulk_begin(
        &self,
        actor: &Actor,
        step: &Step,
        body: Value,
        ids: &[TicketId],
    ) -> Result<Uuid, Error> {
        let Some(staff) = actor.staff else { return Err(Error::NotFound) };
        let previews = self.bulk_preview(actor, step, ids).await?;
        let now = self.0.clock.now();
        let id = new_id(now, &*self.0.dice);
        let mut tx = self.0.db.begin().await?;
        begin(&mut tx, BULK, staff, body, now, id).await?;
        store::add_rows(&mut tx, id, &previews).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Takes the step for each ticket whose turn has not come, each in a transaction of its own.
    pub async fn bulk_run(&self, id: Uuid) -> Result<(), Error> {
        let errand = load(&self.0.db, id).await?;
        running(&self.0.db, id).await?;
        let staff = org::staff::find(&mut *self.0.db.acquire().await?, errand.staff).await?;
        let step = serde_json::from_value::<Step>(errand.request);
        let step = match step {
            Ok(step) if !staff.disabled => step,
            Ok(_) => return failed(&self.0.db, id, "账号已停用", self.0.clock.now()).await,
            Err(error) => {
                return failed(&self.0.db, id, &error.to_string(), self.0.clock.now()).await;
            }
        };
        let actor = staff.actor();
        for row in rows(&self.0.db, id).await?.iter().filter(|row| row.ok.is_none()) {
            let error = self.bulk_row(&actor, &step, row).await?;
            store::mark(&mut *self.0.db.acquire().await?, id, row.position, error.as_deref())
                .await?;
        }
        let now = self.0.clock.now();
        store::ended(&mut *self.0.db.acquire().await?, id, "done", None, now).await
    }

    /// Why this ticket could not take the step; none when it did.
    async fn bulk_row(
        &self,
        actor: &Actor,
        step: &Step,
        row: &Row,
    ) -> Result<Option<String>, Error> {
        match self.act(actor, row.ticket, row.version, step).await {
            Ok(_) => Ok(None),
            Err(Error::Stale { changed, .. }) => {
                // a process that died after the step and before its mark
                let first = changed.first();
                let mine = first.is_some_and(|event| {
                    event.staff == actor.staff && event.action == step.action.verb().word()
                });
                Ok((!mine).then(|| "工单已被他人更新".to_owned()))
            }
            Err(Error::Db(error)) => Err(Error::Db(error)), // tried again later
            Err(error) => Ok(Some(error.to_string())),
        }
    }
}
