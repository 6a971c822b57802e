//! Accepting a request (受理), with or without a call.
use base::{CallId, CategoryId, KnowledgeId, PhoneNumber, PlaceId, UnitId};
use chrono::{DateTime, Utc};
use org::category::Category;
use org::{Actor, Identity, Right, Thing};
use serde::Deserialize;
use sqlx::PgConnection;
use ticket::{Against, Channel, Kind, Refused, Request, Tell, Ticket, Urgency};
use uuid::Uuid;

use crate::page::Known;
use crate::tell::Teller;
use crate::{Error, TicketPage, Workflow};

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
    /// Who is complained about (被投诉单位).
    #[serde(default)]
    pub against_unit_ids: Vec<UnitId>,
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
        let (made, new) = Box::pin(self.accept_known(actor, intake)).await?;
        Ok((made.ticket, new))
    }

    /// The same, with the new ticket's page: what was just written is not read again.
    pub async fn accept_page(
        &self,
        actor: &Actor,
        intake: Intake,
    ) -> Result<(TicketPage, bool), Error> {
        let (made, new) = Box::pin(self.accept_known(actor, intake)).await?;
        let mut db = org::sight::begin(&self.0.db, &org::Sight::of(actor)).await?;
        Ok((self.page_of(&mut db, actor, made).await?, new))
    }

    async fn accept_known(&self, actor: &Actor, intake: Intake) -> Result<(Known, bool), Error> {
        org::can(actor, Right::Accept, Thing::City)?;
        let key = intake.key;
        match self.accept_new(actor, intake).await {
            Ok(made) => {
                self.announce(&made.ticket);
                Ok((made, true))
            }
            // the same form, sent twice: whatever stops the second, the first stands
            Err(error) => match self.made_before(key).await? {
                Some(first) => Ok((first.into(), false)),
                None if is_foreign_key(&error) => {
                    Err(Refused::Bad("诉求类别或地点不存在".to_owned()).into())
                }
                None => Err(error),
            },
        }
    }

    async fn made_before(&self, key: Uuid) -> Result<Option<Ticket>, Error> {
        let db = &mut *self.0.db.acquire().await?;
        match ticket::by_key(db, key).await? {
            Some(id) => Ok(Some(ticket::find(db, id).await?)),
            None => Ok(None),
        }
    }

    async fn accept_new(&self, actor: &Actor, intake: Intake) -> Result<Known, Error> {
        let at = self.0.clock.now();
        let Intake { draft, direct_answer, .. } = intake;
        let given = identity(&draft)?;
        let mut tx = self.0.db.begin().await?;
        let category = match draft.category_id {
            Some(id) => Some(category(&mut tx, id).await?),
            None => None,
        };
        let person = if given.name.is_some() || given.number.is_some() {
            Some(self.0.persons.know(&mut tx, &given, false).await?)
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
                person: person.as_ref().map(|(id, _)| *id),
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
            reachable: given.number.is_some(),
            key: intake.key,
            answer,
            against: against(&mut tx, &draft.against_unit_ids).await?,
            demo: false,
        };
        let rules = self.rules();
        let (mut ticket, event) =
            ticket::accept(&mut tx, actor, new, at, &rules, &*self.0.dice).await?;
        let mut past = Some((vec![event], None));
        if let Some((person, _)) = person.as_ref().filter(|_| ticket.request.category.is_some()) {
            let posts = std::collections::HashMap::new();
            let ctx = ticket::Ctx::new(at, actor, &rules, &posts);
            if let Some(pointed) = self.came_again(&mut tx, &ticket, *person, &ctx).await? {
                (ticket, past) = (pointed, None);
            }
        }
        let identity = person.map(|(_, identity)| identity);
        if !answered {
            let step = ticket::Step::new(ticket::Action::Sign {});
            let teller =
                Teller { known: Some((identity.as_ref(), category.as_ref())), ..self.teller() };
            teller.tell(&mut tx, &ticket, &Tell::Accepted, &step, None, at).await?;
        }
        tx.commit().await?;
        Ok(Known { ticket, identity, category, past })
    }
}

/// The units that are complained about, each with the one above it.
async fn against(db: &mut PgConnection, units: &[UnitId]) -> Result<Vec<Against>, Error> {
    let mut against = Vec::new();
    for id in units {
        let unit = match org::unit::find(db, *id).await {
            Err(org::Error::NotFound(_)) => {
                return Err(Refused::Bad("被投诉单位不存在".to_owned()).into());
            }
            found => found?,
        };
        let above = match unit.parent {
            Some(parent) => Some(org::unit::find(db, parent).await?.name),
            None => None,
        };
        against.push(Against { post: unit.into(), above });
    }
    Ok(against)
}

async fn category(db: &mut PgConnection, id: CategoryId) -> Result<Category, Error> {
    match org::category::find(db, id).await {
        Err(org::Error::NotFound(_)) => Err(Refused::Bad("诉求类别不存在".to_owned()).into()),
        found => Ok(found?),
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

fn is_foreign_key(error: &Error) -> bool {
    let Error::Db(error) = error else { return false };
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
}
