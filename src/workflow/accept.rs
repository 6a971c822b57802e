//! Accepting a request (受理), with or without a call.
use base::{CallId, CategoryId, KnowledgeId, PhoneNumber, PlaceId};
use chrono::{DateTime, Utc};
use org::{Actor, Identity, Right, Thing};
use serde::Deserialize;
use ticket::{Channel, Kind, Refused, Request, Tell, Ticket, Urgency};
use uuid::Uuid;

use crate::{Error, Workflow};

/// What is written into the form.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    pub title: String,
    pub content: String,
    pub kind: Kind,
    pub urgency: Urgency,
    #[serde(default)]
    pub category_id: Option<CategoryId>,
    #[serde(default)]
    pub place_id: Option<PlaceId>,
    #[serde(default)]
    pub address: String,
    #[serde(default)]
    pub contact_name: String,
    #[serde(default)]
    pub contact_number: String,
    #[serde(default)]
    pub secrecy: bool,
    #[serde(default)]
    pub wants_reply: bool,
}

/// An answer given at once from the knowledge base (直接答复).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub knowledge_id: KnowledgeId,
    pub text: String,
}

/// A request as it comes in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    pub draft: Draft,
    #[serde(default)]
    pub call_id: Option<CallId>,
    pub channel: Channel,
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub outside_number: Option<String>,
    #[serde(default)]
    pub outside_due: Option<DateTime<Utc>>,
    #[serde(default)]
    pub direct_answer: Option<Answer>,
    /// The same key makes the same ticket.
    pub key: Uuid,
}

impl Workflow {
    /// Accepts a request. Submitting twice gives one ticket; the second time says `false`.
    pub async fn accept(&self, actor: &Actor, intake: Intake) -> Result<(Ticket, bool), Error> {
        self.accept_at(actor, intake, self.0.clock.now(), false).await
    }

    pub(crate) async fn accept_at(
        &self,
        actor: &Actor,
        intake: Intake,
        at: DateTime<Utc>,
        demo: bool,
    ) -> Result<(Ticket, bool), Error> {
        org::can(actor, Right::Accept, Thing::City)?;
        let key = intake.key;
        if let Some(first) = self.made_before(key).await? {
            return Ok((first, false));
        }
        match self.accept_new(actor, intake, at, demo).await {
            Ok(ticket) => {
                self.announce(&ticket);
                Ok((ticket, true))
            }
            // the same form, sent twice at the same moment: the other one was written
            Err(Error::Db(error)) if hits(&error, "ticket_key_key") => {
                Ok((self.made_before(key).await?.ok_or(Error::NotFound)?, false))
            }
            Err(Error::Db(error)) if is_foreign_key(&error) => {
                Err(Refused::Bad("诉求类别或地点不存在".to_owned()).into())
            }
            Err(error) => Err(error),
        }
    }

    async fn made_before(&self, key: Uuid) -> Result<Option<Ticket>, Error> {
        let db = &mut *self.0.db.acquire().await?;
        match ticket::by_key(db, key).await? {
            Some(id) => Ok(Some(ticket::find(db, id).await?)),
            None => Ok(None),
        }
    }

    async fn accept_new(
        &self,
        actor: &Actor,
        intake: Intake,
        at: DateTime<Utc>,
        demo: bool,
    ) -> Result<Ticket, Error> {
        let Intake { draft, direct_answer, .. } = intake;
        let identity = identity(&draft)?;
        let mut tx = self.0.db.begin().await?;
        let known = identity.name.is_some() || identity.number.is_some();
        let person = if known {
            Some(self.0.persons.find_or_add_identity(&mut tx, &identity, demo).await?)
        } else {
            None
        };
        let answer = match direct_answer {
            Some(answer) => {
                let entry = org::knowledge::find(&mut tx, answer.knowledge_id, None).await?;
                Some((answer.knowledge_id, entry.version, answer.text))
            }
            None => None,
        };
        let answered = answer.is_some();
        let new = ticket::New {
            request: Request {
                title: draft.title.trim().to_owned(),
                content: draft.content.trim().to_owned(),
                category: draft.category_id,
                place: draft.place_id,
                address: draft.address.trim().to_owned(),
                person,
                // 举报 is sealed whether it is asked for or not
                sealed: draft.secrecy || draft.kind == Kind::Report,
                wants_reply: draft.wants_reply,
                channel: intake.channel,
                source: intake.source,
                outside_number: intake.outside_number,
                outside_due: intake.outside_due,
                call: intake.call_id,
            },
            kind: draft.kind,
            urgency: draft.urgency,
            reachable: identity.number.is_some(),
            key: intake.key,
            answer,
            demo,
        };
        let ticket = ticket::accept(&mut tx, actor, new, at, &self.0.rules, &*self.0.dice).await?;
        if !answered {
            let step = ticket::Step::new(ticket::Action::Sign {});
            self.teller().tell(&mut tx, &ticket, &Tell::Accepted, &step, None, at).await?;
        }
        tx.commit().await?;
        Ok(ticket)
    }
}

fn identity(draft: &Draft) -> Result<Identity, Refused> {
    let number = draft.contact_number.trim();
    let read = |number: &str| {
        number
            .parse::<PhoneNumber>()
            .map_err(|_| Refused::Bad("联系电话有误：应为3至20位数字".to_owned()))
    };
    let number = if number.is_empty() { None } else { Some(read(number)?) };
    let name = Some(draft.contact_name.trim().to_owned()).filter(|name| !name.is_empty());
    if name.as_ref().is_some_and(|name| name.chars().count() > 40) {
        return Err(Refused::Bad("姓名不能超过40个字".to_owned()));
    }
    Ok(Identity { name, number, address: None })
}

fn hits(error: &sqlx::Error, constraint: &str) -> bool {
    error.as_database_error().is_some_and(|refused| refused.constraint() == Some(constraint))
}

fn is_foreign_key(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
}
