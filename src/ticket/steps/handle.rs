//! What a unit does with a ticket, and the check of its reply.
use chrono::{DateTime, Utc};

use super::{After, bad};
use crate::action::Action;
use crate::calendar::Limit;
use crate::error::{Error, Refused};
use crate::flow::Block;
use crate::history::kept;
use crate::kind::Solved;
use crate::known::Ctx;
use crate::leg::{Reply, runs};
use crate::life::Life;
use crate::outcome::{Ending, Tell, UnitNews};
use crate::review::{Checklist, Code};
use crate::side::{Cause, Contact, Level};
use crate::state::{LegMove, Move};
use crate::timer::{Clocks, Runs};

/// The least that can be called an answer.
pub(super) const SHORTEST_REPLY: usize = 10;

/// What the reviewer says.
pub(super) struct Verdict<'a> {
    pub pass: bool,
    pub missing: Option<&'a str>,
    pub checklist: Option<Checklist>,
    pub codes: &'a [Code],
}

impl Life {
    pub(super) fn reply(
        &mut self,
        i: usize,
        reply: Reply,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        if reply.text.chars().count() < SHORTEST_REPLY {
            return Err(bad("答复内容不能少于10个字").into());
        }
        if reply.contacted_at.is_some_and(|at| at > ctx.at) {
            return Err(bad("联系时间不能晚于现在").into());
        }
        if reply.plan_date.is_some_and(|date| date < ctx.rules.day_of(ctx.at)) {
            return Err(bad("计划完成日期不能早于今天").into());
        }
        self.has_blocks(&reply, ctx)?;
        self.tell_contact(i, reply.contacted, reply.contacted_at, reply.how.as_deref(), ctx);
        let approval = self.legs[i].is_root_lead() && ctx.rules.approval(self.kind);
        if approval {
            self.go_leg(i, LegMove::Submit, "答复")?;
            self.legs[i].reply = Some(reply);
            after.tell_unit(self.legs[i].id, UnitNews::ApprovalWanted);
            return Ok(());
        }
        self.go_leg(i, LegMove::Reply, "答复")?;
        self.legs[i].reply = Some(reply);
        self.submit(i, ctx)
    }

    /// The parts that the profile wants in a reply.
    fn has_blocks(&self, reply: &Reply, ctx: &Ctx<'_>) -> Result<(), Refused> {
        for block in ctx.rules.reply_blocks(self.kind) {
            let there = match block {
                Block::Facts => reply.facts.is_some(),
                Block::Basis => reply.basis.is_some(),
                Block::Contact => {
                    !self.reachable || reply.contacted || !self.side.contacts.is_empty()
                }
                Block::Evidence => !reply.attachments.is_empty(),
                Block::Plan => reply.solved == Solved::Yes || reply.plan_date.is_some(),
                Block::PublicText => reply.public_text.is_some(),
            };
            if !there {
                return Err(bad(&format!("答复还须填写：{}", block.label())));
            }
        }
        Ok(())
    }

    /// The unit's leader lets the reply go, or wants it changed. On time is this moment.
    pub(super) fn approve(
        &mut self,
        i: usize,
        approve: bool,
        missing: Option<&str>,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        if approve {
            self.go_leg(i, LegMove::Approve, "审核答复")?;
            if let Some(reply) = &mut self.legs[i].reply {
                reply.approved_by = Some(ctx.actor.name.clone());
            }
            return self.submit(i, ctx);
        }
        if missing.is_none_or(|missing| missing.trim().is_empty()) {
            return Err(bad("请写明需修改的内容").into());
        }
        self.go_leg(i, LegMove::Disapprove, "审核答复")?;
        after.tell_unit(self.legs[i].id, UnitNews::NotApproved);
        Ok(())
    }

    /// A contact that the unit only says it had (自填).
    pub(super) fn tell_contact(
        &mut self,
        i: usize,
        contacted: bool,
        at: Option<DateTime<Utc>>,
        how: Option<&str>,
        ctx: &Ctx<'_>,
    ) {
        if !contacted || !self.reachable {
            return;
        }
        let leg = &self.legs[i];
        self.side.contacts.push(Contact {
            at: kept(at.unwrap_or(ctx.at)),
            how: how.unwrap_or("电话").to_owned(),
            reached: true,
            call_id: None,
            attachment_id: None,
            proved: false,
            unit: Some(leg.unit.unit),
            leg: Some(leg.id),
            name: ctx.actor.name.clone(),
        });
    }

    /// The reply goes on to whoever asked for it.
    fn submit(&mut self, i: usize, ctx: &Ctx<'_>) -> Result<(), Error> {
        let leg = &mut self.legs[i];
        leg.replied_at = Some(ctx.at);
        let (id, lead) = (leg.id, leg.is_root_lead());
        self.meet(Clocks::Handling, Some(id), ctx.at);
        if !lead {
            return Ok(());
        }
        self.go(Move::Reply, "答复")?;
        self.extension = None;
        self.side.suspension_ask = None;
        self.meet(Clocks::DecideExtension, Some(id), ctx.at);
        self.meet(Clocks::DecideSuspension, Some(id), ctx.at);
        // on time is the submission that passes review: sent back, both clocks go on
        self.meet(Clocks::Whole, None, ctx.at);
        let limit = self.limits(ctx.rules).review;
        let due = ctx.rules.hotline_due(ctx.at, limit)?;
        self.start(ctx.rules, Clocks::Review, None, runs(limit, Runs::Hotline), ctx.at, due);
        Ok(())
    }

    pub(super) fn review(
        &mut self,
        i: usize,
        verdict: &Verdict<'_>,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let id = self.legs[i].id;
        let Verdict { pass, missing, checklist, codes } = *verdict;
        if pass && (checklist.is_some_and(|list| !list.is_met()) || !codes.is_empty()) {
            return Err(bad("核对清单未全部符合，不能通过审单").into());
        }
        if let Some(me) = ctx.actor.staff.filter(|me| !self.reviewers.contains(me)) {
            self.reviewers.push(me);
        }
        self.meet(Clocks::Review, None, ctx.at);
        if !pass {
            return self.send_back(i, missing, codes, ctx, after);
        }
        after.answers_children = !self.side.children.is_empty();
        let Some(limit) = self.follow_up_limit(ctx) else {
            self.go(Move::PassAndClose, "审单")?;
            self.end(Ending::Exempt, ctx.at);
            after.tells.push(Tell::Closed);
            return Ok(());
        };
        self.go(Move::Pass, "审单")?;
        let due = ctx.rules.follow_up_due(ctx.at, limit)?;
        self.start(ctx.rules, Clocks::FollowUp, None, runs(limit, Runs::Hotline), ctx.at, due);
        after.tells.push(Tell::AskedToRate);
        after.leg = Some(id);
        Ok(())
    }

    /// Until when the citizen is to be asked; none: not at all.
    pub(super) fn follow_up_limit(&self, ctx: &Ctx<'_>) -> Option<Limit> {
        let limits = self.limits(ctx.rules);
        let drawn = self.reachable && self.draw < limits.follow_up_share;
        limits.follow_up.filter(|_| drawn)
    }

    /// 补正: no new limit, but never less than the floor.
    fn send_back(
        &mut self,
        i: usize,
        missing: Option<&str>,
        codes: &[Code],
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        if codes.is_empty() && missing.is_none_or(|missing| missing.trim().is_empty()) {
            return Err(bad("请写明需补正的内容").into());
        }
        self.go_leg(i, LegMove::SendBack, "退回补正")?;
        self.go(Move::SendBack, "退回补正")?;
        let floor = match self.reply_limit(ctx.rules) {
            Limit::Wall(_) => ctx.at, // natural time leaves what is left
            _ => ctx.rules.unit_due(ctx.at, ctx.rules.correction_floor)?,
        };
        let id = self.legs[i].id;
        let due = self.legs[i].due_at.max(floor);
        self.legs[i].due_at = due;
        self.corrections += 1;
        let (_, corrections, _) = ctx.rules.marks_after();
        if corrections > 0 && self.corrections == corrections {
            self.mark(Level::Yellow, Cause::SecondCorrection, ctx.at, after);
        }
        self.unmeet(id);
        self.move_due(ctx.rules, Clocks::Handling, Some(id), due, ctx.at);
        after.tell_unit(id, UnitNews::Correction);
        Ok(())
    }

    /// What was met by a submission that does not stand runs on.
    pub(super) fn unmeet(&mut self, id: base::LegId) {
        let cycle = self.cycle;
        for timer in &mut self.timers {
            let whole = timer.name == Clocks::Whole && timer.cycle == cycle;
            let own = timer.name == Clocks::Handling && timer.leg == Some(id);
            if (whole || own) && timer.stopped_at.is_none() {
                timer.met_at = None;
            }
        }
    }
}

/// The reply as it is written down.
pub(super) fn reply_of(action: &Action, ctx: &Ctx<'_>) -> Reply {
    let Action::Reply {
        text,
        contacted,
        contacted_at,
        how,
        solved,
        facts,
        basis,
        public_text,
        attachments,
        plan_date,
    } = action
    else {
        unreachable!("called for replies only")
    };
    let some = |text: &Option<String>| {
        text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Reply {
        text: text.trim().to_owned(),
        contacted: *contacted,
        contacted_at: *contacted_at,
        how: some(how),
        solved: *solved,
        facts: *facts,
        basis: some(basis),
        public_text: some(public_text),
        attachments: attachments.clone(),
        plan_date: *plan_date,
        by: ctx.actor.staff,
        approved_by: None,
    }
}
