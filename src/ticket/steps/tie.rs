//! Joining requests for one matter (并单): each keeps its citizen, its follow-up and its rating.
use base::TicketId;

use super::{After, bad};
use crate::error::{Error, Refused};
use crate::known::Ctx;
use crate::leg::runs;
use crate::life::Life;
use crate::outcome::{Ending, Tell};
use crate::state::{Move, Stage};
use crate::timer::{Clocks, Runs};

impl Life {
    /// This one goes with its parent from now on; the citizen's date stays.
    pub(super) fn merge(&mut self, ctx: &Ctx<'_>, after: &mut After) -> Result<(), Refused> {
        let Some(parent) = ctx.known.parent.as_deref() else {
            return Err(bad("没有这个工单，不能并入"));
        };
        let life = &parent.life;
        if life.id == self.id {
            return Err(bad("不能并入自己"));
        }
        if life.side.parent.is_some() {
            return Err(bad("该工单已并入其他工单，请并入其主单"));
        }
        let open = life.stage.can_be_merged()
            || matches!(life.stage, Stage::Suspended | Stage::FinalReview);
        if !open {
            return Err(bad(&format!("主单{}，不能再并入", life.stage.label())));
        }
        self.recall_legs(ctx.at, after);
        for timer in &mut self.timers {
            if timer.is_running() && timer.name != Clocks::Whole {
                timer.stopped_at = Some(ctx.at);
            }
            // a reply that was not yet checked is no answer
            if timer.name == Clocks::Whole
                && timer.cycle == self.cycle
                && timer.stopped_at.is_none()
            {
                timer.met_at = None;
            }
        }
        self.extension = None;
        self.side.suspension_ask = None;
        self.side.parent = Some(life.id);
        self.go(Move::Merge, "并单")?;
        after.tells.push(Tell::Merged);
        Ok(())
    }

    pub(super) fn unmerge(&mut self, ctx: &Ctx<'_>) -> Result<(), Error> {
        let parent = ctx.known.parent.as_deref().map(|parent| &parent.life);
        if parent.is_some_and(|parent| parent.stage.is_ended()) {
            return Err(self.wrong("主单已结束，不能拆分").into());
        }
        self.go(Move::Unmerge, "拆分并单")?;
        self.side.parent = None;
        self.start_dispatch_clock(ctx)?;
        Ok(())
    }

    /// The other end of the tie.
    pub(crate) fn gain(&mut self, child: TicketId) {
        if !self.side.children.contains(&child) {
            self.side.children.push(child);
        }
    }

    pub(crate) fn lose(&mut self, child: TicketId) {
        self.side.children.retain(|one| *one != child);
    }

    /// The parent's reply stands: this citizen has the answer, and is asked in turn. Whoever was
    /// asked on the parent is not asked twice.
    pub(crate) fn answered_by_parent(
        &mut self,
        parent: &Self,
        same_citizen: bool,
        ctx: &Ctx<'_>,
    ) -> Result<Vec<Tell>, Error> {
        let lead = parent.lead();
        self.side.parent_reply = lead.and_then(|leg| leg.reply.clone());
        self.side.led_by = lead.map(|leg| leg.unit.clone());
        for (own, others) in
            [(&mut self.dispatchers, &parent.dispatchers), (&mut self.reviewers, &parent.reviewers)]
        {
            own.extend(others.clone());
            own.sort_unstable();
            own.dedup();
        }
        self.meet(Clocks::Whole, None, ctx.at);
        let limit = self.follow_up_limit(ctx).filter(|_| !same_citizen);
        let Some(limit) = limit else {
            self.go(Move::ParentAnsweredAndClose, "主单答复")?;
            let ending = if same_citizen { Ending::WithParent } else { Ending::Exempt };
            self.end(ending, ctx.at);
            return Ok(if same_citizen { Vec::new() } else { vec![Tell::Closed] });
        };
        self.go(Move::ParentAnswered, "主单答复")?;
        let due = ctx.rules.follow_up_due(ctx.at, limit)?;
        self.start(ctx.rules, Clocks::FollowUp, None, runs(limit, Runs::Hotline), ctx.at, due);
        Ok(vec![Tell::AskedToRate])
    }
}
