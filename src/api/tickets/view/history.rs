//! What happened to a ticket, line by line, with the words that people read.
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use ticket::Event;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryItem {
    id: Uuid,
    at: DateTime<Utc>,
    actor_name: String,
    unit_name: Option<String>,
    action: String,
    action_label: &'static str,
    reason: String,
    note: Option<String>,
    from: Option<&'static str>,
    to: &'static str,
    details: Value,
}

impl HistoryItem {
    pub(in crate::tickets) fn new(event: Event) -> Self {
        Self {
            id: event.id(),
            at: event.at,
            actor_name: event.actor,
            unit_name: event.unit_name,
            action_label: label(&event.action),
            action: event.action,
            reason: event.reason,
            note: event.note,
            from: event.from.map(ticket::Stage::word),
            to: event.to.word(),
            details: event.details,
        }
    }
}

fn label(action: &str) -> &'static str {
    match action {
        "accept" => "受理",
        "addition" => "追加",
        "warn" => "临期提醒",
        "late" => "超期",
        "escalate" => "督办升级",
        "auto_sign" => "系统签收",
        "recount" => "重新计时",
        "migrate_flow" => "流程换版",
        "rebuild_clocks" => "重建计时",
        "cancel" => "撤单",
        "archive" => "归档",
        "child_merged" => "并入工单",
        "child_unmerged" => "拆出工单",
        "parent_answered" => "主单已答复",
        "called_again" => "30天内再次来电",
        "final_before" => "曾作最终答复",
        "rating_doubted" => "评价存疑",
        word => ticket::Verb::from_word(word).map_or("", ticket::Verb::label),
    }
}
