//! The steps that somebody can ask for, with what each of them needs to be told.
use base::{CallId, UnitId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::kind::{Satisfaction, Solved, words};

words! {
    /// The names of the steps, and the words on their buttons; in the order of the buttons, so that
    /// the first that can be taken is what most come for.
    Verb {
        Sign = "sign" "签收",
        Dispatch = "dispatch" "派单",
        Reply = "reply" "答复",
        Review = "review" "审单",
        FollowUp = "follow_up" "回访",
        DecideReturn = "decide_return" "退单审核",
        DecideExtension = "decide_extension" "延期审核",
        AskExtension = "ask_extension" "申请延期",
        Return = "return" "申请退单",
        NotAccept = "not_accept" "告知法定途径",
        Rework = "rework" "重办",
        Close = "close" "办结",
        Urge = "urge" "催办",
        Cancel = "cancel" "撤单",
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
    NotAccept { path: String },
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
    },
    /// Check the reply (审单).
    Review {
        pass: bool,
        #[serde(default)]
        missing: Option<String>,
    },
    /// Ask for more time (申请延期).
    AskExtension { days: u32 },
    /// Decide on it.
    DecideExtension { approve: bool },
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
    /// The citizen withdraws it (撤单).
    Cancel {},
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
            Self::Cancel {} => Verb::Cancel,
        }
    }
}

/// A step with its reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub action: Action,
    pub reason: String,
    pub note: Option<String>,
}

impl Step {
    /// A step without a word.
    pub fn new(action: Action) -> Self {
        Self { action, reason: String::new(), note: None }
    }

    /// A step and why.
    pub fn because(action: Action, reason: &str) -> Self {
        Self { action, reason: reason.to_owned(), note: None }
    }
}

impl<'de> Deserialize<'de> for Step {
    /// `{"action": …, "reason"?, "note"?, …fields}`; unknown fields are refused.
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let mut body = serde_json::Map::deserialize(from)?;
        let mut word = |name: &str| match body.remove(name) {
            None | Some(serde_json::Value::Null) => Ok(None),
            Some(serde_json::Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(D::Error::custom(format!("{name} must be a text"))),
        };
        let reason = word("reason")?.unwrap_or_default();
        let note = word("note")?;
        let action = serde_json::from_value(body.into()).map_err(D::Error::custom)?;
        Ok(Self { action, reason, note })
    }
}

/// One thing that a step needs to be told, for a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    /// `text`, `long_text`, `unit`, `units`, `bool`, `number`, `time` or `choice`.
    pub kind: &'static str,
    pub required: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
}

/// One of several answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub value: &'static str,
    pub label: &'static str,
}

fn field(name: &'static str, label: &'static str, kind: &'static str, required: bool) -> Field {
    Field { name, label, kind, required, options: Vec::new() }
}

fn choice(name: &'static str, label: &'static str, required: bool, options: Vec<Choice>) -> Field {
    Field { options, ..field(name, label, "choice", required) }
}

fn solved() -> Vec<Choice> {
    Solved::ALL.iter().map(|s| Choice { value: s.word(), label: s.label() }).collect()
}

fn satisfaction() -> Vec<Choice> {
    Satisfaction::ALL.iter().map(|s| Choice { value: s.word(), label: s.label() }).collect()
}

impl Verb {
    /// What the form of this step asks for.
    pub fn fields(self) -> Vec<Field> {
        match self {
            Self::Dispatch => vec![
                field("unit_id", "主办单位", "unit", true),
                field("assisting", "协办单位", "units", false),
                field("reason", "派单说明", "text", false),
            ],
            Self::NotAccept => vec![
                field("path", "法定途径", "text", true),
                field("reason", "理由", "long_text", true),
            ],
            Self::Sign => vec![],
            Self::Return => vec![
                field("reason", "退单理由和依据", "long_text", true),
                field("unit_id", "建议承办单位", "unit", false),
            ],
            Self::DecideReturn => vec![
                field("approve", "同意退单", "bool", true),
                field("unit_id", "改派单位", "unit", false),
                field("reason", "审核意见", "text", true),
            ],
            Self::Reply => vec![
                field("text", "答复内容", "long_text", true),
                field("contacted", "已联系诉求人", "bool", false),
                field("contacted_at", "联系时间", "time", false),
                field("how", "联系方式", "text", false),
                choice("solved", "办理结果", true, solved()),
            ],
            Self::AskExtension => vec![
                field("days", "延期工作日数", "number", true),
                field("reason", "延期理由", "long_text", true),
            ],
            Self::DecideExtension => vec![
                field("approve", "同意延期", "bool", true),
                field("reason", "审核意见", "text", false),
            ],
            Self::Review => vec![
                field("pass", "通过", "bool", true),
                field("missing", "需补正内容", "long_text", false),
            ],
            Self::FollowUp => vec![
                field("reached", "已接通", "bool", true),
                field("contacted", "承办单位是否联系过您", "bool", false),
                choice("solved", "问题是否解决", false, solved()),
                choice("satisfaction", "满意度", false, satisfaction()),
                field("words", "诉求人原话", "long_text", false),
                field("not_true", "反馈不属实", "bool", false),
            ],
            Self::Urge | Self::Rework | Self::Close | Self::Cancel => {
                vec![field("reason", "理由", "text", true)]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_from_flat_json() {
        let step: Step = serde_json::from_str(
            r#"{"action":"review","pass":false,"missing":"未联系","reason":"R01"}"#,
        )
        .unwrap();
        assert_eq!(step.action, Action::Review { pass: false, missing: Some("未联系".to_owned()) });
        assert_eq!(step.reason, "R01");
    }

    #[test]
    fn an_unknown_field_is_refused() {
        for body in [
            r#"{"action":"sign","pas":true}"#,
            r#"{"action":"review","pass":true,"due":"2026"}"#,
            r#"{"action":"vanish"}"#,
        ] {
            assert!(serde_json::from_str::<Step>(body).is_err(), "{body}");
        }
    }
}
