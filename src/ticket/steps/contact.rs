//! Contacts with the citizen (联系诉求人), and the unit's telephone notice (电话交办).
use base::{CallId, LegId};

use super::{After, bad};
use crate::action::Action;
use crate::error::Refused;
use crate::history::kept;
use crate::known::Ctx;
use crate::life::Life;
use crate::side::{Contact, PhoneNotice};
use crate::timer::Clocks;

impl Life {
    /// Only a call of the platform or uploaded proof is a first contact; else it is only said (自填).
    pub(super) fn contact(
        &mut self,
        action: &Action,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Refused> {
        let Action::Contact { at, how, reached, call_id, attachment_id } = action else {
            return Err(self.wrong_state("登记联系"));
        };
        let at = kept(at.unwrap_or(ctx.at));
        if at > ctx.at {
            return Err(bad("联系时间不能晚于现在"));
        }
        if at < self.accepted_at {
            return Err(bad("联系时间不能早于受理时间"));
        }
        let call = ctx.is_proof(call_id.map(CallId::uuid));
        let paper = ctx.is_proof(*attachment_id);
        if (call_id.is_some() && !call) || (attachment_id.is_some() && !paper) {
            return Err(bad("所附通话或凭证不存在，或不属于此工单"));
        }
        let unit = ctx.actor.post.as_ref().map(|post| post.unit);
        self.side.contacts.push(Contact {
            at,
            how: how.as_deref().map_or("电话", str::trim).to_owned(),
            reached: *reached,
            call_id: *call_id,
            attachment_id: *attachment_id,
            proved: call || paper,
            unit,
            leg: after.leg,
            name: ctx.actor.name.clone(),
        });
        if call || paper {
            let lead = self.lead().map(|leg| leg.id);
            self.meet(Clocks::FirstContact, lead, ctx.at);
        }
        Ok(())
    }

    /// The unit was told by telephone: counts as notified.
    pub(super) fn phone_notice(
        &mut self,
        leg: Option<LegId>,
        who: &str,
        call_id: Option<CallId>,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Refused> {
        if who.trim().is_empty() {
            return Err(bad("请填写接收人"));
        }
        if call_id.is_some() && !ctx.is_proof(call_id.map(CallId::uuid)) {
            return Err(bad("所附通话不存在"));
        }
        let lead = self.lead().map(|leg| leg.id);
        let open = |id: &LegId| self.legs.iter().any(|leg| leg.id == *id && leg.state.is_open());
        let Some(leg) = leg.or(lead).filter(open) else {
            return Err(bad("没有这个在办环节"));
        };
        after.leg = Some(leg);
        self.side.phone_notices.push(PhoneNotice {
            leg,
            who: who.trim().to_owned(),
            call_id,
            at: ctx.at,
            name: ctx.actor.name.clone(),
        });
        Ok(())
    }
}
