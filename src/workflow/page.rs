//! A ticket as one person may see it.
use base::TicketId;
use notice::Filter;
use org::category::Category;
use org::{Actor, Identity, Masked, Right, Role, Thing};
use sqlx::PgConnection;
use ticket::{Ctx, Event, Finding, Offer, Rating, Relative, Request, Ticket};

use crate::attachments::{self, Attachment};
use crate::{Error, Workflow, see};

/// Everything the ticket's page shows.
#[derive(Debug, Clone)]
pub struct TicketPage {
    /// With its text redacted where the viewer must not learn who reported.
    pub ticket: Ticket,
    pub category_path: Option<String>,
    pub place_path: Option<String>,
    /// Masked; none for units when the citizen is sealed.
    pub contact: Option<Masked>,
    pub events: Vec<Event>,
    pub rating: Option<Rating>,
    pub offers: Vec<Offer>,
    pub notices: Vec<notice::Row>,
    pub attachments: Vec<Attachment>,
    /// Hotline staff, who may give the citizen the query code again.
    pub by_hotline: bool,
    pub parent: Option<Relative>,
    pub children: Vec<Relative>,
    /// What the system finds in a reply that waits for its review.
    pub findings: Vec<Finding>,
}

/// What a verb has at hand when it is done: what is here is not read again for the page.
pub(crate) struct Known {
    pub ticket: Ticket,
    pub identity: Option<Identity>,
    pub category: Option<Category>,
    /// The whole history and the last rating.
    pub past: Option<(Vec<Event>, Option<Rating>)>,
}

impl From<Ticket> for Known {
    fn from(ticket: Ticket) -> Self {
        Self { ticket, identity: None, category: None, past: None }
    }
}

impl Workflow {
    /// A ticket's page.
    pub async fn page(&self, actor: &Actor, id: TicketId) -> Result<TicketPage, Error> {
        let db = &mut *self.0.db.acquire().await?;
        let ticket = ticket::find(db, id).await?;
        self.page_of(db, actor, ticket.into()).await
    }

    /// The page of a ticket that is at hand, with whatever else is.
    pub(crate) async fn page_of(
        &self,
        db: &mut PgConnection,
        actor: &Actor,
        known: Known,
    ) -> Result<TicketPage, Error> {
        let Known { mut ticket, identity, category, past } = known;
        see(actor, &ticket)?;
        let id = ticket.id;
        let by_hotline = is_hotline(actor);
        let hidden = ticket.request.sealed && !by_hotline;
        let identity = match (identity, ticket.request.person) {
            (None, Some(person)) => Some(self.0.persons.identity(db, person).await?),
            (identity, _) => identity,
        };
        let (mut events, rating) = match past {
            Some(past) => past,
            None => (ticket::history(db, id).await?, ticket::last_rating(db, id).await?),
        };
        if let Some(identity) = identity.as_ref().filter(|_| hidden) {
            redact(&mut ticket.request, identity);
            redact_events(&mut events, identity);
        }
        let category = match (category, ticket.request.category) {
            (None, Some(category)) => Some(org::category::find(db, category).await?),
            (category, _) => category,
        };
        let filter = Filter { ticket: Some(id), most: 100, ..Filter::default() };
        let mut notices = notice::list(db, &filter).await?;
        // what the citizen was sent holds the query code: not for units
        notices.retain(|notice| by_hotline || !notice.to_citizen);
        let posts = std::collections::HashMap::new();
        let rules = self.rules_of(&ticket);
        let now = self.0.clock.now();
        let ctx = Ctx::new(now, actor, &rules, &posts);
        let (parent, children) = ticket::relatives(db, &ticket).await?;
        let approval = rules.approval(ticket.life.kind);
        let request = format!("{}\n{}", ticket.request.title, ticket.request.content);
        let may_review = by_hotline && ticket.life.stage == ticket::Stage::InReview;
        let findings = if may_review {
            ticket.life.review_findings(&request, ticket.request.sealed, approval)
        } else {
            Vec::new()
        };
        Ok(TicketPage {
            parent,
            children,
            findings,
            category_path: category.map(|category| category.path),
            place_path: match ticket.request.place {
                Some(place) => Some(org::place::find(db, place).await?.path),
                None => None,
            },
            contact: identity.filter(|_| !hidden).map(|identity| identity.masked()),
            rating,
            offers: ticket.life.offers(&ctx),
            attachments: attachments::visible(db, actor, &ticket).await?,
            events,
            notices,
            by_hotline,
            ticket,
        })
    }

    /// A page of a list.
    pub async fn list(&self, filter: &ticket::Filter<'_>) -> Result<Vec<ticket::Row>, Error> {
        let db = &mut *self.0.db.acquire().await?;
        let mut rows = ticket::list(db, filter).await?;
        for row in rows.iter_mut().filter(|row| row.sealed && !is_hotline(filter.viewer)) {
            if let Some(person) = row.person_id {
                row.title = hide(&row.title, &self.0.persons.identity(db, person).await?);
            }
        }
        Ok(rows)
    }

    /// What happened after this version, as this person may see it.
    pub(crate) async fn changed(
        &self,
        db: &mut PgConnection,
        actor: &Actor,
        ticket: &Ticket,
        version: i64,
    ) -> Result<Vec<Event>, Error> {
        let mut events = ticket::history_after(db, ticket.id, version).await?;
        if let Some(person) = ticket.request.person
            && ticket.request.sealed
            && !is_hotline(actor)
        {
            redact_events(&mut events, &self.0.persons.identity(db, person).await?);
        }
        Ok(events)
    }

    /// Shows the citizen's name and number; the audit keeps who looked and why.
    pub async fn reveal(
        &self,
        actor: &Actor,
        id: TicketId,
        reason: &str,
    ) -> Result<Identity, Error> {
        let db = &mut *self.0.db.acquire().await?;
        let ticket = ticket::find(db, id).await?;
        see(actor, &ticket)?;
        let denied = || org::Denied { actor: actor.name.clone(), right: Right::RevealPerson };
        let by_hotline =
            actor.roles.iter().any(|role| role.is_city_wide() && *role != Role::Administrator);
        let own = actor.post.as_ref().map(|post| post.unit);
        // a unit sees the number only while it works on the matter, and never a sealed one
        let works =
            ticket.life.legs.iter().any(|leg| Some(leg.unit.unit) == own && leg.ended_at.is_none());
        if !by_hotline && (ticket.request.sealed || !works) {
            return Err(denied().into());
        }
        let Some(person) = ticket.request.person else { return Err(Error::NotFound) };
        let posts = ticket.posts();
        let identity =
            self.0.persons.reveal(person, actor, Thing::Units(&posts), reason, &self.0.db).await?;
        Ok(identity)
    }
}

/// Whether they work for the hotline itself, which knows who reported.
pub(crate) fn is_hotline(actor: &Actor) -> bool {
    actor.roles.iter().any(|role| role.is_city_wide())
}

/// Takes out of the request what would tell units who reported.
fn redact(request: &mut Request, identity: &Identity) {
    request.title = hide(&request.title, identity);
    request.content = hide(&request.content, identity);
    request.call = None;
}

/// The same for what was written down since.
fn redact_events(events: &mut [Event], identity: &Identity) {
    for event in events {
        event.reason = hide(&event.reason, identity);
        event.note = event.note.as_deref().map(|note| hide(note, identity));
        if let Some(text) = event.details.get("text").and_then(|text| text.as_str()) {
            event.details["text"] = hide(text, identity).into();
        }
        if let Some(details) = event.details.as_object_mut() {
            details.remove("call");
        }
    }
}

fn hide(text: &str, identity: &Identity) -> String {
    match identity.name.as_deref().filter(|name| name.chars().count() > 1) {
        Some(name) => hide_numbers(&text.replace(name, "某")),
        None => hide_numbers(text),
    }
}

/// Digits that could be a telephone number or an identity card.
fn hide_numbers(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut shown = String::with_capacity(text.len());
    let mut i = 0;
    while i < letters.len() {
        let run = letters[i..].iter().take_while(|c| c.is_ascii_digit()).count();
        if run >= 7 {
            shown.push_str("***");
        } else {
            shown.extend(&letters[i..i + run.max(1)]);
        }
        i += run.max(1);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::hide_numbers;

    #[test]
    fn telephone_numbers_are_taken_out_and_house_numbers_stay() {
        assert_eq!(hide_numbers("12号楼电话13800000001转105"), "12号楼电话***转105");
    }
}
