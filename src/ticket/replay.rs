//! Folding a history (重放): each event carries what it changed of the life, sealed with the rest of
//! it; folded in their order they give the life that the row, its legs and its limits must show.
//! Needs no rules and no calendar, so that a later version of either changes no past.
use chrono::{DateTime, FixedOffset, SecondsFormat, SubsecRound, Utc};
use serde_json::{Map, Value};

use crate::history::Event;
use crate::life::Life;

/// Why a history gives no life.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Written before events carried what they changed.
    #[error("event {0} does not say what it changed")]
    Silent(i32),
    #[error("the history has no events")]
    Empty,
    #[error("the history gives no life: {0}")]
    Unreadable(String),
}

/// What is different: only the fields, legs and limits that changed. Of the first event: everything.
pub(crate) fn change(before: Option<&Life>, after: &Life) -> Value {
    let after = json(after);
    match before {
        None => after,
        Some(before) => diff(&json(before), &after).unwrap_or_else(|| Value::Object(Map::new())),
    }
}

/// The life that a history tells.
pub fn replay(events: &[Event]) -> Result<Life, Broken> {
    let folded = fold(events)?;
    serde_json::from_value(folded).map_err(|error| Broken::Unreadable(error.to_string()))
}

/// The fields in which a stored life differs from what its history tells; none: they agree.
pub fn drift(stored: &Life, events: &[Event]) -> Result<Vec<String>, Broken> {
    let mut told = fold(events)?;
    let mut stored = json(stored);
    for side in [&mut told, &mut stored] {
        let legs = side.get_mut("legs").and_then(Value::as_array_mut);
        for leg in legs.into_iter().flatten() {
            // a unit may be renamed or moved later; it stays the same unit
            let id = leg["unit"]["unit"].take();
            leg["unit"] = id;
        }
        strip(side, &|value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::Number(number) => number.as_i64() == Some(0),
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::Bool(true) => false,
        });
    }
    let mut names = Vec::new();
    name_differences("", &told, &stored, &mut names);
    Ok(names)
}

fn fold(events: &[Event]) -> Result<Value, Broken> {
    let mut life = None;
    for event in events {
        let change = event.change.as_ref().ok_or(Broken::Silent(event.seq))?;
        match &mut life {
            None => life = Some(change.clone()),
            Some(life) => apply(life, change),
        }
    }
    life.ok_or(Broken::Empty)
}

/// As the database keeps it: no more than microseconds, nothing where there is nothing.
fn json(life: &Life) -> Value {
    let mut value = serde_json::to_value(life).unwrap_or_default();
    keep_micros(&mut value);
    strip(&mut value, &Value::is_null);
    value
}

fn keep_micros(value: &mut Value) {
    match value {
        Value::String(text) => {
            // 2026-03-02T09:00:00.123456789Z
            if text.len() > "2026-03-02T09:00:00.123456Z".len()
                && text.as_bytes().get(10) == Some(&b'T')
                && let Ok(at) = text.parse::<DateTime<FixedOffset>>()
            {
                let at = at.with_timezone(&Utc).trunc_subsecs(6);
                *text = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(keep_micros),
        Value::Object(fields) => fields.values_mut().for_each(keep_micros),
        _ => {}
    }
}

fn strip(value: &mut Value, is_nothing: &dyn Fn(&Value) -> bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, is_nothing)),
        Value::Object(fields) => {
            for field in fields.values_mut() {
                strip(field, is_nothing);
            }
            fields.retain(|_, field| !is_nothing(field));
        }
        _ => {}
    }
}

/// A list whose items keep their places, such as legs and limits.
fn is_list(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(Value::is_object)
}

fn diff(before: &Value, after: &Value) -> Option<Value> {
    match (before, after) {
        _ if before == after => None,
        (Value::Object(old), Value::Object(new)) => {
            let mut change = Map::new();
            for (key, value) in new {
                if let Some(value) =
                    old.get(key).map_or(Some(value.clone()), |old| diff(old, value))
                {
                    change.insert(key.clone(), value);
                }
            }
            for key in old.keys().filter(|key| !new.contains_key(*key)) {
                change.insert(key.clone(), Value::Null);
            }
            Some(Value::Object(change))
        }
        (Value::Array(old), Value::Array(new))
            if is_list(old) && is_list(new) && new.len() >= old.len() =>
        {
            let changed = new.iter().enumerate().filter_map(|(i, item)| {
                let item = old.get(i).map_or(Some(item.clone()), |old| diff(old, item));
                item.map(|item| (i.to_string(), item))
            });
            Some(Value::Object(changed.collect()))
        }
        _ => Some(after.clone()),
    }
}

fn apply(to: &mut Value, change: &Value) {
    match (to, change) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (key, change) in changes {
                match fields.get_mut(key) {
                    _ if change.is_null() => drop(fields.remove(key)),
                    Some(field) => apply(field, change),
                    None => drop(fields.insert(key.clone(), change.clone())),
                }
            }
        }
        (Value::Array(items), Value::Object(changes)) => {
            let mut places: Vec<_> = changes
                .iter()
                .filter_map(|(key, change)| Some((key.parse::<usize>().ok()?, change)))
                .collect();
            places.sort_unstable_by_key(|(place, _)| *place);
            for (place, change) in places {
                match items.get_mut(place) {
                    Some(item) => apply(item, change),
                    None => items.push(change.clone()),
                }
            }
        }
        (to, change) => *to = change.clone(),
    }
}

fn name_differences(at: &str, told: &Value, stored: &Value, names: &mut Vec<String>) {
    let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
    match (told, stored) {
        _ if told == stored => {}
        (Value::Object(one), Value::Object(other)) => {
            let keys: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let side =
                    |fields: &Map<String, Value>| fields.get(key).cloned().unwrap_or_default();
                name_differences(&below(key), &side(one), &side(other), names);
            }
        }
        (Value::Array(one), Value::Array(other)) if is_list(one) && is_list(other) => {
            for i in 0..one.len().max(other.len()) {
                let side = |items: &[Value]| items.get(i).cloned().unwrap_or_default();
                name_differences(&below(&i.to_string()), &side(one), &side(other), names);
            }
        }
        _ => names.push(at.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_holds_only_what_is_different() {
        let before = json!({ "stage": "accepted", "legs": [{ "id": 1, "state": "dispatched", "due": 5 }], "ask": 3 });
        let after =
            json!({ "stage": "handling", "legs": [{ "id": 1, "state": "handling" }, { "id": 2 }] });
        let change = diff(&before, &after).unwrap();
        let expected = json!({
            "stage": "handling",
            "legs": { "0": { "state": "handling", "due": null }, "1": { "id": 2 } },
            "ask": null,
        });
        assert_eq!(change, expected);
        let mut folded = before;
        apply(&mut folded, &change);
        assert_eq!(folded, after);
    }

    #[test]
    fn a_moment_is_told_as_the_database_keeps_it() {
        let mut value = json!(["2026-03-02T09:00:00.123456789Z", "2026-03-02T09:00:00Z", "text"]);
        keep_micros(&mut value);
        assert_eq!(value, json!(["2026-03-02T09:00:00.123456Z", "2026-03-02T09:00:00Z", "text"]));
    }
}
