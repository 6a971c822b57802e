//! The copy of a sealed ticket that units read (保密工单的脱敏副本): without the reporter's name, and
//! without digits that could be a number of theirs.
use org::Identity;
use serde_json::Value;
use ticket::{Event, Rating, Ticket};

/// Digits in a row that could be a telephone number.
const IN_A_ROW: usize = 7;
/// As many when blanks or strokes part them; a date has eight.
const PARTED: usize = 10;

/// Takes out of the ticket what would tell units who reported.
pub(crate) fn ticket(ticket: &mut Ticket, identity: &Identity) {
    let request = &mut ticket.request;
    request.title = hide(&request.title, identity);
    request.content = hide(&request.content, identity);
    request.address = hide(&request.address, identity);
    request.call = None;
    request.source = request.source.as_deref().map(|source| hide(source, identity));
    request.outside_number = None;
}

/// The same for what was written down since.
pub(crate) fn events(events: &mut [Event], identity: &Identity) {
    for event in events {
        event.reason = hide(&event.reason, identity);
        event.note = event.note.as_deref().map(|note| hide(note, identity));
        hide_json(&mut event.details, identity);
    }
}

/// The same for what the reporter said when asked.
pub(crate) fn rating(rating: &mut Rating, identity: &Identity) {
    rating.words = hide(&rating.words, identity);
    rating.call_id = None;
}

/// Every text of it, except what names a thing by its id or time; calls are left out.
fn hide_json(value: &mut Value, identity: &Identity) {
    match value {
        Value::String(text) => {
            let is_id = text.parse::<uuid::Uuid>().is_ok();
            let is_time = chrono::DateTime::parse_from_rfc3339(text).is_ok();
            if !is_id && !is_time {
                *text = hide(text, identity);
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| hide_json(one, identity)),
        Value::Object(fields) => {
            fields.remove("call");
            fields.remove("call_id");
            fields.values_mut().for_each(|one| hide_json(one, identity));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A text without the reporter's name, address and numbers.
pub(crate) fn hide(text: &str, identity: &Identity) -> String {
    let mut shown = text.to_owned();
    for told in [identity.name.as_deref(), identity.address.as_deref()].into_iter().flatten() {
        if told.chars().count() > 1 {
            shown = shown.replace(told, "某");
        }
    }
    hide_numbers(&shown)
}

/// Digits that could be a telephone number or an identity card.
fn hide_numbers(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut shown = String::with_capacity(text.len());
    let mut i = 0;
    while i < letters.len() {
        if !is_digit(letters[i]) {
            shown.push(letters[i]);
            i += 1;
            continue;
        }
        let run = letters[i..].iter().take_while(|c| is_digit(**c) || is_parting(**c)).count();
        let run = run - letters[i..i + run].iter().rev().take_while(|c| is_parting(**c)).count();
        let whole = &letters[i..i + run];
        let digits = whole.iter().filter(|c| is_digit(**c)).count();
        let longest = whole.split(|c| is_parting(*c)).map(<[char]>::len).max().unwrap_or_default();
        if longest >= IN_A_ROW || digits >= PARTED {
            shown.push_str("***");
        } else {
            shown.extend(whole);
        }
        i += run;
    }
    shown
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('０'..='９').contains(&c)
}

fn is_parting(c: char) -> bool {
    matches!(c, ' ' | '-' | '\u{3000}' | '－' | '—' | '·')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephone_numbers_are_taken_out_and_house_numbers_stay() {
        assert_eq!(hide_numbers("12号楼电话13800000001转105"), "12号楼电话***转105");
    }

    #[test]
    fn a_number_written_with_blanks_strokes_or_wide_digits_is_taken_out_too() {
        assert_eq!(hide_numbers("138 0000 0001联系"), "***联系");
        assert_eq!(hide_numbers("0434-3600001"), "***");
        assert_eq!(hide_numbers("请打１３８０００００００１。"), "请打***。");
        assert_eq!(hide_numbers("2026-11-24晚3-2-501"), "2026-11-24晚3-2-501");
    }

    #[test]
    fn texts_inside_an_events_details_lose_the_name_and_ids_stay() {
        let identity = Identity { name: Some("李桂兰".to_owned()), ..Identity::default() };
        let id = "01890000-0000-7000-8000-000000000001";
        let mut details = serde_json::json!({
            "text": "李桂兰说", "reply": { "text": "已联系李桂兰13800000001" }, "leg": id, "call": id,
        });
        hide_json(&mut details, &identity);
        let shown = serde_json::json!({
            "text": "某说", "reply": { "text": "已联系某***" }, "leg": id,
        });
        assert_eq!(details, shown);
    }
}
