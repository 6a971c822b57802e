//! A final sentence with its words sealed, as it goes through the spool into its table.
use base::{CallId, Dice};
use db::seal::Keys;
use serde::{Deserialize, Serialize};

use crate::{Error, Segment, Track};

/// What was said, and only the time of it can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    pub call: CallId,
    pub track: Track,
    pub index: u32,
    pub from_ms: u64,
    pub to_ms: u64,
    /// Hexadecimal: it goes through the spool as JSON.
    #[serde(with = "hex")]
    pub(crate) words: Vec<u8>,
}

impl Sealed {
    /// Seals the words of a final sentence, bound to its place; `None` for one that is still open
    /// or has no words.
    pub fn of(segment: &Segment, keys: &Keys, dice: &dyn Dice) -> Option<Self> {
        let Segment { call, track, index, from_ms, to_ms, .. } = *segment;
        (segment.r#final && !segment.text.is_empty()).then(|| {
            let place = place(call, track, index);
            let words = keys.seal_bytes(place.as_bytes(), segment.text.as_bytes(), dice);
            Self { call, track, index, from_ms, to_ms, words }
        })
    }

    /// The sentence with its words.
    ///
    /// # Errors
    /// When they were changed or moved, or their key is not there.
    pub fn open(&self, keys: &Keys) -> Result<Segment, Error> {
        let Self { call, track, index, from_ms, to_ms, .. } = *self;
        let shut = |why: &dyn std::fmt::Display| Error::Shut(call, why.to_string());
        let place = place(call, track, index);
        let words = keys.open_bytes(place.as_bytes(), &self.words).map_err(|why| shut(&why))?;
        let text = String::from_utf8(words).map_err(|why| shut(&why))?;
        let committed = text.chars().count();
        Ok(Segment { call, track, index, from_ms, to_ms, text, r#final: true, committed })
    }
}

/// Words open only where they were said.
fn place(call: CallId, track: Track, index: u32) -> String {
    format!("words/{call}/{}/{index}", track.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Clock, ManualClock, SeededDice};

    fn said() -> Segment {
        Segment {
            call: CallId::new(ManualClock::default().now(), [1; 10]),
            track: Track::Citizen,
            index: 3,
            from_ms: 1000,
            to_ms: 2500,
            text: "家里暖气不热".to_owned(),
            r#final: true,
            committed: 6,
        }
    }

    #[test]
    fn words_open_again_and_cannot_be_read_in_the_spool() {
        let keys = Keys::random(&SeededDice::new(1));
        let sealed = Sealed::of(&said(), &keys, &SeededDice::new(2)).unwrap();
        let spooled = serde_json::to_string(&sealed).unwrap();
        assert!(!spooled.contains("暖气"));
        let back: Sealed = serde_json::from_str(&spooled).unwrap();
        assert_eq!(back.open(&keys).unwrap(), said());
    }

    #[test]
    fn words_moved_to_another_call_stay_shut() {
        let keys = Keys::random(&SeededDice::new(1));
        let mut sealed = Sealed::of(&said(), &keys, &SeededDice::new(2)).unwrap();
        sealed.index += 1;
        assert!(matches!(sealed.open(&keys), Err(Error::Shut(..))));
    }

    #[test]
    fn an_open_sentence_is_not_kept() {
        let keys = Keys::random(&SeededDice::new(1));
        let open = Segment { r#final: false, ..said() };
        assert!(Sealed::of(&open, &keys, &SeededDice::new(2)).is_none());
        let empty = Segment { text: String::new(), ..said() };
        assert!(Sealed::of(&empty, &keys, &SeededDice::new(2)).is_none());
    }
}
