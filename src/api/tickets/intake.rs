//! What a request may not say of itself.
use base::CallId;
use call::store;
use chrono::{DateTime, TimeDelta, Utc};
use org::Role;
use workflow::Intake;

use crate::extract::field_error;
use crate::{App, Error, Viewer};

/// How long ago another system may have set a date that is still to be kept.
const OLDEST: TimeDelta = TimeDelta::days(366);
const LATEST: TimeDelta = TimeDelta::days(10 * 366);

/// Refuses a call that is nobody's or another's, and a date from outside that no calendar knows.
pub(super) async fn check(app: &App, viewer: &Viewer, intake: &Intake) -> Result<(), Error> {
    if let Some(due) = intake.outside_due {
        check_due(due, app.clock.now())?;
    }
    match intake.call_id {
        Some(call) => check_call(app, viewer, call).await,
        None => Ok(()),
    }
}

fn check_due(due: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Error> {
    if (now - OLDEST..=now + LATEST).contains(&due) {
        return Ok(());
    }
    let detail = "外部期限应在过去一年到未来十年之间".to_owned();
    Err(field_error("bad_field", "outside_due", detail))
}

/// The agent of a call writes its ticket; a supervisor may do it for them.
async fn check_call(app: &App, viewer: &Viewer, call: CallId) -> Result<(), Error> {
    let in_memory = match &app.calls {
        Some(calls) => calls.agent_of(call).await.ok().flatten(),
        None => None,
    };
    let agent = if in_memory.is_some() {
        in_memory
    } else {
        let unknown = || field_error("no_such_call", "call_id", "没有这通来电".to_owned());
        store::find(&app.db, call).await?.ok_or_else(unknown)?.agent
    };
    if agent == Some(viewer.staff.id.into()) || viewer.has(Role::Supervisor) {
        return Ok(());
    }
    Err(field_error("not_your_call", "call_id", "这不是你的来电".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_that_no_calendar_knows_is_refused_and_names_its_field() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-24T04:00:00Z");
        for (due, good) in [
            ("0001-01-01T00:00:00Z", false),
            ("2024-01-01T00:00:00Z", false),
            ("2026-11-20T00:00:00Z", true),
            ("2027-03-01T00:00:00Z", true),
            ("2300-01-01T00:00:00Z", false),
        ] {
            let checked = check_due(at(due), now);
            assert_eq!(checked.is_ok(), good, "{due}");
            if let Err(Error::Told { more, .. }) = checked {
                assert_eq!(more["path"], "outside_due");
            }
        }
    }
}
