//! Shapes that the rooms below write themselves, for the description of the interface alone.
use chrono::{DateTime, NaiveDate, Utc};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words;

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $field:ident: $kind:ty),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(ToSchema)]
        #[expect(dead_code, reason = "only described")]
        pub(crate) struct $name { $($(#[$of])* $field: $kind),* }
    )* };
}

shapes! {
    /// One thing that a step needs to be told.
    FieldBody {
        name: String,
        label: String,
        kind: words::FieldKind,
        required: bool,
        /// The answers to choose from; none where it is no choice.
        options: Vec<ChoiceBody>,
    }
    ChoiceBody { value: String, label: String }
    /// Who asked for something, and why.
    AskedBody { by: Option<Uuid>, name: String, at: DateTime<Utc>, reason: String }
    /// More time was asked for (延期申请).
    ExtensionBody { days: u32, reason: String, asked_at: DateTime<Utc>, leg: Uuid }
    /// Setting aside was asked for (挂账申请).
    SuspensionAskBody { leg: Uuid, until: NaiveDate, cause: String, asked: AskedBody }
    /// Another kind, urgency or "wants a reply" was asked for (类型变更).
    ChangeAskBody {
        kind: Option<words::Kind>,
        urgency: Option<words::Urgency>,
        wants_reply: Option<bool>,
        asked: AskedBody,
    }
    /// The citizen wishes to withdraw (撤单).
    WithdrawalBody { words: String, call_id: Option<Uuid>, asked: AskedBody, from: String, confirmed: bool }
    /// The final reply was proposed (最终答复).
    FinalAskBody { text: String, basis: String, asked: AskedBody, from: String }
    /// Where the matter was handed to (转出).
    TransferBody { to: String, outside_number: Option<String>, at: DateTime<Utc>, name: String }
    /// What is noticeable in a reply, for whoever reviews it.
    FindingBody { code: String, text: String }
    /// What the citizen asks for, as it is taken down.
    TicketDraft {
        title: String,
        content: String,
        kind: words::Kind,
        urgency: words::Urgency,
        #[schema(required)]
        category_id: Option<Uuid>,
        #[schema(required)]
        place_id: Option<Uuid>,
        address: String,
        contact_name: String,
        contact_number: String,
        /// The units never learn who it was (保密).
        secrecy: bool,
        wants_reply: bool,
        /// Who is complained about (被投诉单位).
        #[schema(required = false)]
        against_unit_ids: Vec<Uuid>,
    }
    /// Answered at once from a knowledge entry (直接答复).
    DirectAnswer { knowledge_id: Uuid, text: String }
}
