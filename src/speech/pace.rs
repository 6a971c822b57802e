//! How often an open sentence is heard, and what is left out when the machine is busy. Pure.
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// From eager to frugal. Finished sentences are never left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gait {
    /// Open sentences are heard every 0.6 s,
    Eager,
    /// every second,
    Normal,
    /// every two seconds,
    Slow,
    /// not at all.
    FinalsOnly,
}

impl Gait {
    /// New sound that an open sentence needs before it is heard again, in milliseconds.
    pub(crate) fn interval_ms(self) -> Option<u64> {
        match self {
            Self::Eager => Some(600),
            Self::Normal => Some(1_000),
            Self::Slow => Some(2_000),
            Self::FinalsOnly => None,
        }
    }
}

const LATE: TimeDelta = TimeDelta::milliseconds(1_500);
/// Only now are open sentences left out altogether.
const TOO_LATE: TimeDelta = TimeDelta::seconds(5);
const PROMPT: TimeDelta = TimeDelta::milliseconds(300);
/// Between two steps down,
const DOWN: TimeDelta = TimeDelta::seconds(2);
/// and the calm before a step up.
const CALM: TimeDelta = TimeDelta::seconds(10);

/// Steps down at once, climbs back slowly.
#[derive(Debug)]
pub(crate) struct Pace {
    gait: Gait,
    stepped: Option<DateTime<Utc>>,
    calm_since: Option<DateTime<Utc>>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { gait: Gait::Eager, stepped: None, calm_since: None }
    }
}

impl Pace {
    pub(crate) fn gait(&self) -> Gait {
        self.gait
    }

    /// A piece of work began `delay` after it could have; whether that changed the gait.
    pub(crate) fn on(&mut self, delay: TimeDelta, now: DateTime<Utc>) -> bool {
        let before = self.gait;
        if delay > LATE {
            self.calm_since = None;
            if self.stepped.is_none_or(|at| now - at >= DOWN) {
                self.gait = match self.gait {
                    Gait::Eager => Gait::Normal,
                    Gait::Slow if delay > TOO_LATE => Gait::FinalsOnly,
                    Gait::Normal | Gait::Slow => Gait::Slow,
                    Gait::FinalsOnly => Gait::FinalsOnly,
                };
                self.stepped = Some(now);
            }
        } else if delay < PROMPT {
            let since = *self.calm_since.get_or_insert(now);
            if now - since >= CALM {
                self.gait = match self.gait {
                    Gait::FinalsOnly => Gait::Slow,
                    Gait::Slow => Gait::Normal,
                    Gait::Normal | Gait::Eager => Gait::Eager,
                };
                self.calm_since = Some(now);
            }
        } else {
            self.calm_since = None;
        }
        before != self.gait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Clock;

    fn at(seconds: i64) -> DateTime<Utc> {
        base::ManualClock::default().now() + TimeDelta::seconds(seconds)
    }

    #[test]
    fn a_busy_machine_hears_open_sentences_less_often_and_then_not_at_all() {
        let mut pace = Pace::default();
        let steps = [
            (0, 2, Gait::Normal),
            (1, 2, Gait::Normal),
            (3, 2, Gait::Slow),
            (5, 2, Gait::Slow),
            (7, 6, Gait::FinalsOnly),
        ];
        for (second, delay, gait) in steps {
            pace.on(TimeDelta::seconds(delay), at(second));
            assert_eq!(pace.gait(), gait, "after {second} s");
        }
    }

    #[test]
    fn it_climbs_back_after_a_calm() {
        let mut pace = Pace::default();
        pace.on(TimeDelta::seconds(2), at(0));
        for second in 1..=10 {
            assert!(!pace.on(TimeDelta::zero(), at(second)));
        }
        assert!(pace.on(TimeDelta::zero(), at(11)));
        assert_eq!(pace.gait(), Gait::Eager);
    }
}
