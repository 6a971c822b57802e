//! A step as somebody asks for it, with the reason: read from the flat JSON of the interface.
use serde::Deserialize;

use crate::action::Action;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_from_flat_json() {
        let step: Step = serde_json::from_str(
            r#"{"action":"review","pass":false,"missing":"未联系","reason":"R01"}"#,
        )
        .unwrap();
        assert_eq!(step.action, Action::send_back("未联系"));
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
