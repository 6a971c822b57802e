//! How often someone may try: sign-in by name and by address, public look-ups by number and by
//! address.
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use governor::clock::{Clock as Ticks, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{NotUntil, Quota, RateLimiter};

use crate::Error;

/// Keys at most, before those that are over are forgotten.
const MOST: usize = 10_000;
/// A name that is longer is nobody's; it counts as its beginning.
const LONGEST_NAME: usize = 64;
/// Wrong look-ups of one address: so many in a row, then one in so long. Whoever guesses codes at
/// many numbers finds one in a week, and a misprint hinders nobody.
const WRONG_IN_A_ROW: i32 = 30;
const WRONG_EVERY: TimeDelta = TimeDelta::minutes(1);

/// The house's clock, as the limiter reads it.
#[derive(Clone)]
struct HouseClock {
    clock: Arc<dyn Clock>,
    start: DateTime<Utc>,
}

impl Ticks for HouseClock {
    type Instant = Nanos;
    fn now(&self) -> Nanos {
        (self.clock.now() - self.start).to_std().unwrap_or_default().into()
    }
}

type Keyed = RateLimiter<String, DefaultKeyedStateStore<String>, HouseClock, NoOpMiddleware<Nanos>>;

/// All limits of the door.
#[derive(Clone)]
pub struct Limits(Arc<All>);

struct All {
    clock: HouseClock,
    /// One name from one address: what a person mistypes.
    pair: Keyed,
    /// One name from anywhere: wide, so that a stranger cannot lock someone out at once.
    name: Keyed,
    /// One address: a whole office may sit behind it.
    address: Keyed,
    lookup_address: Keyed,
    lookup_number: Keyed,
    /// By address, when its wrong look-ups will all be forgotten.
    wrong: Mutex<HashMap<String, DateTime<Utc>>>,
}

/// Who an address stands for: a household gets 2⁶⁴ of IPv6.
pub(crate) fn source(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << 64);
            Ipv6Addr::from_bits(network).to_string()
        }
    }
}

impl Limits {
    /// With nothing tried yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let clock = HouseClock { start: clock.now(), clock };
        let keyed = |burst: u32, every_secs: u64| {
            let burst = NonZeroU32::new(burst).expect("a burst is at least one");
            let quota =
                Quota::with_period(Duration::from_secs(every_secs)).expect("a period is not zero");
            RateLimiter::new(
                quota.allow_burst(burst),
                DefaultKeyedStateStore::default(),
                clock.clone(),
            )
        };
        Self(Arc::new(All {
            pair: keyed(20, 5),
            name: keyed(100, 2),
            address: keyed(120, 1),
            lookup_address: keyed(20, 3),
            lookup_number: keyed(10, 60),
            wrong: Mutex::default(),
            clock,
        }))
    }

    /// One more attempt to sign in.
    pub fn sign_in(&self, name: &str, address: IpAddr) -> Result<(), Error> {
        let (all, address) = (&*self.0, source(address));
        let name: String = name.chars().take(LONGEST_NAME).collect();
        all.take(&all.address, &address)?;
        all.take(&all.pair, &format!("{address} {name}"))?;
        all.take(&all.name, &name)
    }

    /// One more public look-up of a ticket.
    pub fn look_up(&self, number: &str, address: IpAddr) -> Result<(), Error> {
        let (all, address) = (&*self.0, source(address));
        all.take(&all.lookup_address, &address)?;
        let wrong = all.wrong.lock().expect("nobody panics while holding it");
        let forgotten = wrong.get(&address).copied().unwrap_or_default();
        drop(wrong);
        let over = forgotten - all.clock.clock.now() - WRONG_EVERY * (WRONG_IN_A_ROW - 1);
        if over > TimeDelta::zero() {
            return Err(Error::TooMany(over.num_seconds().max(1).unsigned_abs()));
        }
        all.take(&all.lookup_number, number)
    }

    /// The look-up found nothing.
    pub fn looked_up_in_vain(&self, address: IpAddr) {
        let now = self.0.clock.clock.now();
        let mut wrong = self.0.wrong.lock().expect("nobody panics while holding it");
        if wrong.len() > MOST {
            wrong.retain(|_, forgotten| *forgotten > now);
        }
        let forgotten = wrong.entry(source(address)).or_insert(now);
        *forgotten = (*forgotten).max(now) + WRONG_EVERY;
    }
}

impl All {
    fn take(&self, limiter: &Keyed, key: &str) -> Result<(), Error> {
        if limiter.len() > MOST {
            limiter.retain_recent();
        }
        limiter.check_key(&key.to_owned()).map_err(|not_until| self.wait(&not_until))
    }

    fn wait(&self, not_until: &NotUntil<Nanos>) -> Error {
        let wait = not_until.earliest_possible().duration_since(self.clock.now());
        Error::TooMany(Duration::from(wait).as_secs().max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::ManualClock;
    use chrono::TimeDelta;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    #[test]
    fn after_twenty_attempts_in_a_row_the_next_has_to_wait_and_time_heals() {
        let clock = Arc::new(ManualClock::default());
        let limits = Limits::new(clock.clone());
        for _ in 0..20 {
            limits.sign_in("agent", HERE).unwrap();
        }
        assert!(matches!(limits.sign_in("agent", HERE), Err(Error::TooMany(1..=5))));
        clock.advance(TimeDelta::seconds(5));
        limits.sign_in("agent", HERE).unwrap();
    }

    #[test]
    fn someone_elses_attempts_elsewhere_do_not_lock_a_person_out() {
        let limits = Limits::new(Arc::new(ManualClock::default()));
        for _ in 0..21 {
            drop(limits.sign_in("agent", THERE));
        }
        limits.sign_in("agent", HERE).unwrap();
    }

    #[test]
    fn a_number_is_looked_up_ten_times_then_not_from_any_address() {
        let limits = Limits::new(Arc::new(ManualClock::default()));
        for _ in 0..10 {
            limits.look_up("2026112300019", HERE).unwrap();
        }
        assert!(limits.look_up("2026112300019", THERE).is_err());
    }

    #[test]
    fn whoever_guesses_at_many_numbers_has_to_wait_and_others_need_not() {
        let clock = Arc::new(ManualClock::default());
        let limits = Limits::new(clock.clone());
        let guess = |n: i32, from| {
            clock.advance(TimeDelta::seconds(3));
            let asked = limits.look_up(&n.to_string(), from);
            asked.map(|()| limits.looked_up_in_vain(from))
        };
        let got = (0..200).filter(|n| guess(*n, THERE).is_ok()).count();
        assert!((35..=45).contains(&got), "{got} guesses in ten minutes");
        limits.look_up("2026112300019", HERE).unwrap();
        clock.advance(TimeDelta::minutes(1));
        limits.look_up("2026112300019", THERE).unwrap();
    }

    #[test]
    fn all_addresses_of_one_ipv6_household_count_as_one() {
        let of = |text: &str| source(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:aaaa::1"), of("2001:db8:1:2:bbbb::2"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
