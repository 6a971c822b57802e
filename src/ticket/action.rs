//! The steps that somebody can ask for, with what each of them needs to be told.
use base::{CallId, CategoryId, LegId, PlaceId, TicketId, UnitId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kind::{Kind, Satisfaction, Solved, Urgency, words};
use crate::review::{Checklist, Code, Facts};
use crate::side::{Level, Outside};
pub use crate::step::Step;

words! {
    /// The names of the steps, and the words on their buttons; in the order of the buttons, so that
    /// the first that can be taken is what most come for.
    Verb {
        Sign = "sign" "签收",
        Dispatch = "dispatch" "派单",
        Reply = "reply" "答复",
        Review = "review" "审单",
        FollowUp = "follow_up" "回访",
        Approve = "approve" "审核答复",
        Arbitrate = "arbitrate" "会商裁定",
        DecideReturn = "decide_return" "退单审核",
        DecideExtension = "decide_extension" "延期审核",
        DecideSuspension = "decide_suspension" "挂账审批",
        DecideWithdrawal = "decide_withdrawal" "撤单审核",
        DecideFinal = "decide_final" "最终答复审核",
        DecideChange = "decide_change" "类型变更审核",
        AnswerOversight = "answer_oversight" "回复督办",
        OutsideFeedback = "outside_feedback" "登记转出反馈",
        Contact = "contact" "登记联系",
        AskExtension = "ask_extension" "申请延期",
        Return = "return" "申请退单",
        AskSuspension = "ask_suspension" "申请挂账",
        AskFinal = "ask_final" "申请最终答复",
        NotAccept = "not_accept" "告知法定途径",
        TransferOut = "transfer_out" "转出",
        Merge = "merge" "并单",
        Unmerge = "unmerge" "拆分并单",
        Reassign = "reassign" "改派",
        Assist = "assist" "增派协办",
        Resume = "resume" "恢复办理",
        RenewSuspension = "renew_suspension" "续挂账",
        Rework = "rework" "重办",
        Close = "close" "办结",
        Urge = "urge" "催办",
        PhoneNotice = "phone_notice" "电话交办",
        Oversee = "oversee" "督办",
        LiftOversight = "lift_oversight" "解除督办",
        AskWithdrawal = "ask_withdrawal" "撤单",
        AskChange = "ask_change" "申请类型变更",
        Recategorise = "recategorise" "调整分类",
        Flag = "flag" "群体标记",
    }
}

/// One step, as somebody asks for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Send to a unit (派单), or, from a county's hub, on to one of its units.
    Dispatch {
        unit_id: UnitId,
        #[serde(default)]
        assisting: Vec<UnitId>,
    },
    /// Tell the citizen the legal way instead (告知法定途径).
    NotAccept {
        path: String,
    },
    /// Sign for it (签收).
    Sign {},
    /// Ask to give it back (申请退单).
    Return {
        #[serde(default)]
        unit_id: Option<UnitId>,
    },
    /// Decide on a return; granted with a unit, it goes straight there.
    DecideReturn {
        approve: bool,
        #[serde(default)]
        unit_id: Option<UnitId>,
    },
    /// Reply (答复).
    Reply {
        text: String,
        #[serde(default)]
        contacted: bool,
        #[serde(default)]
        contacted_at: Option<DateTime<Utc>>,
        #[serde(default)]
        how: Option<String>,
        solved: Solved,
        /// Whether the facts are as told (属实).
        #[serde(default)]
        facts: Option<Facts>,
        /// The law or rule it rests on.
        #[serde(default)]
        basis: Option<String>,
        /// What may be published.
        #[serde(default)]
        public_text: Option<String>,
        #[serde(default)]
        attachments: Vec<Uuid>,
        /// When a plan is to be carried out.
        #[serde(default)]
        plan_date: Option<NaiveDate>,
    },
    /// The unit's leader approves the reply (单位审核).
    Approve {
        approve: bool,
        #[serde(default)]
        missing: Option<String>,
    },
    /// Check the reply (审单).
    Review {
        pass: bool,
        #[serde(default)]
        missing: Option<String>,
        #[serde(default)]
        checklist: Option<Checklist>,
        #[serde(default)]
        codes: Vec<Code>,
    },
    /// Ask for more time (申请延期).
    AskExtension {
        days: u32,
        /// When the citizen was told, if that is not written down yet.
        #[serde(default)]
        contacted_at: Option<DateTime<Utc>>,
        #[serde(default)]
        how: Option<String>,
    },
    /// Decide on it.
    DecideExtension {
        approve: bool,
    },
    /// What the citizen says (回访).
    FollowUp {
        reached: bool,
        #[serde(default)]
        contacted: Option<bool>,
        #[serde(default)]
        solved: Option<Solved>,
        #[serde(default)]
        satisfaction: Option<Satisfaction>,
        #[serde(default)]
        words: String,
        #[serde(default)]
        not_true: bool,
        #[serde(default)]
        call_id: Option<CallId>,
    },
    /// Hurry the unit (催办).
    Urge {},
    /// Work on it again, as a new cycle (重办).
    Rework {},
    /// Close what the citizen is not content with, by decision.
    Close {},
    /// Name the unit after a meeting, which binds (会商裁定).
    Arbitrate {
        unit_id: UnitId,
        #[serde(default)]
        assisting: Vec<UnitId>,
    },
    /// Another unit, at once (改派).
    Reassign {
        unit_id: UnitId,
        #[serde(default)]
        assisting: Vec<UnitId>,
    },
    /// More units that assist (增派协办).
    Assist {
        unit_ids: Vec<UnitId>,
    },
    /// A contact with the citizen (联系诉求人).
    Contact {
        #[serde(default)]
        at: Option<DateTime<Utc>>,
        #[serde(default)]
        how: Option<String>,
        reached: bool,
        #[serde(default)]
        call_id: Option<CallId>,
        #[serde(default)]
        attachment_id: Option<Uuid>,
    },
    /// Ask to set it aside (申请挂账).
    AskSuspension {
        until: NaiveDate,
        cause: String,
    },
    DecideSuspension {
        approve: bool,
        #[serde(default)]
        review_at: Option<NaiveDate>,
    },
    RenewSuspension {
        review_at: NaiveDate,
    },
    Resume {},
    /// Ask for another kind, urgency or "wants a reply" (类型变更).
    AskChange {
        #[serde(default)]
        kind: Option<Kind>,
        #[serde(default)]
        urgency: Option<Urgency>,
        #[serde(default)]
        wants_reply: Option<bool>,
    },
    DecideChange {
        approve: bool,
        #[serde(default)]
        retroactive: bool,
    },
    Recategorise {
        category_id: CategoryId,
        #[serde(default)]
        place_id: Option<PlaceId>,
    },
    /// The citizen wishes to withdraw (撤单).
    AskWithdrawal {
        #[serde(default)]
        call_id: Option<CallId>,
        words: String,
    },
    DecideWithdrawal {
        approve: bool,
    },
    AskFinal {
        text: String,
        basis: String,
    },
    DecideFinal {
        approve: bool,
    },
    /// Mark, order, escalate (督办).
    Oversee {
        level: Level,
        #[serde(default)]
        days: Option<u32>,
    },
    AnswerOversight {
        text: String,
        #[serde(default)]
        oversight_id: Option<Uuid>,
    },
    LiftOversight {
        #[serde(default)]
        oversight_id: Option<Uuid>,
    },
    /// Join another ticket of the same matter (并单).
    Merge {
        parent_id: TicketId,
    },
    Unmerge {},
    TransferOut {
        to: Outside,
        #[serde(default)]
        outside_number: Option<String>,
    },
    OutsideFeedback {
        taken: bool,
        text: String,
    },
    Flag {
        mass: bool,
        #[serde(default)]
        headcount: Option<u32>,
    },
    /// The unit was told by telephone (电话交办).
    PhoneNotice {
        #[serde(default)]
        leg_id: Option<LegId>,
        who: String,
        #[serde(default)]
        call_id: Option<CallId>,
    },
}

impl Action {
    /// Which step it is.
    pub fn verb(&self) -> Verb {
        match self {
            Self::Dispatch { .. } => Verb::Dispatch,
            Self::NotAccept { .. } => Verb::NotAccept,
            Self::Sign {} => Verb::Sign,
            Self::Return { .. } => Verb::Return,
            Self::DecideReturn { .. } => Verb::DecideReturn,
            Self::Reply { .. } => Verb::Reply,
            Self::Review { .. } => Verb::Review,
            Self::AskExtension { .. } => Verb::AskExtension,
            Self::DecideExtension { .. } => Verb::DecideExtension,
            Self::FollowUp { .. } => Verb::FollowUp,
            Self::Urge {} => Verb::Urge,
            Self::Rework {} => Verb::Rework,
            Self::Close {} => Verb::Close,
            Self::Approve { .. } => Verb::Approve,
            Self::Arbitrate { .. } => Verb::Arbitrate,
            Self::Reassign { .. } => Verb::Reassign,
            Self::Assist { .. } => Verb::Assist,
            Self::Contact { .. } => Verb::Contact,
            Self::AskSuspension { .. } => Verb::AskSuspension,
            Self::DecideSuspension { .. } => Verb::DecideSuspension,
            Self::RenewSuspension { .. } => Verb::RenewSuspension,
            Self::Resume {} => Verb::Resume,
            Self::AskChange { .. } => Verb::AskChange,
            Self::DecideChange { .. } => Verb::DecideChange,
            Self::Recategorise { .. } => Verb::Recategorise,
            Self::AskWithdrawal { .. } => Verb::AskWithdrawal,
            Self::DecideWithdrawal { .. } => Verb::DecideWithdrawal,
            Self::AskFinal { .. } => Verb::AskFinal,
            Self::DecideFinal { .. } => Verb::DecideFinal,
            Self::Oversee { .. } => Verb::Oversee,
            Self::AnswerOversight { .. } => Verb::AnswerOversight,
            Self::LiftOversight { .. } => Verb::LiftOversight,
            Self::Merge { .. } => Verb::Merge,
            Self::Unmerge {} => Verb::Unmerge,
            Self::TransferOut { .. } => Verb::TransferOut,
            Self::OutsideFeedback { .. } => Verb::OutsideFeedback,
            Self::Flag { .. } => Verb::Flag,
            Self::PhoneNotice { .. } => Verb::PhoneNotice,
        }
    }

    /// A plain reply: what was done, told by telephone.
    pub fn reply(text: &str, solved: Solved) -> Self {
        Self::Reply {
            text: text.to_owned(),
            contacted: true,
            contacted_at: None,
            how: Some("电话".to_owned()),
            solved,
            facts: None,
            basis: None,
            public_text: None,
            attachments: Vec::new(),
            plan_date: None,
        }
    }

    /// A reply that passes review.
    pub fn pass() -> Self {
        Self::Review { pass: true, missing: None, checklist: None, codes: Vec::new() }
    }

    /// A reply that is sent back with what is missing.
    pub fn send_back(missing: &str) -> Self {
        let missing = Some(missing.to_owned());
        Self::Review { pass: false, missing, checklist: None, codes: Vec::new() }
    }

    /// The units that it names.
    pub fn units(&self) -> Vec<UnitId> {
        match self {
            Self::Dispatch { unit_id, assisting }
            | Self::Arbitrate { unit_id, assisting }
            | Self::Reassign { unit_id, assisting } => {
                std::iter::once(*unit_id).chain(assisting.iter().copied()).collect()
            }
            Self::Assist { unit_ids } => unit_ids.clone(),
            Self::DecideReturn { unit_id, .. } | Self::Return { unit_id } => {
                unit_id.iter().copied().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The call and the attachment that it offers as proof.
    pub fn proofs(&self) -> (Option<CallId>, Option<Uuid>) {
        match self {
            Self::Contact { call_id, attachment_id, .. } => (*call_id, *attachment_id),
            Self::AskWithdrawal { call_id, .. }
            | Self::PhoneNotice { call_id, .. }
            | Self::FollowUp { call_id, .. } => (*call_id, None),
            _ => (None, None),
        }
    }
}
