//! Who may take which step, now: one function for the list of buttons and for the steps
//! themselves. Pure.
mod city;
mod unit;

use org::{Actor, Denied, Post, Right, Role, Thing};

use crate::action::Verb;
use crate::error::Refused;
use crate::form::Field;
use crate::known::Ctx;
use crate::life::Life;
use crate::state::{LegState, Stage};

/// A step as the viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Offer {
    pub name: &'static str,
    pub label: &'static str,
    pub enabled: bool,
    pub why_not: Option<String>,
    pub fields: Vec<Field>,
}

impl Verb {
    pub(crate) fn right(self) -> Right {
        match self {
            Self::Dispatch | Self::NotAccept | Self::Reassign | Self::Assist => Right::Dispatch,
            Self::Sign => Right::Sign,
            Self::Return => Right::Return,
            Self::DecideReturn => Right::DecideReturn,
            Self::Reply | Self::AnswerOversight => Right::Reply,
            Self::Approve => Right::Approve,
            Self::AskExtension => Right::AskExtension,
            Self::DecideExtension => Right::DecideExtension,
            Self::Review => Right::Review,
            Self::FollowUp => Right::FollowUp,
            Self::Rework => Right::Rework,
            Self::Close => Right::Close,
            Self::Urge | Self::PhoneNotice => Right::Urge,
            Self::Arbitrate => Right::Arbitrate,
            Self::Contact => Right::Contact,
            Self::AskSuspension => Right::AskSuspension,
            Self::DecideSuspension | Self::RenewSuspension | Self::Resume => {
                Right::DecideSuspension
            }
            Self::AskChange | Self::Recategorise | Self::Flag => Right::AskChange,
            Self::DecideChange => Right::DecideChange,
            Self::AskWithdrawal => Right::Cancel,
            Self::DecideWithdrawal => Right::DecideWithdrawal,
            Self::AskFinal => Right::AskFinal,
            Self::DecideFinal => Right::DecideFinal,
            Self::Oversee | Self::LiftOversight => Right::Oversee,
            Self::Merge | Self::Unmerge => Right::Merge,
            Self::TransferOut | Self::OutsideFeedback => Right::TransferOut,
        }
    }

    /// A unit's own step, in which a supervisor may stand in with a reason.
    pub(crate) fn is_unit_side(self) -> bool {
        matches!(
            self,
            Self::Sign
                | Self::Return
                | Self::Reply
                | Self::Approve
                | Self::AskExtension
                | Self::AskSuspension
                | Self::AskFinal
                | Self::AnswerOversight
        )
    }

    /// The hotline's role that usually takes the step; a supervisor in its place says why.
    pub(crate) fn usual_role(self) -> Option<Role> {
        match self {
            Self::Dispatch | Self::DecideReturn | Self::DecideExtension | Self::Reassign => {
                Some(Role::Dispatcher)
            }
            Self::Review => Some(Role::Reviewer),
            Self::FollowUp => Some(Role::FollowUp),
            _ => None,
        }
    }
}

/// Whether any of the actor's roles knows the step at all, here or in the own unit.
fn is_known(ctx: &Ctx<'_>, verb: Verb) -> Result<(), Refused> {
    let own: Vec<Post> = ctx.actor.post.iter().cloned().collect();
    ctx.may_act(verb, Thing::City).or_else(|_| ctx.may_act(verb, Thing::Units(&own)))
}

impl Ctx<'_> {
    /// Whether the profile gives the step to one of the actor's roles, and that role reaches so far.
    pub(crate) fn may_act(&self, verb: Verb, thing: Thing<'_>) -> Result<(), Refused> {
        if org::acts_as(self.actor, self.rules.actors(verb), thing) {
            return Ok(());
        }
        let denied = Denied { actor: self.actor.name.clone(), right: verb.right() };
        Err(Refused::NotYou(denied.to_string()))
    }
}

impl Life {
    /// The steps this person's roles know, each with whether it can be taken now and why not.
    pub fn offers(&self, ctx: &Ctx<'_>) -> Vec<Offer> {
        let offer = |verb: &Verb| {
            let refused = self.may(*verb, ctx).err();
            Offer {
                name: verb.word(),
                label: verb.label(),
                enabled: refused.is_none(),
                why_not: refused.map(|refused| refused.to_string()),
                fields: verb.fields(),
            }
        };
        let ended = self.stage.is_ended();
        Verb::ALL
            .iter()
            .filter(|verb| is_known(ctx, **verb).is_ok())
            .map(offer)
            .filter(|offer| offer.enabled || !ended)
            .collect()
    }

    /// Whether this person may take this step now; which leg it is about. The list of buttons and
    /// the steps themselves both ask here.
    pub fn may(&self, verb: Verb, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        if ctx.known.by_citizen {
            return self.may_by_page(verb);
        }
        is_known(ctx, verb)?;
        match verb {
            Verb::Dispatch => self.may_dispatch(ctx),
            Verb::Sign => self.may_on_leg(verb, ctx, &[LegState::Dispatched]).map(Some),
            Verb::Return => self.may_return(ctx).map(Some),
            Verb::Reply => self.may_reply(ctx).map(Some),
            Verb::Approve => self.may_approve(ctx).map(Some),
            Verb::AskExtension => self.may_ask_extension(ctx).map(Some),
            Verb::AskSuspension => self.may_ask_suspension(ctx).map(Some),
            Verb::AskFinal => self.may_ask_final(ctx).map(Some),
            Verb::AnswerOversight => self.may_answer_oversight(ctx).map(Some),
            Verb::Contact => self.may_contact(ctx),
            Verb::Assist => self.may_assist(ctx),
            Verb::DecideReturn => self.may_decide_return(ctx).map(Some),
            Verb::NotAccept
            | Verb::Arbitrate
            | Verb::Reassign
            | Verb::Merge
            | Verb::Unmerge
            | Verb::TransferOut
            | Verb::OutsideFeedback => self.may_send(verb, ctx),
            Verb::Review | Verb::FollowUp | Verb::Rework | Verb::Close => {
                self.may_finish(verb, ctx)
            }
            Verb::DecideExtension
            | Verb::DecideSuspension
            | Verb::DecideWithdrawal
            | Verb::DecideFinal
            | Verb::DecideChange => self.may_decide(verb, ctx),
            Verb::RenewSuspension
            | Verb::Resume
            | Verb::AskChange
            | Verb::Recategorise
            | Verb::Flag
            | Verb::AskWithdrawal
            | Verb::Oversee
            | Verb::LiftOversight
            | Verb::Urge
            | Verb::PhoneNotice => self.may_watch(verb, ctx),
        }
    }

    /// The leg this person's unit has in one of these states. A supervisor may stand in for the
    /// lead unit.
    fn may_on_leg(&self, verb: Verb, ctx: &Ctx<'_>, states: &[LegState]) -> Result<usize, Refused> {
        let mine = |leg: &crate::leg::Leg| {
            let own = ctx.actor.post.as_ref().is_some_and(|own| own.unit == leg.unit.unit);
            let stands_in = leg.is_root_lead() && ctx.actor.has(Role::Supervisor);
            let unit = Thing::Units(std::slice::from_ref(&leg.unit));
            (own || stands_in) && ctx.may_act(verb, unit).is_ok()
        };
        let present = |leg: &crate::leg::Leg| leg.cycle == self.cycle && mine(leg);
        let held = [Stage::Suspended, Stage::Withdrawal, Stage::FinalReview, Stage::InFollowUp];
        let held = held.contains(&self.stage) || self.stage == Stage::Merged;
        if held && self.legs.iter().any(present) {
            return Err(self.wrong_state(verb.label()));
        }
        let ready = self.legs.iter().rposition(|leg| present(leg) && states.contains(&leg.state));
        if let Some(i) = ready {
            return Ok(i);
        }
        match self.legs.iter().rfind(|leg| present(leg)) {
            Some(leg) if leg.state == LegState::Dispatched => Err(self.wrong("请先签收")),
            Some(leg) => {
                Err(self.wrong(&format!("本环节{}，不能{}", leg.state.label(), verb.label())))
            }
            None if self.stage.is_ended() || self.legs.is_empty() => {
                Err(self.wrong_state(verb.label()))
            }
            None => Err(Refused::NotYou("本单位没有此工单的在办环节".to_owned())),
        }
    }

    fn in_stage(&self, verb: Verb, stages: &[Stage]) -> Result<(), Refused> {
        if stages.contains(&self.stage) { Ok(()) } else { Err(self.wrong_state(verb.label())) }
    }

    pub(crate) fn lead_index(&self) -> Option<usize> {
        let lead = self.lead()?.id;
        self.legs.iter().position(|leg| leg.id == lead)
    }

    pub(crate) fn has_open_children(&self, i: usize) -> bool {
        let id = self.legs[i].id;
        self.legs.iter().any(|leg| leg.parent == Some(id) && leg.state.is_open())
    }

    /// Whether the person sees the ticket at all.
    pub fn is_visible_to(&self, actor: &Actor) -> bool {
        let meant = |post: &Post| self.against.iter().any(|against| against.is_meant(post));
        if actor.post.as_ref().is_some_and(meant) {
            return false; // 回避: nobody reads a complaint about themselves
        }
        actor.range().covers(self.legs.iter().map(|leg| &leg.unit))
    }
}

fn city(verb: Verb, ctx: &Ctx<'_>) -> Result<(), Refused> {
    ctx.may_act(verb, Thing::City)
}

/// Dispatcher, reviewer and follow-up clerk of one ticket are different people.
fn not_one_of(ctx: &Ctx<'_>, others: &[&Vec<base::StaffId>], why: &str) -> Result<(), Refused> {
    let Some(me) = ctx.actor.staff else { return Ok(()) };
    if others.iter().any(|list| list.contains(&me)) {
        return Err(Refused::NotYou(why.to_owned()));
    }
    Ok(())
}
