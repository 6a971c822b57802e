//! A ticket's life in full: its stage, the legs of the units, the running limits. Pure data and the
//! few things that all steps share; the steps themselves are in `steps`.
use base::{CategoryId, LegId, PlaceId, StaffId, TicketId, UnitId};
use chrono::{DateTime, Utc};
use org::Post;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::calendar::{self, Limit};
use crate::error::Refused;
use crate::flow::{Limits, Rules};
use crate::kind::{Kind, Urgency};
use crate::known::Ctx;
use crate::leg::{Leg, NewLeg, runs};
use crate::outcome::{Ending, ExtensionAsk, Rating, Tell};
use crate::side::{Against, Side};
use crate::state::{LegMove, LegState, Move, Stage};
use crate::timer::{Clocks, Runs, Timer};

/// A step that was taken: the life after it, and what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    pub life: Life,
    pub tells: Vec<Tell>,
    pub leg: Option<LegId>,
    pub details: Value,
    pub rating: Option<Rating>,
    /// What became different of the request itself.
    pub request: RequestChange,
    /// The tickets that were joined to it: their citizens have their answer.
    pub answers_children: bool,
}

/// What a step changes of the request as it was taken down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestChange {
    pub category: Option<CategoryId>,
    pub place: Option<PlaceId>,
    pub wants_reply: Option<bool>,
    pub sealed: bool,
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
    /// Who is complained about (被投诉单位).
    #[serde(default)]
    pub against: Vec<Against>,
    #[serde(default)]
    pub side: Side,
}

/// What a life begins with.
#[derive(Debug, Clone)]
pub struct Birth {
    pub id: TicketId,
    pub kind: Kind,
    pub urgency: Urgency,
    pub reachable: bool,
    pub draw: u8,
    pub at: DateTime<Utc>,
    /// The due date of an outside platform; the earlier one counts.
    pub outside_due: Option<DateTime<Utc>>,
    pub against: Vec<Against>,
}

impl Life {
    /// A request that was just taken down (受理).
    pub fn begin(birth: Birth, rules: &Rules) -> Result<Self, calendar::Error> {
        let Birth { id, kind, urgency, reachable, draw, at, outside_due, against } = birth;
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
            against,
            side: Side::default(),
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
        if matches!(self.stage, Stage::Accepted | Stage::InArbitration | Stage::TransferredOut) {
            return None;
        }
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
            Stage::InArbitration => running(Clocks::Arbitration),
            Stage::Suspended => running(Clocks::SuspensionReview),
            Stage::FinalReview => running(Clocks::DecideFinal),
            Stage::Withdrawal => running(Clocks::DecideWithdrawal),
            Stage::Disputed
            | Stage::TransferredOut
            | Stage::Merged
            | Stage::Closed
            | Stage::NotAccepted
            | Stage::Cancelled
            | Stage::Archived => None,
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
        let level = new.unit.level;
        let limits = ctx.rules.limits_at(self.kind, self.urgency, level).clone();
        let limit = if self.cycle == 1 { limits.reply } else { limits.rework };
        let at = ctx.at;
        let id = self.leg_id();
        let due_of = |limit: Option<Limit>| limit.map(|l| ctx.rules.unit_due(at, l)).transpose();
        let sign_due = due_of(limits.sign)?;
        let own = ctx.rules.unit_due(at, limit)?;
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
        self.start(ctx.rules, Clocks::Handling, Some(id), runs(limit, Runs::Office), at, due);
        let first = limits.first_contact.filter(|_| new.lead && new.parent.is_none());
        if let Some(limit) = first.filter(|_| self.reachable) {
            let due = ctx.rules.unit_due(at, limit)?;
            let hours = runs(limit, Runs::Office);
            self.start(ctx.rules, Clocks::FirstContact, Some(id), hours, at, due);
        }
        Ok(id)
    }

    /// Ends all that is still running; the legs that answered are done.
    pub(crate) fn end(&mut self, ending: Ending, at: DateTime<Utc>) {
        self.end_legs(at);
        self.stop_timers(at);
        self.extension = None;
        self.side.suspension_ask = None;
        self.side.change = None;
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

    /// The unit that was the first to get it, and stays answerable for it (首接负责).
    pub fn first_unit(&self) -> Option<&Post> {
        self.legs.iter().find(|leg| leg.is_root_lead()).map(|leg| &leg.unit)
    }

    /// The units that led it, each once: from the third on only a meeting can name one.
    pub(crate) fn led_by(&self) -> Vec<UnitId> {
        let mut units = Vec::new();
        for leg in self.legs.iter().filter(|leg| leg.is_root_lead()) {
            if !units.contains(&leg.unit.unit) {
                units.push(leg.unit.unit);
            }
        }
        units
    }

    /// The same for every replay: made of the ticket and the leg's place in it.
    fn leg_id(&self) -> LegId {
        LegId::from_uuid(self.made_id("", self.legs.len()))
    }

    /// A name that every replay makes alike.
    pub(crate) fn made_id(&self, of: &str, place: usize) -> Uuid {
        let mut hash = Sha256::new();
        hash.update(self.id.uuid().as_bytes());
        hash.update(of.as_bytes());
        hash.update(u64::try_from(place).unwrap_or(u64::MAX).to_be_bytes());
        let bytes: [u8; 16] = hash.finalize()[..16].try_into().expect("sixteen bytes");
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}
