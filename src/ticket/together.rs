//! Many tickets at once: the marks of deadlines that were reached together, and clocks that are
//! counted anew because a calendar or a profile is another one.
use base::TicketId;
use chrono::{DateTime, Utc};
use org::Actor;
use serde_json::json;
use sqlx::PgConnection;

use crate::clock::{Recomputed, clock_drift, clocks_from_history};
use crate::error::Error;
use crate::flow::{RuleBook, Rules};
use crate::history::{Entry, Event, kept};
use crate::replay::Broken;
use crate::request::Ticket;
use crate::steps::Fired;
use crate::store;
use crate::timer::Timer;

/// A ticket before and after its deadlines were looked at.
#[derive(Debug, Clone)]
pub struct Ticked {
    pub before: Ticket,
    pub after: Ticket,
    pub events: Vec<Event>,
    pub fired: Vec<Fired>,
}

/// Tickets whose deadlines were reached, locked; what others hold is left to them, and so are
/// those that are named.
pub async fn due_tickets(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    most: i64,
    except: &[TicketId],
) -> Result<Vec<Ticket>, Error> {
    let ids = store::due_tickets(db, now, most, except).await?;
    store::find_many(db, &ids).await
}

/// The same, only named and not locked.
pub async fn due_ids(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<TicketId>, Error> {
    store::due_tickets(db, now, most, &[]).await
}

/// Writes what the deadlines of some tickets made of them. The database takes each mark once.
pub async fn save_ticked(
    db: &mut PgConnection,
    all: &[Ticked],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let all: Vec<_> =
        all.iter().map(|one| (&one.before, &one.after, one.events.as_slice())).collect();
    store::save_many(db, &all, now).await
}

/// Open tickets after one, by their ids, whose clocks may have to be counted anew.
pub async fn to_recount(
    db: &mut PgConnection,
    after: Option<TicketId>,
    from: Option<DateTime<Utc>>,
    profile: Option<(&str, i32)>,
    most: i64,
) -> Result<Vec<TicketId>, Error> {
    store::to_recount(db, after, from, profile, most).await
}

/// How many open tickets began with which profile and version.
pub async fn open_profiles(db: &mut PgConnection) -> Result<Vec<(String, i32, i64)>, Error> {
    store::profiles(db).await
}

/// The calendars that are not what the open clocks were last counted by; none at a first start.
pub async fn changed_calendars(
    db: &mut PgConnection,
    book: &RuleBook,
) -> Result<Vec<String>, Error> {
    let known = store::calendars(db).await?;
    let changed = book.calendars().filter(|calendar| {
        known.get(calendar.name()).is_some_and(|before| *before != calendar.fingerprint())
    });
    Ok(changed.map(|calendar| calendar.name().to_owned()).collect())
}

/// The open clocks are counted by these calendars now.
pub async fn calendars_counted(
    db: &mut PgConnection,
    book: &RuleBook,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    for calendar in book.calendars() {
        store::set_calendar(db, calendar.name(), &calendar.fingerprint(), at).await?;
    }
    Ok(())
}

/// A clock that is not what its history says: what it has to be, and what its row showed.
pub type Drift = (Timer, Option<Timer>);

/// Compares the clocks of one ticket with its history, and with `fix` on writes them as the history
/// and the rules say, with an event.
pub async fn rebuild(
    db: &mut PgConnection,
    id: TicketId,
    book: &RuleBook,
    at: DateTime<Utc>,
    fix: bool,
) -> Result<Result<(Ticket, Vec<Drift>), Broken>, Error> {
    let before = if fix { store::lock(db, id).await? } else { store::find(db, id).await? };
    let before = before.ok_or(Error::NotFound)?;
    let events = store::events(db, id).await?;
    let rules = book.pinned(&before.profile, before.profile_version);
    let drift = match clock_drift(&before.life, &events, &rules) {
        Ok(drift) => drift,
        Err(broken) => return Ok(Err(broken)),
    };
    if !fix || drift.is_empty() {
        return Ok(Ok((before, drift)));
    }
    let told = match clocks_from_history(&events, &rules) {
        Ok(told) => told,
        Err(broken) => return Ok(Err(broken)),
    };
    let at = kept(at);
    let mut after = before.clone();
    after.life.timers = told;
    after.life.recount(&rules, at)?;
    after.version += 1;
    let line = |(told, row): &Drift| {
        let shown = row.as_ref().map(|row| row.due_at);
        json!({ "seq": told.seq, "timer": told.name.word(), "before": shown, "after": told.due_at })
    };
    let event = after.record(Entry {
        reason: "按办理过程重建计时",
        from: Some(before.life.stage),
        details: json!({ "clocks": drift.iter().map(line).collect::<Vec<_>>() }),
        ..Entry::new(at, &Actor::system(), "rebuild_clocks")
    });
    store::save(db, &before, &after, &[event], at).await?;
    Ok(Ok((after, drift)))
}

/// Counts the clocks of some tickets anew and writes one event for each that moved; with `write`
/// off it only says what would move. Gives the tickets that changed, and how.
pub async fn recount(
    db: &mut PgConnection,
    ids: &[TicketId],
    book: &RuleBook,
    to: Option<&Rules>,
    why: &str,
    at: DateTime<Utc>,
    write: bool,
) -> Result<Vec<(Ticket, Vec<Recomputed>)>, Error> {
    let tickets =
        if write { store::lock_many(db, ids).await? } else { store::find_many(db, ids).await? };
    let mut changed = Vec::new();
    for before in tickets {
        if before.life.stage.is_ended() {
            continue;
        }
        let own = book.pinned(&before.profile, before.profile_version);
        let Some((after, event, moved)) = before.recomputed(to.unwrap_or(&own), why, at)? else {
            continue;
        };
        changed.push((before, after, event, moved));
    }
    if write {
        let all: Vec<_> = changed
            .iter()
            .map(|(before, after, event, _)| (before, after, std::slice::from_ref(event)))
            .collect();
        store::save_many(db, &all, at).await?;
    }
    Ok(changed.into_iter().map(|(_, after, _, moved)| (after, moved)).collect())
}

impl Ticket {
    /// The ticket with its clocks counted by these rules, with the event that tells before and
    /// after; none when nothing moved.
    pub fn recomputed(
        &self,
        rules: &Rules,
        why: &str,
        at: DateTime<Utc>,
    ) -> Result<Option<(Self, Event, Vec<Recomputed>)>, Error> {
        let at = kept(at);
        let mut after = self.clone();
        let moved = after.life.recompute(at, rules, true)?;
        let migrates = (self.profile.as_str(), self.profile_version)
            != (rules.profile.as_str(), rules.version);
        if after.life == self.life && !migrates {
            return Ok(None);
        }
        rules.profile.clone_into(&mut after.profile);
        after.profile_version = rules.version;
        after.version += 1;
        let mut details = json!({ "dues": moved });
        if migrates {
            let from = format!("{}@{}", self.profile, self.profile_version);
            details["flow"] = json!({ "from": from, "to": rules.label() });
        }
        let action = if migrates { "migrate_flow" } else { "recount" };
        let event = after.record(Entry {
            reason: why,
            from: Some(self.life.stage),
            details,
            ..Entry::new(at, &Actor::system(), action)
        });
        Ok(Some((after, event, moved)))
    }
}

impl Ticked {
    /// Looks at a ticket's deadlines.
    pub fn look(before: Ticket, now: DateTime<Utc>, rules: &Rules) -> Self {
        let (after, events, fired) = before.ticked(now, rules);
        Self { before, after, events, fired }
    }
}
