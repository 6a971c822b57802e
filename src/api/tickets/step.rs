//! Reading a step: its fields depend on its action, and an error names the field it is about.
use serde_json::Value;
use ticket::{Step, Verb};

use crate::Error;
use crate::extract::field_error;

/// The step that a body asks for.
pub(crate) fn read_step(body: &Value) -> Result<Step, Error> {
    match read(body) {
        Ok(step) => Ok(step),
        Err(why) => {
            let path = field(body, &why);
            let code = if why.starts_with("unknown field") { "unknown_field" } else { "bad_field" };
            Err(field_error(code, &path, format!("字段 {path}：{why}")))
        }
    }
}

fn read(body: &Value) -> Result<Step, String> {
    serde_json::from_value(body.clone()).map_err(|error| error.to_string())
}

/// Which field an error is about. Fields of a tagged enum are read without their path, so the one
/// without which the error is another is looked for.
fn field(body: &Value, why: &str) -> String {
    let Some(fields) = body.as_object() else { return ".".to_owned() };
    let named = why.split('`').nth(1);
    if why.starts_with("unknown field") || why.starts_with("missing field") {
        return named.unwrap_or(".").to_owned();
    }
    let action = fields.get("action").and_then(Value::as_str);
    if action.is_none_or(|word| Verb::from_word(word).is_none()) {
        return "action".to_owned();
    }
    let culprit = fields.keys().filter(|name| *name != "action").find(|name| {
        let mut without = fields.clone();
        without.remove(*name);
        match read(&Value::Object(without)) {
            Ok(_) => true,
            Err(other) => other != why && other.contains(&format!("`{name}`")),
        }
    });
    culprit.map_or_else(|| ".".to_owned(), Clone::clone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(body: &Value) -> String {
        match read_step(body) {
            Err(Error::Told { more, .. }) => more["path"].as_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_error_in_a_step_names_the_field_it_is_about() {
        for (body, field) in [
            (json!({"action": "dispatch"}), "unit_id"),
            (json!({"action": "dispatch", "unit_id": "x"}), "unit_id"),
            (json!({"action": "sign", "due": 1}), "due"),
            (json!({"action": "fly"}), "action"),
            (json!({"text": "x"}), "action"),
            (json!({"action": "reply", "text": 5, "solved": "solved"}), "text"),
            (json!({"action": "reply", "text": "x", "solved": "perhaps"}), "solved"),
            (json!({"action": "ask_extension", "days": -1}), "days"),
            (json!({"action": "sign", "reason": 5}), "reason"),
        ] {
            assert_eq!(path(&body), field, "{body}");
        }
    }
}
