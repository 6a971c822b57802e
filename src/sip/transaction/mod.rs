//! Transactions (RFC 3261 §17, with the states of RFC 6026): what is repeated, and for how long.
//! Pure: an event and the time go in, what to do comes out.
mod client;
mod server;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use client::{Client, ClientEvent, ClientOut};
pub(crate) use server::{Server, ServerEvent, ServerOut};

use crate::Timers;

/// The moment something happens at.
pub(crate) type At = DateTime<Utc>;

/// T1, T2, T4 and what is made of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) t1: TimeDelta,
    pub(crate) t2: TimeDelta,
    pub(crate) t4: TimeDelta,
}

impl Pace {
    /// 64·T1: timers B, F, H, J, L and M.
    pub(crate) fn patience(self) -> TimeDelta {
        self.t1 * 64
    }
}

impl From<Timers> for Pace {
    fn from(timers: Timers) -> Self {
        let delta = |d| TimeDelta::from_std(d).unwrap_or(TimeDelta::MAX);
        Self { t1: delta(timers.t1), t2: delta(timers.t2), t4: delta(timers.t4) }
    }
}

/// A message that is repeated over datagrams until something else happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeat {
    next: Option<At>,
    every: TimeDelta,
    cap: TimeDelta,
}

impl Repeat {
    /// First again after T1, then at doubled distances up to `cap`; never over a reliable transport.
    pub(crate) fn new(reliable: bool, pace: Pace, cap: TimeDelta, now: At) -> Self {
        Self { next: (!reliable).then(|| now + pace.t1), every: pace.t1, cap }
    }

    pub(crate) fn next(&self) -> Option<At> {
        self.next
    }

    /// From now on at the longest distance (timer E in Proceeding).
    fn slow_down(&mut self, now: At) {
        self.every = self.cap;
        if self.next.is_some() {
            self.next = Some(now + self.cap);
        }
    }

    /// Whether it is time; if so, the next time is set.
    pub(crate) fn due(&mut self, now: At) -> bool {
        match self.next {
            Some(next) if next <= now => {
                self.every = (self.every * 2).min(self.cap);
                self.next = Some(now + self.every);
                true
            }
            _ => false,
        }
    }
}

/// The earlier of two moments that may not be.
pub(crate) fn earlier(a: Option<At>, b: Option<At>) -> Option<At> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
