//! Another kind, urgency or "wants a reply" (类型变更): by two people of the hotline. The limits are
//! counted anew, and the citizen is told.
use super::{After, bad};
use crate::action::Step;
use crate::error::{Error, Refused};
use crate::kind::{Kind, Urgency};
use crate::known::Ctx;
use crate::life::Life;
use crate::outcome::Tell;
use crate::side::{Asked, ChangeAsk};

impl Life {
    pub(super) fn ask_change(
        &mut self,
        kind: Option<Kind>,
        urgency: Option<Urgency>,
        wants_reply: Option<bool>,
        step: &Step,
        ctx: &Ctx<'_>,
    ) -> Result<(), Refused> {
        let kind = kind.filter(|kind| *kind != self.kind);
        let urgency = urgency.filter(|urgency| *urgency != self.urgency);
        if kind.is_none() && urgency.is_none() && wants_reply.is_none() {
            return Err(bad("请选择要变更的内容"));
        }
        let asked = Asked::new(ctx.actor, ctx.at, &step.reason);
        self.side.change = Some(ChangeAsk { kind, urgency, wants_reply, asked });
        Ok(())
    }

    pub(super) fn decide_change(
        &mut self,
        approve: bool,
        retroactive: bool,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let Some(change) = self.side.change.take() else {
            return Err(self.wrong("没有待审核的类型变更").into());
        };
        if !approve {
            return Ok(());
        }
        self.kind = change.kind.unwrap_or(self.kind);
        self.urgency = change.urgency.unwrap_or(self.urgency);
        after.request.wants_reply = change.wants_reply;
        after.request.sealed = self.kind == Kind::Report; // 举报 is sealed by default
        if change.kind.is_none() && change.urgency.is_none() {
            return Ok(());
        }
        let promise = self.promise;
        self.recompute(ctx.at, ctx.rules, retroactive)?;
        if self.promise != promise {
            after.tells.push(Tell::PromiseMoved);
        }
        Ok(())
    }
}
