//! What a profile says for one kind of request.
use serde::Deserialize;

use crate::calendar::Limit;
use crate::kind::words;

/// The limits for one kind of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Acceptance to dispatch (派单).
    pub dispatch: Limit,
    /// Dispatch to signing (签收); none for praise.
    pub sign: Option<Limit>,
    /// Dispatch to asking for a return (退单); none: no right to return.
    pub ask_return: Option<Limit>,
    /// Dispatch to the first contact with the citizen (首次联系); none where there is nobody to call.
    pub first_contact: Option<Limit>,
    /// The promise to the citizen, from acceptance (答复时限).
    pub reply: Limit,
    /// How often a unit may ask for more time.
    pub extension_times: u16,
    /// The most one extension adds.
    pub extension_each: Limit,
    /// Reply to review (审单).
    pub review: Limit,
    /// Review to follow-up (回访); none: no follow-up.
    pub follow_up: Option<Limit>,
    /// The share that is followed up, in per cent.
    pub follow_up_share: u8,
    /// A new cycle (重办).
    pub rework: Limit,
    /// Deciding a return (退单审核).
    pub decide_return: Limit,
    /// Deciding an extension (延期审核).
    pub decide_extension: Limit,
    /// Naming the unit when nobody wants it (会商裁定).
    pub arbitration: Limit,
    /// Deciding a suspension (挂账审核).
    pub decide_suspension: Limit,
    /// Deciding a withdrawal (撤单审核).
    pub decide_withdrawal: Limit,
    /// Deciding a final reply (最终答复审核).
    pub decide_final: Limit,
    /// Answering an order of oversight (督办单).
    pub oversight_order: Limit,
}

/// Long-term matters (挂账): how long, why, how often looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspension {
    /// The most days in all.
    pub max_days: u32,
    /// Days to the next look at it.
    pub review_every_days: u32,
    /// The causes that may be given.
    pub causes: Vec<String>,
}

impl Default for Suspension {
    fn default() -> Self {
        let causes = ["历史遗留", "规划调整", "资金安排"].map(str::to_owned).to_vec();
        Self { max_days: 180, review_every_days: 30, causes }
    }
}

/// Ratings by the page from one address: one more than so many tickets in so many hours, and all of
/// them are doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneSource {
    pub tickets: u16,
    pub hours: u16,
}

impl Default for OneSource {
    fn default() -> Self {
        Self { tickets: 5, hours: 24 }
    }
}

words! {
    /// A part that a reply has to have.
    Block {
        /// True, partly true, not true.
        Facts = "facts" "属实情况",
        Basis = "basis" "法律或政策依据",
        Contact = "contact" "联系情况",
        Evidence = "evidence" "证据材料",
        Plan = "plan" "办理计划及日期",
        PublicText = "public_text" "公开答复",
    }
}
