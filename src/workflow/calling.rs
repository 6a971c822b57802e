//! Calling a ticket's citizen (联系诉求人、回访): who may, whom, and that it is written down. The number is
//! for the telephone only.
use std::collections::HashMap;

use base::{CallId, PersonId, PhoneNumber, TicketId};
use org::audit::{self, Act};
use org::{Actor, Sight, sight};
use serde_json::json;
use ticket::{Ctx, Verb};

use crate::{Error, Workflow, see};

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToCall {
    pub person: Option<PersonId>,
    pub number: Option<PhoneNumber>,
    /// Nobody is asked how it was at this hour.
    pub quiet: bool,
}

impl Workflow {
    /// The citizen of a ticket, for whoever may now take the step that the call is for.
    pub async fn whom_to_call(
        &self,
        actor: &Actor,
        id: TicketId,
        step: Verb,
    ) -> Result<ToCall, Error> {
        let mut db = sight::begin(&self.0.db, &Sight::of(actor)).await?;
        let ticket = ticket::find(&mut db, id).await?;
        see(actor, &ticket)?;
        let (rules, posts) = (self.rules_of(&ticket), HashMap::new());
        let ctx = Ctx::new(self.0.clock.now(), actor, &rules, &posts);
        ticket.life.may(step, &ctx)?;
        let person = ticket.request.person;
        let number = match person {
            Some(person) => {
                // a sealed reporter is called like anybody: the caller learns no number
                sight::as_system(&mut db).await?;
                self.0.persons.identity(&mut db, person).await?.number
            }
            None => None,
        };
        let quiet = step == Verb::FollowUp && rules.is_quiet(ctx.at);
        Ok(ToCall { person, number, quiet })
    }

    /// Writes down that a citizen was called, by whom and what for.
    pub async fn called(
        &self,
        actor: &Actor,
        id: TicketId,
        step: Verb,
        call: CallId,
    ) -> Result<(), Error> {
        let act = Act::new("citizen_called", "ticket", id.to_string())
            .with(json!({ "call": call, "purpose": step.word() }));
        let db = &mut *self.0.db.acquire().await?;
        audit::write(db, actor, &act, &*self.0.clock).await?;
        Ok(())
    }
}
