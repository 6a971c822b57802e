//! Calls that begin here: an agent calls back whoever was not served, a unit or the follow-up desk calls
//! a ticket's citizen.
use base::{AgentId, CallId, PhoneNumber};
use queue::Refused;
use uuid::Uuid;

use crate::command::{CallBack, CallCitizen, Error};
use crate::facts::{Direction, Errand, Facts, Hotline};
use crate::run::Conductor;
use crate::state::Call;

/// What a call that begins here is for.
struct CallOut {
    number: PhoneNumber,
    hotline: Hotline,
    callback: Option<Uuid>,
    errand: Option<Errand>,
}

impl Conductor {
    pub(crate) fn call_back(&mut self, agent: AgentId, back: CallBack) -> Result<CallId, Error> {
        let hotline = self.directory.find(&back.hotline).cloned();
        let out = CallOut {
            hotline: hotline.unwrap_or_else(|| nameless(back.hotline)),
            number: back.number,
            callback: Some(back.task),
            errand: None,
        };
        self.call_out(agent, out)
    }

    pub(crate) fn call_citizen(
        &mut self,
        agent: AgentId,
        to: CallCitizen,
    ) -> Result<CallId, Error> {
        let hotline = self.config.hotlines.last().cloned().ok_or(Error::NoTrunk)?;
        let (number, errand) = (to.number, Some(to.errand));
        self.call_out(agent, CallOut { number, hotline, callback: None, errand })
    }

    fn call_out(&mut self, agent: AgentId, out: CallOut) -> Result<CallId, Error> {
        if self.config.out_trunk.is_none() {
            return Err(Error::NoTrunk);
        }
        let card = self.agents.get(&agent).cloned().ok_or(Refused::UnknownAgent)?;
        let now = self.clock.now();
        let id = CallId::new(now, self.dice.bytes());
        let told = self.queue.call_out(agent, id, now)?;
        let CallOut { number, hotline, callback, errand } = out;
        let facts = Facts {
            id,
            direction: Direction::Out,
            hotline: hotline.number.clone(),
            hotline_name: hotline.name.clone(),
            dialled: hotline.number.clone(),
            trunk: self.config.out_trunk.clone(),
            withheld: false,
            invite_at: now,
            queued_at: None,
            answered_at: None,
            talk_ended_at: None,
            ended_at: None,
            agent: Some(agent),
            ending: None,
            rating: None,
            callback,
            errand,
            demo: self.config.demo,
        };
        let (call, actions) = Call::outgoing(facts, hotline, card, self.config.patience);
        self.shown.insert(agent, id);
        self.open_line(call, Some(number), None);
        self.queued(told);
        for action in actions {
            self.act(id, action);
        }
        Ok(id)
    }
}

/// A line that is no longer among those of the city.
fn nameless(number: String) -> Hotline {
    Hotline { name: number.clone(), number, needs: queue::Skills::default(), priority: 0 }
}
