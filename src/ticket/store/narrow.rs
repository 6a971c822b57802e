//! What a list is narrowed down to, beyond its box: each part one condition, all joined by "and".
use std::sync::Arc;

use base::{CategoryId, PlaceId, UnitId};
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::list::{Filter, conditions};
use crate::error::Error;
use crate::kind::{Channel, Kind, Urgency, words};
use crate::side::Level;
use crate::state::Stage;

words! {
    /// A mark that a ticket may carry.
    Flag {
        Late = "late" "超期",
        Extended = "extended" "已延期",
        Returned = "returned" "曾退单",
        Rework = "rework" "重办",
        Urged = "urged" "催办",
        Correction = "correction" "曾补正",
        Sealed = "sealed" "保密",
        Provisional = "provisional" "时限暂定",
        Mass = "mass" "群体性诉求",
        MergedChildren = "merged_children" "有并入工单",
        Suspended = "suspended" "挂账",
        Withdrawn = "withdrawn" "撤单",
        SelfReportedContact = "self_reported_contact" "联系自填",
        RatingDoubted = "rating_doubted" "评价存疑",
    }
}

/// The filters of a list; what is not set narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrow {
    pub states: Vec<Stage>,
    /// The unit that has it now.
    pub unit: Option<UnitId>,
    pub kind: Option<Kind>,
    pub urgency: Option<Urgency>,
    pub channel: Option<Channel>,
    /// A category and those below it.
    pub category: Option<CategoryId>,
    /// A place and those below it.
    pub place: Option<PlaceId>,
    pub flags: Vec<Flag>,
    /// The strongest standing mark of oversight is one of these (督办级别).
    pub oversight: Vec<Level>,
    /// Accepted from … until before ….
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    /// Open, and due before this.
    pub due_before: Option<DateTime<Utc>>,
}

/// The categories and places that a filter's stand for, with those below them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Below {
    categories: Vec<Uuid>,
    places: Vec<Uuid>,
}

/// Looked up ahead, so that the planner knows how many tickets the list is about.
pub(crate) async fn below(db: &mut PgConnection, filter: &Filter<'_>) -> Result<Arc<Below>, Error> {
    if let Some(known) = &filter.below {
        return Ok(known.clone());
    }
    let narrow = &filter.narrow;
    let mut found = Below::default();
    if let Some(category) = narrow.category {
        let ids = "select id from category where id = $1 or parent_id = $1";
        found.categories =
            sqlx::query_scalar(ids).bind(category.uuid()).fetch_all(&mut *db).await?;
    }
    if let Some(place) = narrow.place {
        let ids = "select below.id from place top join place below \
            on below.path = top.path or starts_with(below.path, top.path || ' ') where top.id = $1";
        found.places = sqlx::query_scalar(ids).bind(place.uuid()).fetch_all(db).await?;
    }
    Ok(Arc::new(found))
}

impl Narrow {
    /// Whether it leaves few of all tickets, however many years there are behind: what is still open.
    pub(super) fn names_few(&self) -> bool {
        let open = |stage: &Stage| !stage.is_ended();
        (!self.states.is_empty() && self.states.iter().all(open)) || self.due_before.is_some()
    }

    /// Whether an index may find what it leaves: then the planner says where to begin.
    pub(super) fn names_some(&self) -> bool {
        self.category.is_some()
            || self.place.is_some()
            || self.kind.is_some()
            || self.channel.is_some()
    }
}

pub(super) fn push(
    query: &mut QueryBuilder<Postgres>,
    narrow: &Narrow,
    below: Option<&Below>,
    now: DateTime<Utc>,
) {
    if !narrow.states.is_empty() {
        let words: Vec<_> = narrow.states.iter().map(|state| state.word().to_owned()).collect();
        query.push(" and ticket.state = any(").push_bind(words).push(")");
    }
    if let Some(unit) = narrow.unit {
        query.push(" and ticket.unit_id = ").push_bind(unit.uuid());
    }
    for (column, word) in [
        ("kind", narrow.kind.map(Kind::word)),
        ("urgency", narrow.urgency.map(Urgency::word)),
        ("channel", narrow.channel.map(Channel::word)),
    ] {
        if let Some(word) = word {
            query.push(" and ticket.").push(column).push(" = ").push_bind(word);
        }
    }
    if !narrow.oversight.is_empty() {
        let words: Vec<_> = narrow.oversight.iter().map(|level| level.word().to_owned()).collect();
        query.push(" and ticket.oversight is not null and ticket.oversight = any(");
        query.push_bind(words).push(")");
    }
    let empty = Below::default();
    let below = below.unwrap_or(&empty);
    if narrow.category.is_some() {
        query.push(" and ticket.category_id = any(").push_bind(below.categories.clone()).push(")");
    }
    if narrow.place.is_some() {
        query.push(" and ticket.place_id = any(").push_bind(below.places.clone()).push(")");
    }
    for (condition, at) in [
        (" and ticket.accepted_at >= ", narrow.from),
        (" and ticket.accepted_at < ", narrow.to),
        (" and ticket.ended_at is null and ticket.due_at < ", narrow.due_before),
    ] {
        if let Some(at) = at {
            query.push(condition).push_bind(at);
        }
    }
    for flag in &narrow.flags {
        if *flag == Flag::Late {
            let late = " and (ticket.was_late or (ticket.ended_at is null and ticket.due_at < ";
            query.push(late).push_bind(now).push("))");
            continue;
        }
        query.push(match flag {
            Flag::Late => "",
            Flag::Extended => " and ticket.extensions > 0",
            Flag::Returned => " and ticket.returns > 0",
            Flag::Rework => " and ticket.cycle > 1",
            Flag::Urged => " and ticket.urges > 0",
            Flag::Correction => " and ticket.corrections > 0",
            Flag::Sealed => " and ticket.sealed",
            Flag::Provisional => " and ticket.provisional",
            Flag::Mass => " and ticket.mass",
            Flag::MergedChildren => " and ticket.merged_children > 0",
            Flag::Suspended => " and ticket.state = 'suspended'",
            Flag::Withdrawn => " and ticket.withdrawn",
            Flag::SelfReportedContact => " and ticket.self_reported",
            Flag::RatingDoubted => " and ticket.rating_doubted",
        });
    }
}

/// How many tickets a list holds; beyond `most` it is only known that there are more.
pub(crate) async fn count(
    db: &mut PgConnection,
    filter: &Filter<'_>,
    most: i64,
) -> Result<i64, Error> {
    let mut query = QueryBuilder::new("select count(*) from (select from ticket where ");
    conditions(&mut query, filter);
    query.push(" order by ticket.id desc limit ").push_bind(most).push(") counted");
    Ok(query.build_query_scalar().persistent(false).fetch_one(db).await?)
}

/// How much of a list stands in one state, and how late it is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Load {
    pub state: String,
    pub total: i64,
    pub late: i64,
    pub due_today: i64,
    pub due_tomorrow: i64,
}

/// The load of a list by state; `today_ends` and `tomorrow_ends` are midnights.
pub(crate) async fn load(
    db: &mut PgConnection,
    filter: &Filter<'_>,
    today_ends: DateTime<Utc>,
    tomorrow_ends: DateTime<Utc>,
) -> Result<Vec<Load>, Error> {
    let mut query = QueryBuilder::new("select ticket.state, count(*) as total");
    let mut part = |name: &'static str, from: DateTime<Utc>, to: DateTime<Utc>| {
        query.push(", count(*) filter (where ticket.due_at >= ").push_bind(from);
        query.push(" and ticket.due_at < ").push_bind(to).push(") as ").push(name);
    };
    part("late", DateTime::UNIX_EPOCH, filter.now);
    part("due_today", filter.now, today_ends);
    part("due_tomorrow", today_ends, tomorrow_ends);
    query.push(" from ticket where ");
    conditions(&mut query, filter);
    query.push(" group by ticket.state order by ticket.state");
    Ok(query.build_query_as().persistent(false).fetch_all(db).await?)
}
