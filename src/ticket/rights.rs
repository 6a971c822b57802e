//! Who may take which step, now: one function for the list of buttons and for the steps
//! themselves. Pure.
use org::{Actor, Post, Right, Role, Thing, UnitKind, can};

use crate::action::{Field, Verb};
use crate::error::Refused;
use crate::life::{Ctx, Life};
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

/// How long after its end a ticket may be taken up again.
const REOPEN_DAYS: i64 = 15;

impl Verb {
    fn right(self) -> Right {
        match self {
            Self::Dispatch | Self::NotAccept => Right::Dispatch,
            Self::Sign => Right::Sign,
            Self::Return => Right::Return,
            Self::DecideReturn => Right::DecideReturn,
            Self::Reply => Right::Reply,
            Self::AskExtension => Right::AskExtension,
            Self::DecideExtension => Right::DecideExtension,
            Self::Review => Right::Review,
            Self::FollowUp => Right::FollowUp,
            Self::Rework => Right::Rework,
            Self::Close => Right::Close,
            Self::Urge => Right::Urge,
            Self::Cancel => Right::Cancel,
        }
    }
}

/// Whether any of the actor's roles knows the step at all, here or in the own unit.
fn is_known(actor: &Actor, verb: Verb) -> Result<(), Refused> {
    let own: Vec<Post> = actor.post.iter().cloned().collect();
    can(actor, verb.right(), Thing::City)
        .or_else(|_| can(actor, verb.right(), Thing::Units(&own)))
        .map_err(|denied| Refused::NotYou(denied.to_string()))
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
            .filter(|verb| is_known(ctx.actor, **verb).is_ok())
            .map(offer)
            .filter(|offer| offer.enabled || !ended)
            .collect()
    }

    /// Whether this person may take this step now; which leg it is about.
    pub fn may(&self, verb: Verb, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        is_known(ctx.actor, verb)?;
        match verb {
            Verb::Dispatch => self.may_dispatch(ctx),
            Verb::NotAccept => {
                city(verb, ctx)?;
                self.in_stage(verb, &[Stage::Accepted]).map(|()| None)
            }
            Verb::Sign => self.may_on_leg(verb, ctx, &[LegState::Dispatched]).map(Some),
            Verb::Return => self.may_return(ctx).map(Some),
            Verb::DecideReturn => self.may_decide_return(ctx).map(Some),
            Verb::Reply => self.may_reply(ctx).map(Some),
            Verb::AskExtension => self.may_ask_extension(ctx).map(Some),
            Verb::DecideExtension => {
                city(verb, ctx)?;
                match &self.extension {
                    Some(ask) => Ok(self.legs.iter().position(|leg| leg.id == ask.leg)),
                    None => Err(self.wrong("没有待审核的延期申请")),
                }
            }
            Verb::Review => {
                city(verb, ctx)?;
                self.in_stage(verb, &[Stage::InReview])?;
                not_one_of(ctx, &[&self.dispatchers, &self.followers], "派单、回访人员不能审单")?;
                Ok(self.lead_index())
            }
            Verb::FollowUp => {
                city(verb, ctx)?;
                self.in_stage(verb, &[Stage::InFollowUp])?;
                not_one_of(ctx, &[&self.dispatchers, &self.reviewers], "派单、审单人员不能回访")?;
                let own = ctx.actor.post.as_ref().map(|post| post.unit);
                if self.legs.iter().any(|leg| Some(leg.unit.unit) == own) {
                    return Err(Refused::NotYou("承办单位不能回访自己的工单".to_owned()));
                }
                Ok(None)
            }
            Verb::Rework => self.may_rework(ctx),
            Verb::Close => {
                city(verb, ctx)?;
                self.in_stage(verb, &[Stage::Disputed]).map(|()| None)
            }
            Verb::Urge => {
                city(verb, ctx)?;
                let open =
                    [Stage::Dispatched, Stage::Handling, Stage::ReturnAsked, Stage::Correction];
                self.in_stage(verb, &open)?;
                Ok(self.lead_index())
            }
            Verb::Cancel => {
                city(verb, ctx)?;
                // 撤单 needs a leader beside the agent: only a supervisor takes the step
                if !ctx.actor.has(Role::Supervisor) {
                    return Err(Refused::NotYou("撤单由班长办理".to_owned()));
                }
                let open =
                    [Stage::Accepted, Stage::Dispatched, Stage::Handling, Stage::ReturnAsked];
                self.in_stage(verb, &open).map(|()| None)
            }
        }
    }

    fn may_dispatch(&self, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        if can(ctx.actor, Right::Dispatch, Thing::City).is_ok() {
            self.in_stage(Verb::Dispatch, &[Stage::Accepted])?;
            let others = [&self.reviewers, &self.followers];
            not_one_of(ctx, &others, "审单、回访人员不能派单")?;
            return Ok(None);
        }
        let leg = self.may_on_leg(Verb::Dispatch, ctx, &[LegState::Handling])?;
        if self.legs[leg].unit.kind != UnitKind::Hub {
            return Err(Refused::NotYou("只有区县热线中心可以转派".to_owned()));
        }
        Ok(Some(leg))
    }

    fn may_return(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let i = self.may_on_leg(Verb::Return, ctx, &[LegState::Handling])?;
        let leg = &self.legs[i];
        let why = if leg.binding {
            "经会商裁定的工单不能退单"
        } else if leg.auto_signed {
            "逾期未签收，已失去退单权"
        } else if leg.return_asked {
            "每个单位只能申请一次退单"
        } else if leg.return_due.is_none_or(|due| ctx.at > due) {
            "已超过退单时限"
        } else if self.has_open_children(i) {
            "下级环节尚未办结，不能退单"
        } else {
            return Ok(i);
        };
        Err(self.wrong(why))
    }

    fn may_decide_return(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let right = Right::DecideReturn;
        let city = can(ctx.actor, right, Thing::City);
        let own = ctx.actor.post.as_ref();
        let parent = |id| self.legs.iter().find(|leg| Some(leg.id) == id);
        let asked = self.legs.iter().position(|leg| {
            leg.state == LegState::ReturnAsked
                && match parent(leg.parent) {
                    None => city.is_ok(),
                    // a township returns to its county, and another person there decides
                    Some(above) => {
                        own.is_some_and(|own| own.unit == above.unit.unit)
                            && can(
                                ctx.actor,
                                right,
                                Thing::Units(std::slice::from_ref(&above.unit)),
                            )
                            .is_ok()
                    }
                }
        });
        let Some(i) = asked else {
            if let (Err(denied), None) = (city, own) {
                return Err(Refused::NotYou(denied.to_string()));
            }
            return Err(self.wrong("没有待审核的退单申请"));
        };
        let leg = &self.legs[i];
        if leg.dispatched_by.is_some() && leg.dispatched_by == ctx.actor.staff {
            return Err(Refused::NotYou("退单须由派单人以外的人审核".to_owned()));
        }
        Ok(i)
    }

    fn may_reply(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let i = self.may_on_leg(Verb::Reply, ctx, &[LegState::Handling, LegState::Correction])?;
        let leg = &self.legs[i];
        let beside = |other: &crate::leg::Leg| {
            leg.is_root_lead()
                && other.parent.is_none()
                && other.cycle == leg.cycle
                && other.id != leg.id
        };
        let waits = self.legs.iter().any(|other| other.state.is_open() && beside(other));
        if waits {
            return Err(self.wrong("协办单位尚未答复"));
        }
        if self.has_open_children(i) {
            return Err(self.wrong("下级环节尚未答复"));
        }
        Ok(i)
    }

    fn may_ask_extension(&self, ctx: &Ctx<'_>) -> Result<usize, Refused> {
        let i = self.may_on_leg(Verb::AskExtension, ctx, &[LegState::Handling])?;
        let limits = self.limits(ctx.rules);
        let leg = &self.legs[i];
        let why = if !leg.is_root_lead() {
            "延期由主办单位申请"
        } else if self.extension.is_some() {
            "延期申请正在审核"
        } else if self.cycle > 1 {
            "重办工单不能延期"
        } else if u16::try_from(self.extensions).unwrap_or(u16::MAX) >= limits.extension_times {
            "延期次数已用完"
        } else if !self.in_time_to_ask(leg, ctx) {
            "延期须在到期前至少1个工作日申请"
        } else {
            return Ok(i);
        };
        Err(self.wrong(why))
    }

    fn in_time_to_ask(&self, leg: &crate::leg::Leg, ctx: &Ctx<'_>) -> bool {
        use crate::calendar::Limit;
        if matches!(self.reply_limit(ctx.rules), Limit::Wall(_)) {
            return ctx.at < leg.due_at; // 紧急: before due
        }
        ctx.rules.unit_due(ctx.at, Limit::DayEnd(1)).is_ok_and(|next| next <= leg.due_at)
    }

    fn may_rework(&self, ctx: &Ctx<'_>) -> Result<Option<usize>, Refused> {
        city(Verb::Rework, ctx)?;
        self.in_stage(Verb::Rework, &[Stage::Disputed, Stage::Closed])?;
        let cycles = u16::try_from(self.cycle).unwrap_or(u16::MAX);
        if cycles >= ctx.rules.max_cycles {
            return Err(self.wrong("重办次数已用完"));
        }
        if self.lead_index().is_none() {
            return Err(self.wrong("没有承办过的单位，不能重办"));
        }
        if self.stage == Stage::Closed {
            if !ctx.actor.has(Role::Supervisor) {
                return Err(Refused::NotYou("已办结的工单由班长重新启动".to_owned()));
            }
            if self
                .ended_at
                .is_some_and(|ended| ctx.at - ended > chrono::TimeDelta::days(REOPEN_DAYS))
            {
                return Err(self.wrong("办结已超过15天，请另行登记"));
            }
        }
        Ok(None)
    }

    /// The leg this person's unit has in one of these states. A supervisor may stand in for the
    /// lead unit.
    fn may_on_leg(&self, verb: Verb, ctx: &Ctx<'_>, states: &[LegState]) -> Result<usize, Refused> {
        let right = verb.right();
        let mine = |leg: &crate::leg::Leg| {
            let own = ctx.actor.post.as_ref().is_some_and(|own| own.unit == leg.unit.unit);
            let stands_in = leg.is_root_lead() && ctx.actor.has(Role::Supervisor);
            (own || stands_in)
                && can(ctx.actor, right, Thing::Units(std::slice::from_ref(&leg.unit))).is_ok()
        };
        let present = |leg: &crate::leg::Leg| leg.cycle == self.cycle && mine(leg);
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
        actor.range().covers(self.legs.iter().map(|leg| &leg.unit))
    }
}

fn city(verb: Verb, ctx: &Ctx<'_>) -> Result<(), Refused> {
    can(ctx.actor, verb.right(), Thing::City).map_err(|d| Refused::NotYou(d.to_string()))
}

/// Dispatcher, reviewer and follow-up clerk of one ticket are different people.
fn not_one_of(ctx: &Ctx<'_>, others: &[&Vec<base::StaffId>], why: &str) -> Result<(), Refused> {
    let Some(me) = ctx.actor.staff else { return Ok(()) };
    if others.iter().any(|list| list.contains(&me)) {
        return Err(Refused::NotYou(why.to_owned()));
    }
    Ok(())
}
