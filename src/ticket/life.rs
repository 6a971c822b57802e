//! A ticket's life in full: its stage, the legs of the units, the running limits. Pure data and the
//! few things that all steps share; the steps themselves are in `steps`.
use std::collections::HashMap;

use base::{LegId, StaffId, TicketId, UnitId};
use chrono::{DateTime, Utc};
use org::{Actor, Post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::calendar::{self, Limit};
use crate::error::Refused;
use crate::flow::{Limits, Rules};
use crate::kind::{Kind, Urgency};
use crate::leg::{Leg, NewLeg, runs};
use crate::outcome::{Ending, ExtensionAsk, Rating, Tell};
use crate::state::{LegMove, LegState, Move, Stage};
use crate::timer::{Clocks, Runs, Timer};

/// What a step may know besides the ticket.
#[derive(Debug, Clone, Copy)]
pub struct Ctx<'a> {
    pub at: DateTime<Utc>,
    pub actor: &'a Actor,
    pub rules: &'a Rules,
    /// The units that the step names.
    pub posts: &'a HashMap<UnitId, Post>,
}

/// A step that was taken: the life after it, and what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    pub life: Life,
    pub tells: Vec<Tell>,
    pub leg: Option<LegId>,
    pub details: Value,
    pub rating: Option<Rating>,
}

/// Where a ticket stands, in full. Each event carries what it changed of it: a field that is added
/// later needs `#[serde(default)]`, so that older histories can be folded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Life {
    pub id: TicketId,
    pub kind: Kind,
    pub urgency: Urgency,
    /// There is somebody who can be called back.
    pub reachable: bool,
    /// 0 to 99: whether it is in the sample to be followed up.
    pub draw: u8,
    pub stage: Stage,
    /// 1, and one more for each rework.
    pub cycle: i16,
    pub accepted_at: DateTime<Utc>,
    /// The one date that the citizen was told.
    pub promise: DateTime<Utc>,
    pub legs: Vec<Leg>,
    pub timers: Vec<Timer>,
    pub returns: i16,
    pub corrections: i16,
    pub extensions: i16,
    pub extension_days: i16,
    pub urges: i16,
    pub misses: i16,
    pub last_miss: Option<DateTime<Utc>>,
    pub dispatchers: Vec<StaffId>,
    pub reviewers: Vec<StaffId>,
    pub followers: Vec<StaffId>,
    pub extension: Option<ExtensionAsk>,
    pub ending: Option<Ending>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// What a life begins with.
#[derive(Debug, Clone, Copy)]
pub struct Birth {
    pub id: TicketId,
    pub kind: Kind,
    pub urgency: Urgency,
    pub reachable: bool,
    pub draw: u8,
    pub at: DateTime<Utc>,
    /// The due date of an outside platform; the earlier one counts.
    pub outside_due: Option<DateTime<Utc>>,
}

impl Life {
    /// A request that was just taken down (受理).
    pub fn begin(birth: Birth, rules: &Rules) -> Result<Self, calendar::Error> {
        let Birth { id, kind, urgency, reachable, draw, at, outside_due } = birth;
        let limits = rules.limits(kind, urgency);
        let own = rules.unit_due(at, limits.reply)?;
        let promise = outside_due.map_or(own, |outside| own.min(outside));
        let mut life = Self {
            id,
            kind,
            urgency,
            reachable,
            draw,
            stage: Stage::Accepted,
            cycle: 1,
            accepted_at: at,
            promise,
            legs: Vec::new(),
            timers: Vec::new(),
            returns: 0,
            corrections: 0,
            extensions: 0,
            extension_days: 0,
            urges: 0,
            misses: 0,
            last_miss: None,
            dispatchers: Vec::new(),
            reviewers: Vec::new(),
            followers: Vec::new(),
            extension: None,
            ending: None,
            ended_at: None,
        };
        let dispatch = rules.hotline_due(at, limits.dispatch)?;
        life.start(
            rules,
            Clocks::Dispatch,
            None,
            runs(limits.dispatch, Runs::Hotline),
            at,
            dispatch,
        );
        life.start(rules, Clocks::Whole, None, runs(limits.reply, Runs::Office), at, promise);
        Ok(life)
    }

    /// The limits that hold for it.
    pub fn limits<'a>(&self, rules: &'a Rules) -> &'a Limits {
        rules.limits(self.kind, self.urgency)
    }

    /// The limit of the present cycle.
    pub(crate) fn reply_limit(&self, rules: &Rules) -> Limit {
        let limits = self.limits(rules);
        if self.cycle == 1 { limits.reply } else { limits.rework }
    }

    /// The leg that answers for the ticket in this cycle.
    pub fn lead(&self) -> Option<&Leg> {
        self.legs.iter().rev().find(|leg| {
            leg.cycle == self.cycle && leg.is_root_lead() && leg.state != LegState::Returned
        })
    }

    /// The due that matters where it stands now.
    pub fn due(&self) -> Option<DateTime<Utc>> {
        let running = |name| {
            let mut timers = self.timers.iter().rev();
            timers.find(|timer| timer.name == name && timer.is_running()).map(|timer| timer.due_at)
        };
        match self.stage {
            Stage::Accepted => running(Clocks::Dispatch),
            Stage::Dispatched | Stage::Handling | Stage::ReturnAsked | Stage::Correction => {
                self.lead().map(|leg| leg.due_at)
            }
            Stage::InReview => running(Clocks::Review),
            Stage::InFollowUp => running(Clocks::FollowUp),
            Stage::Disputed | Stage::Closed | Stage::NotAccepted | Stage::Cancelled => None,
        }
    }

    /// The step of the ticket as a whole; a refusal in words when there is none.
    pub(crate) fn go(&mut self, step: Move, verb: &str) -> Result<(), Refused> {
        self.stage = self.stage.after(step).ok_or_else(|| self.wrong_state(verb))?;
        Ok(())
    }

    pub(crate) fn wrong_state(&self, verb: &str) -> Refused {
        Refused::WrongState {
            stage: self.stage,
            why: format!("工单{}，不能{verb}", self.stage.label()),
        }
    }

    pub(crate) fn wrong(&self, why: &str) -> Refused {
        Refused::WrongState { stage: self.stage, why: why.to_owned() }
    }

    pub(crate) fn go_leg(&mut self, i: usize, step: LegMove, verb: &str) -> Result<(), Refused> {
        let state = self.legs[i].state.after(step);
        self.legs[i].state = state.ok_or_else(|| {
            let label = self.legs[i].state.label();
            self.wrong(&format!("本环节{label}，不能{verb}"))
        })?;
        Ok(())
    }

    /// Opens a leg with its clocks, all running from the dispatch.
    pub(crate) fn open_leg(
        &mut self,
        ctx: &Ctx<'_>,
        new: &NewLeg<'_>,
    ) -> Result<LegId, calendar::Error> {
        let limits = self.limits(ctx.rules).clone();
        let at = ctx.at;
        let id = self.leg_id();
        let due_of = |limit: Option<Limit>| limit.map(|l| ctx.rules.unit_due(at, l)).transpose();
        let sign_due = due_of(limits.sign)?;
        let own = ctx.rules.unit_due(at, self.reply_limit(ctx.rules))?;
        // A unit that gets it when the promise leaves no time is judged on its own limit.
        let due = match new.not_after {
            Some(not_after) if not_after > sign_due.unwrap_or(at) => own.min(not_after),
            _ => own,
        };
        self.legs.push(Leg {
            id,
            unit: new.unit.clone(),
            lead: new.lead,
            parent: new.parent,
            cycle: self.cycle,
            state: LegState::Dispatched,
            dispatched_at: at,
            dispatched_by: ctx.actor.staff,
            sign_due,
            signed_at: None,
            auto_signed: false,
            return_due: due_of(limits.ask_return)?,
            return_asked: false,
            binding: new.binding,
            due_at: due,
            replied_at: None,
            ended_at: None,
            reply: None,
        });
        if let (Some(limit), Some(sign_due)) = (limits.sign, sign_due) {
            self.start(ctx.rules, Clocks::Sign, Some(id), runs(limit, Runs::Office), at, sign_due);
        }
        let limit = self.reply_limit(ctx.rules);
        self.start(ctx.rules, Clocks::Handling, Some(id), runs(limit, Runs::Office), at, due);
        Ok(id)
    }

    /// Ends all that is still running; the legs that answered are done.
    pub(crate) fn end(&mut self, ending: Ending, at: DateTime<Utc>) {
        self.end_legs(at);
        self.stop_timers(at);
        self.extension = None;
        self.ending = Some(ending);
        self.ended_at = Some(at);
    }

    pub(crate) fn end_legs(&mut self, at: DateTime<Utc>) {
        for leg in &mut self.legs {
            let step =
                if leg.state == LegState::Replied { LegMove::Finish } else { LegMove::Recall };
            if let Some(state) = leg.state.after(step) {
                leg.state = state;
                leg.ended_at = Some(at);
            }
        }
    }

    /// The same for every replay: made of the ticket and the leg's place in it.
    fn leg_id(&self) -> LegId {
        let mut hash = Sha256::new();
        hash.update(self.id.uuid().as_bytes());
        hash.update(u64::try_from(self.legs.len()).unwrap_or(u64::MAX).to_be_bytes());
        let bytes: [u8; 16] = hash.finalize()[..16].try_into().expect("sixteen bytes");
        LegId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}
