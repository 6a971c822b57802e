//! Lists of tickets: the viewer's range, the box, the filters, page by page.
use std::sync::Arc;

use base::{CallId, PersonId, StaffId, TicketId};
use chrono::{DateTime, TimeDelta, Utc};
use org::{Actor, Range, Role};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::narrow::{self, Below, Narrow};
use crate::error::Error;
use crate::number::Number;
use crate::state::Stage;

/// A line of a list.
#[expect(clippy::struct_excessive_bools, reason = "the columns of a row")]
#[derive(Debug, Clone, FromRow)]
pub struct Row {
    pub id: TicketId,
    pub number: String,
    pub version: i64,
    pub title: String,
    pub kind: String,
    pub urgency: String,
    pub state: String,
    pub unit_name: Option<String>,
    pub accepted_at: DateTime<Utc>,
    pub promise_at: DateTime<Utc>,
    pub due_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub provisional: bool,
    pub was_late: bool,
    pub channel: String,
    pub place_path: Option<String>,
    pub sealed: bool,
    pub person_id: Option<PersonId>,
    pub cycle: i16,
    pub returns: i16,
    pub corrections: i16,
    pub extensions: i16,
    pub urges: i16,
    pub oversight: Option<String>,
    pub mass: bool,
    pub withdrawn: bool,
    pub self_reported: bool,
    pub rating_doubted: bool,
    pub merged_children: i16,
    pub demo: bool,
}

/// In which order, and so by what a page ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// What is due first; for work to be done.
    Due,
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// Where the page before ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub at: Option<DateTime<Utc>>,
    pub id: TicketId,
}

/// What a list shows.
#[derive(Debug, Clone)]
pub struct Filter<'a> {
    pub viewer: &'a Actor,
    pub which: crate::Box,
    pub state: Option<Stage>,
    pub text: &'a str,
    /// What the text finds, once it was looked for: see [`crate::searched`].
    pub hits: Option<Arc<[TicketId]>>,
    pub late: bool,
    pub narrow: Narrow,
    /// What its category and place stand for: see [`crate::searched`].
    pub below: Option<Arc<Below>>,
    /// Instead of the order that the box has.
    pub order: Option<Sort>,
    /// Of one citizen only.
    pub person: Option<PersonId>,
    /// From one call only.
    pub call: Option<CallId>,
    pub after: Option<Page>,
    pub most: i64,
    pub now: DateTime<Utc>,
}

impl<'a> Filter<'a> {
    /// Everything the viewer may see in this box, the first page.
    pub fn new(viewer: &'a Actor, which: crate::Box, now: DateTime<Utc>) -> Self {
        Self {
            viewer,
            which,
            state: None,
            text: "",
            hits: None,
            late: false,
            narrow: Narrow::default(),
            below: None,
            order: None,
            person: None,
            call: None,
            after: None,
            most: 50,
            now,
        }
    }

    /// Work by due, everything else by age.
    pub fn sort(&self) -> Sort {
        let usual = if self.which == crate::Box::Todo { Sort::Due } else { Sort::Newest };
        self.order.unwrap_or(usual)
    }
}

pub(super) const COLUMNS: &str = ") select ticket.id, ticket.number, ticket.version, ticket.title, ticket.kind, ticket.urgency, \
    ticket.state, unit.name as unit_name, ticket.accepted_at, ticket.promise_at, ticket.due_at, \
    ticket.ended_at, ticket.provisional, ticket.was_late, ticket.channel, place.path as place_path, \
    ticket.sealed, ticket.person_id, ticket.cycle, ticket.returns, ticket.corrections, ticket.extensions, ticket.urges, \
    ticket.oversight, ticket.mass, ticket.withdrawn, ticket.self_reported, ticket.rating_doubted, ticket.merged_children, ticket.demo \
    from page join ticket on ticket.id = page.id \
    left join unit on unit.id = ticket.unit_id left join place on place.id = ticket.place_id order by ";

/// A page is found by ids alone and joined to the rest afterwards. A ticket's id begins with the
/// moment of its acceptance, so that every index that ends with an id also gives the newest first.
/// Planned for each call: what is cheap for one unit is dear for another.
pub(crate) async fn list(db: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<Row>, Error> {
    let mut query = QueryBuilder::new("with page as materialized (");
    let range = filter.viewer.range();
    let order = match filter.sort() {
        Sort::Due => "coalesce(ticket.due_at, 'infinity'), ticket.id",
        Sort::Newest => "ticket.id desc",
        Sort::Oldest => "ticket.id",
    };
    match (filter.which, filter.sort()) {
        // few tickets are so: those are found first, and then whether they are the viewer's
        (which, Sort::Newest | Sort::Oldest)
            if filter.narrow.names_few()
                && which != crate::Box::Todo
                && (range != Range::City || which != crate::Box::All) =>
        {
            few_by_age(&mut query, filter);
        }
        (crate::Box::Mine, Sort::Newest | Sort::Oldest) if !filter.narrow.names_some() => {
            mine_by_age(&mut query, filter);
        }
        (crate::Box::All | crate::Box::Unit, Sort::Newest | Sort::Oldest)
            if filter.which == crate::Box::Unit || matches!(range, Range::Unit(_)) =>
        {
            of_units_by_age(&mut query, filter, &range);
        }
        (_, sort) => {
            query.push("select ticket.id from ticket where ");
            conditions(&mut query, filter);
            match sort {
                Sort::Due => {
                    query.push(" and ticket.ended_at is null"); // what has ended has no due
                    after_due(&mut query, filter);
                }
                Sort::Newest | Sort::Oldest => from_age(&mut query, filter, "ticket.id"),
            }
            query.push(" order by ").push(order).push(" limit ").push_bind(filter.most);
        }
    }
    query.push(COLUMNS).push(order);
    Ok(query.build_query_as::<Row>().persistent(false).fetch_all(db).await?)
}

/// Everything that a ticket has to be, to stand in the list.
pub(super) fn conditions(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    query.push("true");
    visible(query, filter.viewer);
    in_box(query, filter);
    filters(query, filter);
}

/// What the filters ask for, whatever the box.
fn filters(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    not_about_them(query, filter.viewer);
    if let Some(state) = filter.state {
        query.push(" and ticket.state = ").push_bind(state.word());
    }
    if filter.late {
        query.push(" and (ticket.was_late or (ticket.ended_at is null and ticket.due_at < ");
        query.push_bind(filter.now).push("))");
    }
    if let Some(person) = filter.person {
        query.push(" and ticket.person_id = ").push_bind(person.uuid());
    }
    if let Some(call) = filter.call {
        query.push(" and ticket.call_id = ").push_bind(call.uuid());
    }
    accepted_between(query, filter, "ticket.id");
    narrow::push(query, &filter.narrow, filter.below.as_deref(), filter.now);
    words(query, filter);
}

/// From the legs of each unit in the range one page, and of these the first.
fn of_units_by_age(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>, range: &Range) {
    let newest = filter.sort() == Sort::Newest;
    query.push(
        "select distinct few.id from unit among cross join lateral (select leg.ticket_id as id \
        from leg_key leg join ticket on ticket.id = leg.ticket_id where leg.unit_id = among.id",
    );
    from_age(query, filter, "leg.ticket_id");
    filters(query, filter);
    query.push(" group by leg.ticket_id order by leg.ticket_id");
    query.push(if newest { " desc limit " } else { " limit " }).push_bind(filter.most);
    query.push(") few where ");
    range.push(query, "among.id");
    if filter.which == crate::Box::Unit {
        let own = filter.viewer.post.as_ref().map(|post| post.unit.uuid());
        query.push(" and among.id = ").push_bind(own);
    }
    query.push(" order by few.id");
    query.push(if newest { " desc limit " } else { " limit " }).push_bind(filter.most);
}

/// Those that the filters name, and of these the viewer's own: each asked by key. In two steps, or
/// the planner goes backwards along the key until a page is full, to the beginning if it never is.
fn few_by_age(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    query.push("with few as materialized (select ticket.id from ticket where true");
    from_age(query, filter, "ticket.id");
    filters(query, filter);
    query.push(") select ticket.id from few join ticket on ticket.id = few.id where true");
    visible(query, filter.viewer);
    in_box(query, filter);
    let newest = filter.sort() == Sort::Newest;
    query.push(" order by ticket.id").push(if newest { " desc limit " } else { " limit " });
    query.push_bind(filter.most);
}

/// What the viewer had a hand in: everything that is done leaves an event.
fn mine_by_age(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    query.push(
        "select event.ticket_id as id from hand_key event \
        join ticket on ticket.id = event.ticket_id where event.staff_id = ",
    );
    query.push_bind(filter.viewer.staff.map(StaffId::uuid));
    from_age(query, filter, "event.ticket_id");
    visible(query, filter.viewer);
    filters(query, filter);
    let newest = filter.sort() == Sort::Newest;
    query.push(" group by event.ticket_id order by event.ticket_id");
    query.push(if newest { " desc limit " } else { " limit " }).push_bind(filter.most);
}

/// The viewer's range: a ticket is seen by every unit that has, or had, a leg of it.
fn visible(query: &mut QueryBuilder<Postgres>, viewer: &Actor) {
    match viewer.range() {
        Range::City => {}
        // a hub has a part of all tickets: whether one is of it stands in the row
        Range::Below(below) => {
            query
                .push(" and ticket.readers @> array[")
                .push_bind(below.top().to_owned())
                .push("]::text[]");
        }
        range => {
            query.push(" and exists (select from leg_key leg where leg.ticket_id = ticket.id and ");
            range.push(query, "leg.unit_id");
            query.push(")");
        }
    }
}

/// Nobody reads a complaint about the own unit, or one above it (回避).
fn not_about_them(query: &mut QueryBuilder<Postgres>, viewer: &Actor) {
    if let Some(post) = &viewer.post {
        query.push(" and not ticket.avoided && path_line(").push_bind(post.path.clone()).push(")");
    }
}

fn in_box(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    let viewer = filter.viewer;
    match filter.which {
        crate::Box::All => {}
        crate::Box::Unit => {
            let unit = viewer.post.as_ref().map(|post| post.unit.uuid());
            query.push(
                " and ticket.id in (select own.ticket_id from leg_key own where own.unit_id = ",
            );
            query.push_bind(unit).push(")");
        }
        crate::Box::Mine => {
            let me = viewer.staff.map(StaffId::uuid);
            query.push(
                " and exists (select from hand_key event where event.ticket_id = ticket.id and event.staff_id = ",
            );
            query.push_bind(me).push(")");
        }
        crate::Box::Todo => todo(query, viewer),
    }
}

/// What waits for this person, by role: each part by an index of its own.
fn todo(query: &mut QueryBuilder<Postgres>, viewer: &Actor) {
    query.push(
        " and ticket.ended_at is null and ticket.id in (with waits as materialized (select null::uuid as id",
    );
    for (role, condition) in [
        (Role::Dispatcher, "state in ('accepted', 'return_asked', 'transferred_out')"),
        (Role::Dispatcher, "extension is not null"),
        (Role::Dispatcher, "asks && '{change}' and asks <> '{}'"),
        (
            Role::Supervisor,
            "state in ('disputed', 'return_asked', 'in_arbitration', 'withdrawal', 'final_review', 'suspended')",
        ),
        (Role::Supervisor, "extension is not null"),
        (Role::Supervisor, "asks && '{suspension,change}' and asks <> '{}'"),
        (Role::Reviewer, "state = 'in_review'"),
        (Role::FollowUp, "state in ('in_follow_up', 'disputed')"),
        (Role::Oversight, "oversight is not null"),
    ] {
        if viewer.has(role) {
            query.push(" union all select id from ticket where ended_at is null and ");
            query.push(condition);
        }
    }
    if viewer.has(Role::Agent) {
        query.push(" union all select id from ticket where ended_at is null and accepted_by = ");
        query.push_bind(viewer.staff.map(StaffId::uuid));
    }
    let unit_side = viewer.has_any(&[Role::Clerk, Role::Hub, Role::Leader]);
    if let Some(post) = viewer.post.as_ref().filter(|_| unit_side) {
        query.push(
            " union all select own.ticket_id from leg_key own \
             join ticket whole on whole.id = own.ticket_id and whole.cycle = own.cycle \
             where own.ended_at is null and own.state in ('dispatched', 'handling', 'correction', 'in_approval') and own.unit_id = ",
        );
        query.push_bind(post.unit.uuid());
        query.push(
            " union all select own.ticket_id from leg_key above \
             join leg_key own on own.parent_id = above.id and own.state = 'return_asked' \
             join ticket whole on whole.id = own.ticket_id and whole.cycle = own.cycle \
             where above.unit_id = ",
        );
        query.push_bind(post.unit.uuid()).push(" and above.ended_at is null");
    }
    query.push(") select id from waits)");
}

fn words(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    let text = filter.text.trim();
    if text.is_empty() {
        return;
    }
    if let Ok(number) = text.parse::<Number>() {
        query.push(" and ticket.digits = ").push_bind(number.digits());
        return;
    }
    let hits = filter.hits.iter().flat_map(|hits| hits.iter());
    let hits: Vec<_> = hits.map(|id| id.uuid()).collect();
    query.push(" and ticket.id = any(").push_bind(hits).push(")");
}

/// Goes on where the page before ended.
fn from_age(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>, column: &'static str) {
    if let Some(Page { id, .. }) = filter.after {
        let older = if filter.sort() == Sort::Newest { " < " } else { " > " };
        query.push(" and ").push(column).push(older).push_bind(id.uuid());
    }
    accepted_between(query, filter, column);
}

/// The ids of the tickets that were accepted in the filter's time.
fn accepted_between(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>, column: &'static str) {
    // the least id of that millisecond
    let first = |at: DateTime<Utc>| TicketId::new(at, [0; 10]).uuid();
    if let Some(from) = filter.narrow.from {
        query.push(" and ").push(column).push(" >= ").push_bind(first(from));
    }
    if let Some(to) = filter.narrow.to {
        let next = first(to + TimeDelta::milliseconds(1));
        query.push(" and ").push(column).push(" < ").push_bind(next);
    }
}

fn after_due(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    if let Some(after) = filter.after {
        query.push(" and (coalesce(ticket.due_at, 'infinity'), ticket.id) > (coalesce(");
        query.push_bind(after.at).push("::timestamptz, 'infinity'), ");
        query.push_bind(after.id.uuid()).push(")");
    }
}
