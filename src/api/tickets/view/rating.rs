//! What the citizen said when asked, in JSON.
use chrono::{DateTime, Utc};
use serde::Serialize;
use ticket::Rating;
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RatingBody {
    at: DateTime<Utc>,
    cycle: i16,
    reached: bool,
    contacted: Option<bool>,
    solved: Option<&'static str>,
    satisfaction: Option<&'static str>,
    satisfaction_label: &'static str,
    words: String,
    not_true: bool,
    /// `call`, `page`, or `page_doubted`: one of many from one address, the citizen is to be called.
    via: &'static str,
}

impl RatingBody {
    pub(super) fn new(rating: Rating) -> Self {
        Self {
            at: rating.at,
            cycle: rating.cycle,
            reached: rating.reached,
            contacted: rating.contacted,
            solved: rating.solved.map(ticket::Solved::word),
            satisfaction: rating.satisfaction.map(ticket::Satisfaction::word),
            satisfaction_label: rating.satisfaction.map_or("未评价", ticket::Satisfaction::label),
            words: rating.words,
            not_true: rating.not_true,
            via: rating
                .page
                .map_or("call", |page| if page.doubted { "page_doubted" } else { "page" }),
        }
    }
}
