//! Who works when, so that nobody of the demonstration is in two calls at once.
use base::AgentId;
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

use crate::callbacks::local;
use crate::facts::AgentCard;

type Span = (DateTime<Utc>, DateTime<Utc>);

/// Bookings looked back on: half a day of an agent's calls.
const BACK: usize = 60;

/// The agents' days.
pub(crate) struct Roster {
    agents: Vec<(AgentId, Vec<Span>)>,
}

impl Roster {
    pub(crate) fn new(agents: &[AgentCard]) -> Self {
        Self { agents: agents.iter().map(|agent| (agent.id, Vec::new())).collect() }
    }

    /// Keeps a time free for a call that only this agent can have had.
    pub(crate) fn reserve(&mut self, agent: AgentId, from: DateTime<Utc>, to: DateTime<Utc>) {
        if let Some((_, spans)) = self.agents.iter_mut().find(|(id, _)| *id == agent) {
            spans.push((from, to));
        }
    }

    /// For whom a time was reserved; for a stranger as [`Roster::book`].
    pub(crate) fn book_for(
        &mut self,
        agent: Option<AgentId>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> AgentId {
        let known = self.agents.iter().map(|(id, _)| *id).find(|id| Some(*id) == agent);
        known.unwrap_or_else(|| self.book(from, to))
    }

    /// Books whoever is at work and has been idle longest. When everybody is busy, one who is off.
    pub(crate) fn book(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> AgentId {
        let to = to + TimeDelta::seconds(20); // after-call work
        let free =
            |spans: &[Span]| spans.iter().rev().take(BACK).all(|(a, b)| to <= *a || from >= *b);
        let idle_since = |spans: &[Span]| {
            spans.iter().rev().take(BACK).map(|(_, b)| *b).filter(|b| *b <= from).max()
        };
        let best = (0..self.agents.len())
            .min_by_key(|at| {
                let spans = &self.agents[*at].1;
                (!free(spans), !at_work(*at, from), idle_since(spans))
            })
            .expect("there are agents");
        let (id, spans) = &mut self.agents[best];
        spans.push((from, to));
        *id
    }
}

/// One in four works the night, another one each day; the others work by day.
fn at_work(agent: usize, at: DateTime<Utc>) -> bool {
    let here = local(at);
    let turn = usize::try_from(here.num_days_from_ce()).unwrap_or_default();
    let night_turn = (agent + turn).is_multiple_of(4);
    let by_day = (7..21).contains(&here.hour());
    by_day != night_turn
}
