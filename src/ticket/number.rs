//! Ticket numbers (工单编号): `SP20261123-0452-6`, for citizens `2026112304526`. Date, sequence of
//! the day, check digit by ISO 7064 MOD 11,10.
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

/// A ticket's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number {
    date: NaiveDate,
    sequence: u32,
}

/// What is not a ticket number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotANumber {
    #[error("工单编号由13位以上数字组成")]
    Shape,
    #[error("工单编号有误，请核对")]
    CheckDigit,
}

impl Number {
    /// The `sequence`-th ticket of a day, from 1.
    pub fn new(date: NaiveDate, sequence: u32) -> Self {
        Self { date, sequence }
    }

    /// As citizens say and key it: 13 digits, 14 from the 10,000th of a day.
    pub fn digits(self) -> String {
        let body = self.body();
        let check = check_digit(&body);
        format!("{body}{check}")
    }

    /// The day it was given out.
    pub fn date(self) -> NaiveDate {
        self.date
    }

    /// A number from 0 to 99 that belongs to the ticket: what samples are drawn by.
    pub fn draw(self) -> u8 {
        u8::try_from((self.sequence * 37 + self.date.day() * 11) % 100).expect("below 100")
    }

    fn body(self) -> String {
        format!("{}{:04}", self.date.format("%Y%m%d"), self.sequence)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let check = check_digit(&self.body());
        write!(f, "SP{}-{:04}-{check}", self.date.format("%Y%m%d"), self.sequence)
    }
}

impl FromStr for Number {
    type Err = NotANumber;

    /// With or without `SP`, hyphens and spaces, in wide digits too.
    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let text = text.trim();
        let text = text
            .get(..2)
            .filter(|head| head.eq_ignore_ascii_case("sp"))
            .map_or(text, |_| &text[2..]);
        let mut digits = String::new();
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '０'..='９' => {
                    let value = u32::from(c) - u32::from('０');
                    digits.push(char::from_digit(value, 10).expect("a digit"));
                }
                '-' | ' ' | '\u{a0}' | '　' | '–' | '—' | '－' => {}
                _ => return Err(NotANumber::Shape),
            }
        }
        if !(13..=17).contains(&digits.len()) {
            return Err(NotANumber::Shape);
        }
        let (body, check) = digits.split_at(digits.len() - 1);
        if check_digit(body).to_string() != check {
            return Err(NotANumber::CheckDigit);
        }
        let (date, sequence) = body.split_at(8);
        let date = NaiveDate::parse_from_str(date, "%Y%m%d").map_err(|_| NotANumber::Shape)?;
        let number = Self { date, sequence: sequence.parse().map_err(|_| NotANumber::Shape)? };
        // 00001 instead of 0001 would be a second spelling of the same ticket
        if number.body() == body { Ok(number) } else { Err(NotANumber::Shape) }
    }
}

/// ISO 7064 MOD 11,10.
fn check_digit(digits: &str) -> u32 {
    let mut product = 10;
    for digit in digits.bytes() {
        let sum = (product + u32::from(digit - b'0')) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    (11 - product) % 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number() -> Number {
        Number::new(NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(), 452)
    }

    #[test]
    fn the_number_of_the_manual_is_made() {
        assert_eq!(number().to_string(), "SP20261123-0452-6");
        assert_eq!(number().digits(), "2026112304526");
    }

    #[test]
    fn it_is_read_as_people_write_it() {
        for text in [
            "SP20261123-0452-6",
            "2026112304526",
            " sp 20261123 0452 6",
            "２０２６１１２３０４５２６",
        ] {
            assert_eq!(text.parse(), Ok(number()), "{text}");
        }
    }

    #[test]
    fn the_ten_thousandth_of_a_day_has_fourteen_digits() {
        let big = Number::new(number().date(), 10_000);
        assert_eq!(big.digits().len(), 14);
        assert_eq!(big.digits().parse(), Ok(big));
    }

    #[test]
    fn nonsense_is_no_number() {
        for text in
            ["", "SP", "12345", "SP20261123-0452-x", "99999999999999999999", "2026133304520"]
        {
            assert!(text.parse::<Number>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_noticed(sequence in 1_u32..20_000, place in 0_usize..13, add in 1_u8..10) {
            let right = Number::new(number().date(), sequence).digits();
            let mut wrong = right.clone().into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + add) % 10;
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert!(wrong.parse::<Number>().is_err());
        }
    }
}
