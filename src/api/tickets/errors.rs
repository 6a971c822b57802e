//! What a step that was not taken looks like from outside.
use axum::http::StatusCode;
use serde_json::{Map, json};
use ticket::{Offer, Refused};

use super::view::HistoryItem;
use crate::Error;

impl From<workflow::Error> for Error {
    fn from(error: workflow::Error) -> Self {
        use workflow::Error as E;
        match error {
            E::NotFound => Self::NotFound,
            E::Refused(Refused::NotYou(why)) => Self::Forbidden(why),
            E::Refused(Refused::Bad(why)) => Self::invalid("bad_step", why),
            E::Refused(Refused::Recused(why)) => Self::invalid("unit_complained_about", why),
            E::Refused(Refused::WrongState { .. }) => wrong_state(&error, &[]),
            E::NoSuch { field, .. } => {
                crate::extract::field_error("bad_field", field, error.to_string())
            }
            E::Stale { version, changed } => {
                let changed: Vec<_> = changed.into_iter().map(HistoryItem::new).collect();
                let more = Map::from_iter([
                    ("version".to_owned(), json!(version)),
                    ("changed".to_owned(), json!(changed)),
                ]);
                let detail = "工单已被他人更新，请查看最新情况后再办理".to_owned();
                Self::Told {
                    status: StatusCode::PRECONDITION_FAILED,
                    code: "ticket_changed",
                    detail,
                    more,
                }
            }
            E::Denied(denied) => denied.into(),
            E::Org(error) => error.into(),
            E::Db(error) => error.into(),
            E::KeyReused => Self::invalid("idempotency_key_reused", error.to_string()),
            broken @ (E::Ticket(_) | E::Notice(_) | E::Sealed(_)) => Self::internal(broken),
        }
    }
}

/// 409: names the state, and what can be done in it.
pub(super) fn wrong_state(error: &workflow::Error, offers: &[Offer]) -> Error {
    let detail = error.to_string();
    let mut more = Map::new();
    if let workflow::Error::Refused(Refused::WrongState { stage, .. }) = error {
        more.insert("state".to_owned(), json!(stage.word()));
    }
    let allowed: Vec<_> =
        offers.iter().filter(|offer| offer.enabled).map(|offer| offer.name).collect();
    more.insert("allowed".to_owned(), json!(allowed));
    Error::Told { status: StatusCode::CONFLICT, code: "ticket_wrong_state", detail, more }
}
