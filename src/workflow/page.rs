//! A ticket as one person may see it.
use base::TicketId;
use notice::Filter;
use org::category::Category;
use org::{Actor, Identity, Masked, Right, Role, Sight, Thing, sight};
use sqlx::PgConnection;
use ticket::{Ctx, Event, Finding, Offer, Rating, Relative, Ticket};

use crate::attachments::{self, Attachment};
use crate::{Error, Workflow, redact, see};

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
        let mut db = sight::begin(&self.0.db, &Sight::of(actor)).await?;
        let ticket = ticket::find(&mut db, id).await?;
        self.page_of(&mut db, actor, ticket.into()).await
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
        let (mut events, mut rating) = match past {
            Some(past) => past,
            None => (ticket::history(db, id).await?, ticket::last_rating(db, id).await?),
        };
        let filter = Filter { ticket: Some(id), most: 100, ..Filter::default() };
        let mut notices = notice::list(db, &filter).await?;
        // what the citizen was sent holds the query code: not for units
        notices.retain(|notice| by_hotline || !notice.to_citizen);
        let (parent, children) = ticket::relatives(db, &ticket).await?;
        if hidden {
            // row security keeps a sealed reporter from units; what follows hides, not shows
            sight::as_system(db).await?;
        }
        let asked = ticket.request.category.filter(|_| category.is_none());
        let person = ticket.request.person.filter(|_| identity.is_none());
        let about = self.0.persons.about(db, asked, ticket.request.place, person).await?;
        let category_path = category.map(|category| category.path).or(about.category);
        let identity = identity.or(about.identity);
        if hidden {
            let identity = identity.clone().unwrap_or_default();
            redact::ticket(&mut ticket, &identity);
            redact::events(&mut events, &identity);
            if let Some(rating) = &mut rating {
                redact::rating(rating, &identity);
            }
        }
        let posts = std::collections::HashMap::new();
        let rules = self.rules_of(&ticket);
        let now = self.0.clock.now();
        let ctx = Ctx::new(now, actor, &rules, &posts);
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
            category_path,
            place_path: about.place,
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
        let mut db = sight::begin(&self.0.db, &Sight::of(filter.viewer)).await?;
        let mut rows = ticket::list(&mut db, filter).await?;
        if is_hotline(filter.viewer) || !rows.iter().any(|row| row.sealed) {
            return Ok(rows);
        }
        sight::as_system(&mut db).await?;
        for row in rows.iter_mut().filter(|row| row.sealed) {
            let identity = match row.person_id {
                Some(person) => self.0.persons.identity(&mut db, person).await?,
                None => Identity::default(),
            };
            row.title = redact::hide(&row.title, &identity);
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
            redact::events(&mut events, &self.0.persons.identity(db, person).await?);
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
        let mut db = sight::begin(&self.0.db, &Sight::of(actor)).await?;
        let ticket = ticket::find(&mut db, id).await?;
        drop(db);
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
