use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

/// Where every room gets the time: wall time that never goes back, so that a state
/// which took it can be stored, replayed and handed over.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
    /// Resolves at `at`, or at once when `at` has passed.
    fn sleep_until(&self, at: DateTime<Utc>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The wall time at start, carried on by the monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    wall: DateTime<Utc>,
    start: tokio::time::Instant,
}

impl Default for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    fn default() -> Self {
        Self { wall: Utc::now(), start: tokio::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        self.wall + self.start.elapsed()
    }
    fn sleep_until(&self, at: DateTime<Utc>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let wait = (at - self.now()).to_std().unwrap_or_default();
        Box::pin(tokio::time::sleep(wait)) // obeys a paused test clock
    }
}

/// A clock that stands still until it is moved; what sleeps on it wakes when it is moved far enough.
#[derive(Debug)]
pub struct ManualClock {
    now: Mutex<DateTime<Utc>>,
    moved: tokio::sync::Notify,
}

impl Default for ManualClock {
    /// Monday 2 March 2026, 09:00 in Siping: an ordinary working morning.
    fn default() -> Self {
        Self::at(Utc.with_ymd_and_hms(2026, 3, 2, 1, 0, 0).single().expect("a valid date"))
    }
}

impl ManualClock {
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now: Mutex::new(now), moved: tokio::sync::Notify::new() }
    }

    pub fn advance(&self, by: TimeDelta) {
        *self.now.lock().expect("no test panics while it holds the clock") += by;
        self.moved.notify_waiters();
    }

    /// Moves to `now`; a time before the present one is ignored, since no clock here goes back.
    pub fn set(&self, now: DateTime<Utc>) {
        let mut held = self.now.lock().expect("no test panics while it holds the clock");
        *held = now.max(*held);
        drop(held);
        self.moved.notify_waiters();
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().expect("no test panics while it holds the clock")
    }
    fn sleep_until(&self, at: DateTime<Utc>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            loop {
                let moved = self.moved.notified();
                if at <= self.now() {
                    return;
                }
                moved.await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_is_moved_past_its_hour() {
        let clock = ManualClock::default();
        let at = clock.now() + TimeDelta::seconds(5);
        let sleeper = clock.sleep_until(at);
        tokio::join!(sleeper, async {
            tokio::task::yield_now().await;
            clock.advance(TimeDelta::seconds(5));
        });
        assert_eq!(clock.now(), at);
    }

    #[test]
    fn the_clock_never_goes_back() {
        let clock = ManualClock::default();
        let before = clock.now();
        clock.set(before - TimeDelta::days(1));
        assert_eq!(clock.now(), before);
    }
}
