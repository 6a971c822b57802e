use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A telephone number as digits, with an optional leading `+` (电话号码). Shown masked wherever
/// it is printed; [`PhoneNumber::reveal`] is the only way to the whole of it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// What is not a telephone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotANumber;

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a telephone number has 3 to 20 digits, with + at most in front")
    }
}

impl std::error::Error for NotANumber {}

impl PhoneNumber {
    /// The whole number. Never log it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `138****0001`: enough to recognise, too little to ring.
    pub fn masked(&self) -> String {
        let digits: Vec<char> = self.0.chars().collect();
        let (head, tail) = match digits.len() {
            ..=4 => (0, 1),
            5..=7 => (1, 2),
            8..=10 => (2, 3),
            _ => (digits.len() - 8, 4),
        };
        let hidden = digits.len() - head - tail;
        let show = |part: &[char]| part.iter().collect::<String>();
        show(&digits[..head]) + &"*".repeat(hidden) + &show(&digits[digits.len() - tail..])
    }

    /// The same subscriber in one form: without 86, without the 0 that long-distance calls put
    /// before a mobile number. For look-up, not for dialling.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let digits = self.0.trim_start_matches('+');
        let digits = digits.strip_prefix("0086").unwrap_or(digits);
        let digits = match digits.strip_prefix("86") {
            Some(rest) if rest.len() >= 9 => rest,
            _ => digits,
        };
        let mobile = digits.strip_prefix('0').filter(|rest| is_mobile(rest));
        let fixed = !digits.starts_with(['0', '1']) && matches!(digits.len(), 10 | 11);
        Self(match mobile {
            Some(mobile) => mobile.to_owned(),
            None if fixed => format!("0{digits}"),
            None => digits.to_owned(),
        })
    }

    /// Whether it can take an SMS: 11 digits from 13 to 19.
    pub fn is_mobile(&self) -> bool {
        is_mobile(self.canonical().reveal())
    }
}

fn is_mobile(digits: &str) -> bool {
    let second = digits.as_bytes().get(1);
    digits.len() == 11
        && digits.starts_with('1')
        && second.is_some_and(|d| (b'3'..=b'9').contains(d))
}

impl FromStr for PhoneNumber {
    type Err = NotANumber;

    /// Spaces, hyphens, dots and brackets between digits are dropped.
    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let kept: String =
            text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}')).collect();
        let digits = kept.strip_prefix('+').unwrap_or(&kept);
        let plausible =
            (3..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if plausible { Ok(Self(kept)) } else { Err(NotANumber) }
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = NotANumber;
    fn try_from(text: String) -> Result<Self, NotANumber> {
        text.parse()
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        text.parse().unwrap()
    }

    #[test]
    fn a_printed_number_cannot_be_rung() {
        assert_eq!(
            format!("{} {:?}", number("13800000001"), number("04341234567")),
            "138****0001 043****4567"
        );
    }

    #[test]
    fn one_subscriber_has_one_canonical_number() {
        for same in ["+8613800138000", "013800138000", "138 0013 8000", "0086-13800138000"] {
            assert_eq!(number(same).canonical().reveal(), "13800138000", "{same}");
        }
        for same in ["04341234567", "+864341234567", "0434-1234567"] {
            assert_eq!(number(same).canonical().reveal(), "04341234567", "{same}");
        }
        assert_eq!(number("12345").canonical().reveal(), "12345");
    }

    #[test]
    fn words_are_no_numbers() {
        for bad in ["", "12", "anonymous", "1+23", "一二三"] {
            assert_eq!(bad.parse::<PhoneNumber>(), Err(NotANumber), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn masking_keeps_the_length_and_hides_something(text in "\\+?[0-9]{3,20}") {
            let masked = number(&text).masked();
            proptest::prop_assert_eq!(masked.chars().count(), text.chars().count());
            proptest::prop_assert!(masked.contains('*'));
        }
    }
}
