//! Lists of tickets: the viewer's range, the box, the filters, page by page.
use base::{CallId, PersonId, StaffId, TicketId};
use chrono::{DateTime, Utc};
use org::{Actor, Range, Role};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::narrow::{self, Narrow};
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
    pub late: bool,
    pub narrow: Narrow,
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
            late: false,
            narrow: Narrow::default(),
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

const COLUMNS: &str = "select ticket.id, ticket.number, ticket.version, ticket.title, ticket.kind, ticket.urgency, \
    ticket.state, unit.name as unit_name, ticket.accepted_at, ticket.promise_at, ticket.due_at, \
    ticket.ended_at, ticket.provisional, ticket.was_late, ticket.channel, place.path as place_path, \
    ticket.sealed, ticket.person_id, ticket.cycle, ticket.returns, ticket.corrections, ticket.extensions, ticket.urges, ticket.demo \
    from ticket left join unit on unit.id = ticket.unit_id left join place on place.id = ticket.place_id where ";

pub(crate) async fn list(db: &mut PgConnection, filter: &Filter<'_>) -> Result<Vec<Row>, Error> {
    let mut query = QueryBuilder::new(COLUMNS);
    conditions(&mut query, filter);
    page(&mut query, filter);
    Ok(query.build_query_as::<Row>().fetch_all(db).await?)
}

/// Everything that a ticket has to be, to stand in the list.
pub(super) fn conditions(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    visible(query, filter.viewer);
    in_box(query, filter);
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
    narrow::push(query, &filter.narrow, filter.now);
    words(query, filter);
}

/// The viewer's range: a ticket is seen by every unit that has, or had, a leg of it.
fn visible(query: &mut QueryBuilder<Postgres>, viewer: &Actor) {
    match viewer.range() {
        Range::City => query.push("true"),
        range => {
            query.push("exists (select from handling_leg leg where leg.ticket_id = ticket.id and ");
            range.push(query, "leg.unit_id");
            query.push(")")
        }
    };
}

fn in_box(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    let viewer = filter.viewer;
    match filter.which {
        crate::Box::All => {}
        crate::Box::Unit => {
            let unit = viewer.post.as_ref().map(|post| post.unit.uuid());
            query.push(" and exists (select from handling_leg own where own.ticket_id = ticket.id and own.unit_id = ");
            query.push_bind(unit).push(")");
        }
        crate::Box::Mine => {
            let me = viewer.staff.map(StaffId::uuid);
            query.push(" and (ticket.accepted_by = ").push_bind(me);
            for list in ["dispatchers", "reviewers", "followers"] {
                query.push(" or ").push_bind(me).push(" = any(ticket.").push(list).push(")");
            }
            query.push(" or exists (select from ticket_history event where event.ticket_id = ticket.id and event.staff_id = ");
            query.push_bind(me).push("))");
        }
        crate::Box::Todo => todo(query, viewer),
    }
}

/// What waits for this person, by role.
fn todo(query: &mut QueryBuilder<Postgres>, viewer: &Actor) {
    query.push(" and ticket.ended_at is null and (false");
    for (role, condition) in [
        (
            Role::Dispatcher,
            "ticket.state in ('accepted', 'return_asked') or ticket.extension is not null",
        ),
        (
            Role::Supervisor,
            "ticket.state in ('disputed', 'return_asked') or ticket.extension is not null",
        ),
        (Role::Reviewer, "ticket.state = 'in_review'"),
        (Role::FollowUp, "ticket.state in ('in_follow_up', 'disputed')"),
    ] {
        if viewer.has(role) {
            query.push(" or ").push(condition);
        }
    }
    if viewer.has(Role::Agent) {
        query.push(" or ticket.accepted_by = ").push_bind(viewer.staff.map(StaffId::uuid));
    }
    let unit_side = viewer.has_any(&[Role::Clerk, Role::Hub, Role::Leader]);
    if let Some(post) = viewer.post.as_ref().filter(|_| unit_side) {
        query.push(
            " or exists (select from handling_leg own left join handling_leg above on above.id = own.parent_id \
             where own.ticket_id = ticket.id and own.cycle = ticket.cycle and \
             ((own.state in ('dispatched', 'handling', 'correction') and own.unit_id = ",
        );
        query.push_bind(post.unit.uuid());
        query.push(") or (own.state = 'return_asked' and above.unit_id = ");
        query.push_bind(post.unit.uuid()).push(")))");
    }
    query.push(")");
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
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let like = format!("%{escaped}%");
    query.push(" and (ticket.number ilike ").push_bind(like.clone());
    query.push(" or (ticket.title ilike ").push_bind(like.clone());
    query.push(" or ticket.content ilike ").push_bind(like).push(")");
    if filter.viewer.range() != Range::City {
        // a search that finds by a hidden name tells the name
        query.push(" and not ticket.sealed");
    }
    query.push(")");
}

fn page(query: &mut QueryBuilder<Postgres>, filter: &Filter<'_>) {
    match filter.sort() {
        Sort::Due => {
            if let Some(after) = filter.after {
                query.push(" and (coalesce(ticket.due_at, 'infinity'), ticket.id) > (coalesce(");
                query.push_bind(after.at).push("::timestamptz, 'infinity'), ");
                query.push_bind(after.id.uuid()).push(")");
            }
            query.push(" order by coalesce(ticket.due_at, 'infinity'), ticket.id limit ");
        }
        Sort::Oldest => {
            if let Some(Page { at: Some(at), id }) = filter.after {
                query.push(" and (ticket.accepted_at, ticket.id) > (").push_bind(at).push(", ");
                query.push_bind(id.uuid()).push(")");
            }
            query.push(" order by ticket.accepted_at, ticket.id limit ");
        }
        Sort::Newest => {
            if let Some(Page { at: Some(at), id }) = filter.after {
                query.push(" and (ticket.accepted_at, ticket.id) < (").push_bind(at).push(", ");
                query.push_bind(id.uuid()).push(")");
            }
            query.push(" order by ticket.accepted_at desc, ticket.id desc limit ");
        }
    }
    query.push_bind(filter.most);
}
