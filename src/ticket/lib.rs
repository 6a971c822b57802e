//! Tickets (工单): what a citizen asked for, where it stands and until when it is due.
//! Sends nothing, knows no calls and starts no transaction of its own: each verb works inside the
//! transaction of the conductor, which adds what has to be told.
mod action;
pub mod calendar;
mod error;
mod flow;
mod history;
mod kind;
mod life;
mod number;
mod request;
mod rights;
mod state;
mod steps;
mod store;
mod timer;
mod view;

pub use action::{Action, Choice, Field, Step, Verb};
pub use calendar::check_file;
pub use error::{Error, Refused};
pub use flow::{Limits, Rules};
pub use history::{Event, is_unbroken};
pub use kind::{Channel, Kind, Satisfaction, Solved, Urgency};
pub use life::{Birth, Ctx, Ending, ExtensionAsk, Leg, Life, Rating, Reply, Taken, Tell, UnitNews};
pub use number::{NotANumber, Number};
pub use request::{Request, Ticket};
pub use rights::Offer;
pub use state::{LegState, Stage};
pub use steps::Fired;
pub use store::{Filter, Page, Row, Sort};
pub use timer::{Clocks, Fire, Runs, Timer};
pub use view::{Band, BandKind, left_text, percent, segments};

use base::{Dice, KnowledgeId, PersonId, TicketId};
use chrono::{DateTime, Utc};
use org::Actor;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use history::{Entry, kept};

/// Which tickets a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Box {
    /// What waits for the viewer.
    Todo,
    /// What the viewer's unit has or had a part in.
    Unit,
    /// What the viewer may see.
    All,
    /// What the viewer had a hand in.
    Mine,
}

/// Open tickets, counted for the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub open: i64,
    pub late: i64,
    pub due_today: i64,
    pub in_review: i64,
    pub in_follow_up: i64,
}

/// A request to be accepted.
#[derive(Debug, Clone)]
pub struct New {
    pub request: Request,
    pub kind: Kind,
    pub urgency: Urgency,
    pub reachable: bool,
    /// Submitting twice with one key makes one ticket.
    pub key: Uuid,
    /// Answered at once: the entry, its version, what was said (直接答复).
    pub answer: Option<(KnowledgeId, i32, String)>,
    pub demo: bool,
}

/// Accepts a request (受理): the ticket, its limits and the first event.
pub async fn accept(
    db: &mut PgConnection,
    actor: &Actor,
    new: New,
    at: DateTime<Utc>,
    rules: &Rules,
    dice: &dyn Dice,
) -> Result<Ticket, Error> {
    let at = kept(at);
    new.request.check()?;
    let day = at.with_timezone(&rules.office().zone()).date_naive();
    let number = store::number_taken_today(db, day).await?;
    let id = TicketId::new(at, dice.bytes());
    let birth = Birth {
        id,
        kind: new.kind,
        urgency: new.urgency,
        reachable: new.reachable,
        draw: number.draw(),
        at,
        outside_due: new.request.outside_due,
    };
    let mut life = Life::begin(birth, rules)?;
    let mut details = json!({ "channel": new.request.channel.word(), "call": new.request.call });
    if let Some((entry, version, text)) = &new.answer {
        life.answer(*entry, *version, text, at)?;
        details["answer"] = json!({ "knowledge_id": entry, "version": version });
    }
    let mut ticket = Ticket {
        id,
        number,
        query_code: format!("{:04}", dice.below(10_000)),
        version: 1,
        request: new.request,
        life,
        since: at,
        accepted_by: actor.staff,
        profile: rules.profile.clone(),
        profile_version: rules.version,
        demo: new.demo,
        key: new.key,
        events: 0,
        chain: Vec::new(),
    };
    let event = ticket.record(Entry {
        at,
        actor,
        action: "accept",
        reason: "",
        note: None,
        from: None,
        leg: None,
        details,
    });
    store::insert(db, &ticket).await?;
    store::add_event(db, &event).await?;
    Ok(ticket)
}

/// Takes one step in a ticket's life, and writes it to its history. `before` was locked.
pub async fn act(
    db: &mut PgConnection,
    before: &Ticket,
    step: &Step,
    ctx: &Ctx<'_>,
) -> Result<(Ticket, Taken), Error> {
    let ctx = Ctx { at: kept(ctx.at), ..*ctx };
    let taken = before.life.take(step, &ctx)?;
    let mut after = Ticket { life: taken.life.clone(), version: before.version + 1, ..before.clone() };
    if after.life.stage != before.life.stage || after.life.cycle != before.life.cycle {
        after.since = ctx.at;
    }
    let event = after.record(Entry {
        at: ctx.at,
        actor: ctx.actor,
        action: step.action.verb().word(),
        reason: step.reason.trim(),
        note: step.note.as_deref(),
        from: Some(before.life.stage),
        leg: taken.leg,
        details: taken.details.clone(),
    });
    if let Some(rating) = &taken.rating {
        store::add_rating(db, after.id, rating).await?;
    }
    store::add_event(db, &event).await?;
    store::save(db, before, &after, ctx.at).await?;
    Ok((after, taken))
}

/// Adds what the citizen says later to an open ticket (追加).
pub async fn add(
    db: &mut PgConnection,
    before: &Ticket,
    text: &str,
    call: Option<base::CallId>,
    ctx: &Ctx<'_>,
) -> Result<Ticket, Error> {
    let text = text.trim();
    if !(1..=2000).contains(&text.chars().count()) {
        return Err(Refused::Bad("追加内容为1至2000个字".to_owned()).into());
    }
    if before.life.stage.is_ended() {
        let why = format!("工单{}，请另行登记", before.life.stage.label());
        return Err(Refused::WrongState { stage: before.life.stage, why }.into());
    }
    let mut after = Ticket { version: before.version + 1, ..before.clone() };
    let event = after.record(Entry {
        at: ctx.at,
        actor: ctx.actor,
        action: "addition",
        reason: "",
        note: None,
        from: Some(before.life.stage),
        leg: None,
        details: json!({ "text": text, "call": call }),
    });
    store::add_event(db, &event).await?;
    store::save(db, before, &after, ctx.at).await?;
    Ok(after)
}

/// Does what a ticket's deadlines ask for, once: marks, and the system's signature.
pub async fn tick(
    db: &mut PgConnection,
    before: &Ticket,
    now: DateTime<Utc>,
) -> Result<(Ticket, Vec<Fired>), Error> {
    let now = kept(now);
    let mut after = before.clone();
    let fired = after.life.tick(now);
    let actor = Actor::system();
    let entry = |after: &mut Ticket, action, leg, details, from| {
        after.record(Entry { at: now, actor: &actor, action, reason: "", note: None, from, leg, details })
    };
    let mut events = Vec::new();
    for fired in &fired {
        let action = if fired.fire == Fire::Warn { "warn" } else { "late" };
        let stage = Some(after.life.stage);
        events.push(entry(&mut after, action, fired.leg, fired.details(), stage));
    }
    let signed = |(old, new): (&Leg, &Leg)| (!old.auto_signed && new.auto_signed).then_some(new.id);
    let signed: Vec<_> = before.life.legs.iter().zip(&after.life.legs).filter_map(signed).collect();
    for leg in signed {
        after.version += 1;
        after.since = now;
        events.push(entry(&mut after, "auto_sign", Some(leg), json!({}), Some(before.life.stage)));
    }
    for event in &events {
        store::add_event(db, event).await?;
    }
    store::save(db, before, &after, now).await?;
    Ok((after, fired))
}

/// A ticket to be changed, locked until the transaction ends.
pub async fn lock(db: &mut PgConnection, id: TicketId) -> Result<Ticket, Error> {
    store::lock(db, id).await?.ok_or(Error::NotFound)
}

/// A ticket to be read.
pub async fn find(db: &mut PgConnection, id: TicketId) -> Result<Ticket, Error> {
    store::find(db, id).await?.ok_or(Error::NotFound)
}

/// The ticket that was made with this key.
pub async fn by_key(db: &mut PgConnection, key: Uuid) -> Result<Option<TicketId>, Error> {
    store::by_key(db, key).await
}

/// The ticket with this number.
pub async fn by_number(db: &mut PgConnection, number: Number) -> Result<Option<Ticket>, Error> {
    match store::by_digits(db, number).await? {
        Some(id) => store::find(db, id).await,
        None => Ok(None),
    }
}

/// A page of a list.
pub async fn list(db: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<Row>, Error> {
    store::list(db, filter).await
}

/// All that happened to a ticket, the oldest first.
pub async fn history(db: &mut PgConnection, id: TicketId) -> Result<Vec<Event>, Error> {
    store::events(db, id).await
}

/// What happened since a ticket had this version.
pub async fn history_after(db: &mut PgConnection, id: TicketId, version: i64) -> Result<Vec<Event>, Error> {
    store::events_after(db, id, version).await
}

/// The last attempt to ask the citizen.
pub async fn last_rating(db: &mut PgConnection, id: TicketId) -> Result<Option<Rating>, Error> {
    store::last_rating(db, id).await
}

/// The newest tickets of one citizen.
pub async fn of_person(db: &mut PgConnection, person: PersonId, most: i64) -> Result<Vec<TicketId>, Error> {
    store::of_person(db, person, most).await
}

/// Tickets whose deadlines were reached, locked; what others hold is left to them.
pub async fn due_tickets(db: &mut PgConnection, now: DateTime<Utc>, most: i64) -> Result<Vec<TicketId>, Error> {
    store::due_tickets(db, now, most).await
}

/// Open tickets, counted for the floor; `today_ends` is the coming midnight.
pub async fn counts(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    today_ends: DateTime<Utc>,
) -> Result<Counts, Error> {
    store::open_counts(db, now, today_ends).await
}

/// Takes the demonstration's tickets out.
pub async fn remove_demo(db: &mut PgConnection) -> Result<i64, Error> {
    store::remove_demo(db).await
}
