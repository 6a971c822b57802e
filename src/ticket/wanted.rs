//! Limits and numbers of the profile that steps ask for by name.
use chrono::{DateTime, NaiveDate, Utc};

use crate::flow::Rules;

impl Rules {
    /// The local day of a moment.
    pub fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.office().zone()).date_naive()
    }
    /// How many returns, corrections and dissatisfied answers raise a mark.
    pub(crate) fn marks_after(&self) -> (i16, i16, i16) {
        let [returns, corrections, dissatisfied] = [
            self.oversee_after_returns,
            self.oversee_after_corrections,
            self.oversee_after_dissatisfied,
        ]
        .map(|times| i16::try_from(times).unwrap_or(i16::MAX));
        (returns, corrections, dissatisfied)
    }
}
