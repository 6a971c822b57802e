//! Tickets (工单): what a citizen asked for, where it stands and until when it is due.
//! Sends nothing, knows no calls and starts no transaction of its own: each verb works inside the
//! transaction of the conductor, which adds what has to be told.
mod action;
mod beside;
pub mod calendar;
mod clock;
mod doctor;
mod error;
mod flow;
mod form;
mod held;
mod history;
mod invariant;
mod kind;
mod known;
mod leg;
mod life;
mod number;
mod outcome;
mod replay;
mod request;
mod review;
mod rights;
mod search;
mod side;
mod state;
mod step;
mod steps;
mod store;
#[cfg(test)]
mod testing;
mod timer;
mod together;
mod view;
mod wanted;

pub use action::{Action, Step, Verb};
pub use beside::{Beside, Relative};
pub use calendar::check_file;
pub use clock::{Recomputed, clock_drift, clocks_from_history};
pub use doctor::{Examined, Symptom, examine, ids_after};
pub use error::{Error, Refused};
pub use flow::{Block, Limits, Mark, OneSource, RuleBook, Rules, Rung, Suspension, Whom};
pub use form::{Choice, Field};
pub use held::{Held, Share, breakdown, held};
pub use history::{Event, is_unbroken};
pub use invariant::Fault;
pub use kind::{Channel, Kind, Satisfaction, Solved, Urgency};
pub use known::{Catalogue, Ctx, Known};
pub use leg::{Leg, Reply};
pub use life::{Birth, Life, RequestChange, Taken};
pub use number::{NotANumber, Number};
pub use outcome::{Ending, ExtensionAsk, PageVisit, Rating, Tell, UnitNews};
pub use replay::{Broken, drift, replay};
pub use request::{Request, Ticket};
pub use review::{Checklist, Code, Facts, Finding};
pub use rights::Offer;
pub use side::{
    Against, Asked, Cause, ChangeAsk, Contact, FinalAsk, Level, Outside, Oversight, PageRating,
    PhoneNotice, SetAside, Side, SuspensionAsk, Transfer, Withdrawal,
};
pub use state::{LegState, Stage};
pub use steps::Fired;
pub use store::{
    Below, ByPhone, CHECKS, Filter, Flag, Load, Narrow, Page, Row, Sort, find_many, rated_from,
};
pub use timer::{Clocks, Count, Fire, Runs, Timer};
pub use together::{
    Drift, Ticked, calendars_counted, changed_calendars, due_ids, due_tickets, open_profiles,
    rebuild, recount, save_ticked, to_recount,
};
pub use view::{Band, BandKind, left_text, percent, segments};

use base::{CallId, CategoryId, Dice, KnowledgeId, PersonId, TicketId};
use chrono::{DateTime, Utc};
use org::Actor;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use history::Entry;

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
    /// Who is complained about: they neither handle nor read it (回避).
    pub against: Vec<Against>,
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
) -> Result<(Ticket, Event), Error> {
    let number = next_number(db, at, rules).await?;
    let (ticket, event) = Ticket::open(actor, new, number, at, rules, dice)?;
    store::insert(db, &ticket, &event).await?;
    Ok((ticket, event))
}

/// The next number of the day on which `at` lies.
pub async fn next_number(
    db: &mut PgConnection,
    at: DateTime<Utc>,
    rules: &Rules,
) -> Result<Number, Error> {
    let day = at.with_timezone(&rules.office().zone()).date_naive();
    store::number_taken_today(db, day).await
}

/// Takes one step in a ticket's life, and writes it to its history. `before` was locked.
pub async fn act(
    db: &mut PgConnection,
    before: &Ticket,
    step: &Step,
    ctx: &Ctx<'_>,
) -> Result<(Ticket, Taken), Error> {
    let (after, event, taken) = before.advance(step, ctx)?;
    if let Some(rating) = &taken.rating {
        store::add_rating(db, after.id, rating).await?;
    }
    store::save(db, before, &after, std::slice::from_ref(&event), event.at).await?;
    Ok((after, taken))
}

/// Writes a whole life at once, as it was lived in memory: from the ticket as it was opened to
/// where it stands.
pub async fn lay(
    db: &mut PgConnection,
    first: &Ticket,
    last: &Ticket,
    events: &[Event],
    ratings: &[Rating],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some((accepted, since)) = events.split_first() else { return Err(Error::Corrupt(last.id)) };
    store::insert(db, first, accepted).await?;
    for rating in ratings {
        store::add_rating(db, last.id, rating).await?;
    }
    store::save(db, first, last, since, now).await
}

/// Adds what the citizen says later to an open ticket (追加).
pub async fn add(
    db: &mut PgConnection,
    before: &Ticket,
    text: &str,
    call: Option<CallId>,
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
        from: Some(before.life.stage),
        details: json!({ "text": text, "call": call }),
        ..Entry::new(ctx.at, ctx.actor, "addition")
    });
    store::save(db, before, &after, &[event], ctx.at).await?;
    Ok(after)
}

/// What happens to a ticket because of another one, or of time (see [`Beside`]).
pub async fn beside(
    db: &mut PgConnection,
    before: &Ticket,
    what: &Beside<'_>,
    ctx: &Ctx<'_>,
) -> Result<(Ticket, Vec<Tell>), Error> {
    let (after, event, tells) = before.beside(what, ctx)?;
    store::save(db, before, &after, std::slice::from_ref(&event), event.at).await?;
    Ok((after, tells))
}

/// Ended before a moment and not yet filed, locked; what others hold is left to them.
pub async fn to_file(
    db: &mut PgConnection,
    ended_before: DateTime<Utc>,
    most: i64,
) -> Result<Vec<TicketId>, Error> {
    store::to_file(db, ended_before, most).await
}

/// Ended tickets of one citizen and category since a moment.
pub async fn ended_alike(
    db: &mut PgConnection,
    person: PersonId,
    category: Option<CategoryId>,
    since: DateTime<Utc>,
) -> Result<Vec<TicketId>, Error> {
    store::ended_alike(db, person, category, since).await
}

/// Whether there is such a call at all.
pub async fn is_call(db: &mut PgConnection, call: CallId) -> Result<bool, Error> {
    store::is_call(db, call).await
}

/// Whether a call is one with the ticket's own citizen, or the one that it came by.
pub async fn is_citizens_call(
    db: &mut PgConnection,
    ticket: &Ticket,
    call: CallId,
) -> Result<bool, Error> {
    store::is_citizens_call(db, ticket, call).await
}

/// Whether a file was put to this ticket.
pub async fn is_attached(
    db: &mut PgConnection,
    ticket: &Ticket,
    attachment: Uuid,
) -> Result<bool, Error> {
    store::is_attached(db, ticket, attachment).await
}

/// What lists say of a ticket's relatives: the one that it was joined to, and those joined to it.
pub async fn relatives(
    db: &mut PgConnection,
    ticket: &Ticket,
) -> Result<(Option<Relative>, Vec<Relative>), Error> {
    store::relatives(db, ticket).await
}

/// A ticket to be changed, locked until the transaction ends.
pub async fn lock(db: &mut PgConnection, id: TicketId) -> Result<Ticket, Error> {
    store::lock(db, id).await?.ok_or(Error::NotFound)
}

/// Lets the transaction go on as the system, if whoever began it sees the ticket.
pub async fn enter(db: &mut PgConnection, id: TicketId) -> Result<(), Error> {
    store::enter(db, id).await?.ok_or(Error::NotFound)
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

/// A page of a list. With words and no order of its own: the best first.
pub async fn list(db: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<Row>, Error> {
    let filter = searched(db, filter).await?;
    match &filter.hits {
        Some(hits) if filter.order.is_none() => store::ranked(db, &filter, hits).await,
        _ => store::list(db, &filter).await,
    }
}

/// The filter with what its words find, so that several lists and counts search once.
pub async fn searched<'a>(db: &mut PgConnection, filter: &Filter<'a>) -> Result<Filter<'a>, Error> {
    let hits = match &filter.hits {
        None => store::hits(db, filter.text).await?.map(Into::into),
        known => known.clone(),
    };
    let below = Some(store::below(db, filter).await?);
    Ok(Filter { hits, below, ..filter.clone() })
}

/// Reads the dictionary of words, so that the first search need not.
pub fn warm_search() {
    search::Words::read("四平市");
}

/// Whether a text can be looked for: a number, or a word of two characters.
pub fn is_searchable(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.parse::<Number>().is_ok() || search::Words::read(text).is_some()
}

/// How many tickets a list holds, counted no further than `most`.
pub async fn count(db: &mut PgConnection, filter: &Filter<'_>, most: i64) -> Result<i64, Error> {
    let filter = searched(db, filter).await?;
    store::count(db, &filter, most).await
}

/// A list's load by state and lateness; the times are the coming two midnights.
pub async fn load(
    db: &mut PgConnection,
    filter: &Filter<'_>,
    today_ends: DateTime<Utc>,
    tomorrow_ends: DateTime<Utc>,
) -> Result<Vec<Load>, Error> {
    let filter = searched(db, filter).await?;
    store::load(db, &filter, today_ends, tomorrow_ends).await
}

/// All that happened to a ticket, the oldest first.
pub async fn history(db: &mut PgConnection, id: TicketId) -> Result<Vec<Event>, Error> {
    store::events(db, id).await
}

/// What happened since a ticket had this version.
pub async fn history_after(
    db: &mut PgConnection,
    id: TicketId,
    version: i64,
) -> Result<Vec<Event>, Error> {
    store::events_after(db, id, version).await
}

/// The last attempt to ask the citizen.
pub async fn last_rating(db: &mut PgConnection, id: TicketId) -> Result<Option<Rating>, Error> {
    store::last_rating(db, id).await
}

/// The newest tickets of one citizen.
pub async fn of_person(
    db: &mut PgConnection,
    person: PersonId,
    most: i64,
) -> Result<Vec<TicketId>, Error> {
    store::of_person(db, person, most).await
}

/// Open tickets, counted for the floor; `today_ends` is the coming midnight.
pub async fn counts(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    today_ends: DateTime<Utc>,
) -> Result<Counts, Error> {
    store::open_counts(db, now, today_ends).await
}

/// Demonstration: tickets that came by telephone and know no call yet.
pub async fn without_call(db: &mut PgConnection) -> Result<Vec<ByPhone>, Error> {
    store::without_call(db).await
}

/// Demonstration: joins a ticket and the call that was laid for it.
pub async fn join_call(db: &mut PgConnection, id: TicketId, call: CallId) -> Result<(), Error> {
    store::join_call(db, id, call).await
}

/// Whether the demonstration's tickets are there.
pub async fn has_demo(db: &mut PgConnection) -> Result<bool, Error> {
    store::has_demo(db).await
}

/// Takes the demonstration's tickets out.
pub async fn remove_demo(db: &mut PgConnection) -> Result<i64, Error> {
    store::remove_demo(db).await
}
