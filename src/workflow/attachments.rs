//! Attachments (附件): what is uploaded to a ticket is looked at, cleaned, sealed among the objects,
//! and read only by who may read the ticket; each reading is noted.
use std::fs::File;

use base::{StaffId, TicketId, UnitId};
use chrono::{DateTime, Utc};
use db::objects::Objects;
use org::audit::{self, Act};
use org::{Actor, Right, Thing};
use serde_json::json;
use sqlx::PgConnection;
use ticket::{Refused, Ticket};
use uuid::Uuid;

use crate::page::is_hotline;
use crate::store::attachment as store;
use crate::{Error, Workflow, files, new_id, see};

/// The largest file that is taken.
pub const LARGEST: usize = 20 * 1024 * 1024;
/// How many files one ticket may have.
const MOST: i64 = 50;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// That it was done (办理佐证).
    Evidence,
    /// That the citizen was spoken to (联系佐证).
    Contact,
    /// What the citizen sent with the request (诉求材料).
    Request,
}

impl Purpose {
    /// The word in the database and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Contact => "contact",
            Self::Request => "request",
        }
    }

    /// The one with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Evidence, Self::Contact, Self::Request].into_iter().find(|it| it.word() == word)
    }
}

/// A file of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub id: Uuid,
    pub ticket: TicketId,
    pub at: DateTime<Utc>,
    pub staff: Option<StaffId>,
    pub actor: String,
    pub unit: Option<UnitId>,
    pub purpose: Purpose,
    pub name: String,
    /// As its first bytes tell, not as its name does.
    pub kind: String,
    pub bytes: i64,
    pub sha256: Vec<u8>,
    pub sent_sha256: Vec<u8>,
    pub object: String,
}

/// A file as it is sent.
#[derive(Debug)]
pub struct Upload {
    pub purpose: Purpose,
    pub name: String,
    /// At its beginning.
    pub file: File,
    pub sha256: [u8; 32],
    /// The same key keeps the same file.
    pub key: Option<String>,
}

/// The attachments of a ticket that a step names, or why they cannot be named.
pub async fn of(
    db: &mut PgConnection,
    ticket: TicketId,
    ids: &[Uuid],
) -> Result<Vec<Attachment>, Error> {
    let all = store::of_ticket(db, ticket).await?;
    let named = |id: &Uuid| all.iter().find(|found| found.id == *id).cloned();
    let missing = || Refused::Bad("附件不存在，或不属于此工单".to_owned()).into();
    ids.iter().map(|id| named(id).ok_or_else(missing)).collect()
}

/// Those of a ticket that this person may see: what the citizen of a sealed ticket sent may tell
/// who they are, and stays with the hotline.
pub(crate) async fn visible(
    db: &mut PgConnection,
    actor: &Actor,
    ticket: &Ticket,
) -> Result<Vec<Attachment>, Error> {
    let mut all = store::of_ticket(db, ticket.id).await?;
    all.retain(|attachment| shown(actor, ticket, attachment));
    Ok(all)
}

fn shown(actor: &Actor, ticket: &Ticket, attachment: &Attachment) -> bool {
    !ticket.request.sealed || attachment.purpose != Purpose::Request || is_hotline(actor)
}

impl Workflow {
    /// Keeps a file with a ticket. `false`: it was sent before under the same key.
    pub async fn attach(
        &self,
        actor: &Actor,
        id: TicketId,
        upload: Upload,
        objects: &Objects,
    ) -> Result<(Attachment, bool), Error> {
        self.may_attach(actor, id, upload.purpose).await?;
        let sent = upload.sha256;
        if let Some(before) = self.sent_before(actor, &upload, id, sent).await? {
            return Ok((before, false));
        }
        let given = upload.file;
        let cleaned = tokio::task::spawn_blocking(move || files::clean(given, sent));
        let mut file = cleaned.await.map_err(|_| broken())??;
        let now = self.0.clock.now();
        let attachment = Attachment {
            id: new_id(now, &*self.0.dice),
            ticket: id,
            at: now,
            staff: actor.staff,
            actor: actor.name.clone(),
            unit: actor.post.as_ref().map(|post| post.unit),
            purpose: upload.purpose,
            name: files::safe_name(&upload.name, file.extension),
            kind: file.kind.to_owned(),
            bytes: i64::try_from(file.length).unwrap_or(i64::MAX),
            sha256: file.sha256.to_vec(),
            sent_sha256: sent.to_vec(),
            object: String::new(),
        };
        let attachment =
            Attachment { object: format!("attachments/{}", attachment.id), ..attachment };
        // On disk first: a row never names a file that is not there.
        let (to, name) = (objects.clone(), attachment.object.clone());
        let put = tokio::task::spawn_blocking(move || to.put_read(&name, &mut *file.content));
        put.await.map_err(|_| broken())??;
        let written = self.write_attachment(actor, &attachment, upload.key.as_deref()).await;
        if let Err(error) = written {
            let (to, name) = (objects.clone(), attachment.object.clone());
            drop(tokio::task::spawn_blocking(move || to.delete(&name)).await);
            return Err(error);
        }
        Ok((attachment, true))
    }

    async fn may_attach(&self, actor: &Actor, id: TicketId, purpose: Purpose) -> Result<(), Error> {
        let db = &mut *self.0.db.acquire().await?;
        let ticket = ticket::find(db, id).await?;
        see(actor, &ticket)?;
        if ticket.life.stage.is_ended() {
            let why = format!("工单{}，不能再添加附件", ticket.life.stage.label());
            return Err(Refused::WrongState { stage: ticket.life.stage, why }.into());
        }
        let posts = ticket.posts();
        match purpose {
            Purpose::Request => org::can(actor, Right::Accept, Thing::City)?,
            Purpose::Evidence if is_hotline(actor) => {
                org::can(actor, Right::ReadTicket, Thing::City)?;
            }
            Purpose::Evidence => org::can(actor, Right::Reply, Thing::Units(&posts))?,
            Purpose::Contact => org::can(actor, Right::Contact, Thing::Units(&posts))?,
        }
        if store::count(db, id).await? >= MOST {
            return Err(Refused::Bad(format!("一件工单最多 {MOST} 个附件")).into());
        }
        Ok(())
    }

    async fn sent_before(
        &self,
        actor: &Actor,
        upload: &Upload,
        ticket: TicketId,
        sent: [u8; 32],
    ) -> Result<Option<Attachment>, Error> {
        let (Some(key), Some(staff)) = (upload.key.as_deref(), actor.staff) else {
            return Ok(None);
        };
        let db = &mut *self.0.db.acquire().await?;
        match store::by_key(db, staff, key).await? {
            Some(before) if before.ticket == ticket && before.sent_sha256 == sent => {
                Ok(Some(before))
            }
            Some(_) => Err(Error::KeyReused),
            None => Ok(None),
        }
    }

    async fn write_attachment(
        &self,
        actor: &Actor,
        attachment: &Attachment,
        key: Option<&str>,
    ) -> Result<(), Error> {
        let mut tx = self.0.db.begin().await?;
        store::insert(&mut tx, attachment, key).await?;
        let act = Act::new("attachment_added", "ticket", attachment.ticket.to_string())
            .with(json!({ "attachment": attachment.id, "purpose": attachment.purpose.word() }));
        audit::write(&mut tx, actor, &act, &*self.0.clock).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A file to be read: who may read the ticket may read it, and it is noted that they did.
    pub async fn attachment(&self, actor: &Actor, id: Uuid) -> Result<Attachment, Error> {
        let mut tx = self.0.db.begin().await?;
        let attachment = store::find(&mut tx, id).await?.ok_or(Error::NotFound)?;
        let ticket = ticket::find(&mut tx, attachment.ticket).await?;
        see(actor, &ticket)?;
        if !shown(actor, &ticket, &attachment) {
            return Err(Error::NotFound);
        }
        let act = Act::new("attachment_read", "ticket", ticket.id.to_string())
            .with(json!({ "attachment": id }));
        audit::write(&mut tx, actor, &act, &*self.0.clock).await?;
        tx.commit().await?; // no line, no file
        Ok(attachment)
    }
}

/// The blocking part did not come to its end.
fn broken() -> Error {
    Error::Sealed(db::seal::Error::Broken)
}
