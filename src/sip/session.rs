//! Session timers (RFC 4028): a call whose other side has silently gone away ends by itself.
use chrono::TimeDelta;
use rsipstack::sip::Headers;

use crate::address;
use crate::message;
use crate::transaction::At;

/// The shortest interval accepted, in seconds.
pub(crate) const SHORTEST: u32 = 90;
/// The interval asked for on calls over trunks.
pub(crate) const ASKED: u32 = 1800;

/// A running session timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) seconds: u32,
    /// We send the refreshes.
    pub(crate) ours: bool,
    since: At,
    next_try: At,
}

/// Who refreshes, in the words of one request: `uac` is who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refresher {
    Uac,
    Uas,
}

impl Session {
    pub(crate) fn new(seconds: u32, ours: bool, now: At) -> Self {
        let interval = TimeDelta::seconds(i64::from(seconds));
        Self { seconds, ours, since: now, next_try: now + interval / 2 }
    }

    pub(crate) fn next_deadline(&self) -> At {
        if self.ours { self.next_try.min(self.ends_at()) } else { self.ends_at() }
    }

    /// When the call ends for want of a refresh (§10).
    pub(crate) fn ends_at(&self) -> At {
        let interval = TimeDelta::seconds(i64::from(self.seconds));
        let early =
            if self.ours { TimeDelta::zero() } else { (interval / 3).min(TimeDelta::seconds(32)) };
        self.since + interval - early
    }

    pub(crate) fn refresh_due(&self, now: At) -> bool {
        self.ours && self.next_try <= now
    }

    /// A refresh is under way or failed for now: the next one not before `at`.
    pub(crate) fn try_again(&mut self, at: At) {
        self.next_try = at;
    }
}

/// What `Session-Expires` says.
pub(crate) fn asked(headers: &Headers) -> Option<(u32, Option<Refresher>)> {
    let value = message::first(headers, "Session-Expires")?;
    let end = value.find(';').unwrap_or(value.len());
    let seconds = value[..end].trim().parse().ok()?;
    let params = address::params_of(&value[end..])?;
    let refresher = params.iter().find(|(n, _)| n.eq_ignore_ascii_case("refresher"));
    let refresher = refresher.and_then(|(_, v)| v.as_deref()).and_then(|v| match v {
        v if v.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
        v if v.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
        _ => None,
    });
    Some((seconds, refresher))
}

/// Headers a 2xx with a session timer carries.
type Headers2xx = Vec<(&'static str, String)>;

/// Their request asks for a session timer (§9): the timer and the headers of our 2xx.
/// `Err`: the interval is too small, to be told with 422.
pub(crate) fn accept(headers: &Headers, now: At) -> Result<Option<(Session, Headers2xx)>, ()> {
    let Some((seconds, refresher)) = asked(headers) else { return Ok(None) };
    let supports =
        message::has(headers, "Supported", "timer") || message::has(headers, "Require", "timer");
    if seconds < SHORTEST && supports {
        return Err(());
    }
    let seconds = seconds.max(SHORTEST);
    let ours = !supports || refresher == Some(Refresher::Uas);
    let who = if ours { "uas" } else { "uac" };
    let mut extra = vec![("Session-Expires", format!("{seconds};refresher={who}"))];
    if !ours {
        extra.push(("Require", "timer".into()));
    }
    Ok(Some((Session::new(seconds, ours, now), extra)))
}

/// Their 2xx to a request of ours.
pub(crate) fn agreed(headers: &Headers, now: At) -> Option<Session> {
    let (seconds, refresher) = asked(headers)?;
    Some(Session::new(seconds.max(SHORTEST), refresher != Some(Refresher::Uas), now))
}
