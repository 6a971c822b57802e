//! Many tickets at once: the marks of deadlines that were reached together, and clocks that are
//! counted anew because a calendar or a profile is another one.
use base::TicketId;
use chrono::{DateTime, Utc};
use org::Actor;
use serde_json::json;
use sqlx::PgConnection;

use crate::clock::Recomputed;
use crate::error::Error;
use crate::flow::Rules;
use crate::history::{Entry, Event, kept};
use crate::request::Ticket;
use crate::steps::Fired;
use crate::store;

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

/// Counts the clocks of some tickets anew and writes one event for each that moved; with `write`
/// off it only says what would move. Gives the tickets that changed, and how.
pub async fn recount(
    db: &mut PgConnection,
    ids: &[TicketId],
    rules: &dyn Fn(&Ticket) -> std::sync::Arc<Rules>,
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
        let own = rules(&before);
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
    pub fn look(before: Ticket, now: DateTime<Utc>) -> Self {
        let (after, events, fired) = before.ticked(now);
        Self { before, after, events, fired }
    }
}
