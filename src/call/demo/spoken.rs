//! The words of the demonstration's calls, at the times at which they can have been said.
use base::{CallId, Dice};
use chrono::{DateTime, Utc};
use db::seal::Keys;
use serde::Serialize;
use speech::{Sealed, Segment, Track};

use super::FromTicket;

/// What is written beside words that no model heard.
pub(crate) const MODEL: &str = "demo";
/// How long a character is said, and how long nobody speaks between two sentences.
const CHARACTER_MS: u64 = 210;
const PAUSE_MS: u64 = 700;

/// A row of `transcript_segment`.
#[derive(Debug, Serialize)]
pub(crate) struct WordsRow {
    #[serde(flatten)]
    pub(crate) said: Sealed,
    pub(crate) model: &'static str,
    pub(crate) at: DateTime<Utc>,
}

/// The rows of one call, from the agent's first word on; said faster where the talk was short.
pub(crate) fn words(
    call: CallId,
    ticket: &FromTicket,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    keys: &Keys,
    dice: &dyn Dice,
) -> Vec<WordsRow> {
    let length = |text: &str| u64::try_from(text.chars().count()).unwrap_or(0) * CHARACTER_MS;
    let talk = u64::try_from((to - from).num_milliseconds()).unwrap_or(0);
    let all: u64 = ticket.said.iter().map(|(_, text)| length(text) + PAUSE_MS).sum();
    let fit = |ms: u64| if all > talk { ms * talk / all.max(1) } else { ms };
    let (mut at, mut counts, mut rows) = (0, [0; 2], Vec::new());
    for (track, text) in &ticket.said {
        let count = &mut counts[usize::from(*track == Track::Agent)];
        let (begin, end) = (fit(at), fit(at + length(text)));
        let segment = Segment {
            call,
            track: *track,
            index: *count,
            from_ms: begin,
            to_ms: end,
            text: text.clone(),
            r#final: true,
            committed: text.chars().count(),
        };
        *count += 1;
        at += length(text) + PAUSE_MS;
        let heard = from + chrono::TimeDelta::milliseconds(i64::try_from(end).unwrap_or(0));
        let sealed = Sealed::of(&segment, keys, dice);
        rows.extend(sealed.map(|said| WordsRow { said, model: MODEL, at: heard }));
    }
    rows
}
