//! Handing a matter to another platform (转出), and what comes back.
use super::{After, bad};
use crate::error::{Error, Refused};
use crate::known::Ctx;
use crate::life::Life;
use crate::outcome::{Ending, Tell};
use crate::side::{Outside, Transfer};
use crate::state::Move;
use crate::timer::Clocks;

impl Life {
    pub(super) fn transfer_out(
        &mut self,
        to: Outside,
        number: Option<&str>,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Refused> {
        self.go(Move::TransferOut, "转出")?;
        self.meet(Clocks::Dispatch, None, ctx.at);
        let outside_number = number.map(str::trim).filter(|number| !number.is_empty());
        self.side.transfer = Some(Transfer {
            to,
            outside_number: outside_number.map(str::to_owned),
            at: ctx.at,
            name: ctx.actor.name.clone(),
        });
        after.tells.push(Tell::TransferredOut { to: to.label().to_owned() });
        Ok(())
    }

    /// Taken over there, or not: then it is ours again.
    pub(super) fn outside_feedback(
        &mut self,
        taken: bool,
        text: &str,
        ctx: &Ctx<'_>,
        after: &mut After,
    ) -> Result<(), Error> {
        let text = text.trim();
        if text.is_empty() {
            return Err(bad("请填写对方反馈内容").into());
        }
        if !taken {
            self.go(Move::OutsideRefused, "登记转出反馈")?;
            self.side.transfer = None;
            self.start_dispatch_clock(ctx)?;
            return Ok(());
        }
        let to = self.side.transfer.as_ref().map_or("", |transfer| transfer.to.label());
        let ending = Ending::Outside { to: to.to_owned(), text: text.to_owned() };
        self.go(Move::OutsideTook, "登记转出反馈")?;
        self.meet(Clocks::Whole, None, ctx.at);
        self.end(ending, ctx.at);
        after.tells.push(Tell::Closed);
        Ok(())
    }
}
