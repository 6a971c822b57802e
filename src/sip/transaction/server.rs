use bytes::Bytes;

use super::{At, Pace, Repeat, earlier};

/// A request somebody sent us, until it can no longer be repeated.
#[derive(Debug)]
pub(crate) struct Server {
    invite: bool,
    reliable: bool,
    pace: Pace,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Not answered yet; the last provisional response is repeated on demand.
    Proceeding {
        last: Option<Bytes>,
    },
    /// INVITE refused: repeated until the ACK (timers G and H).
    Refused {
        response: Bytes,
        repeat: Repeat,
        until: At,
    },
    /// INVITE refused and acknowledged: ACKs still on their way are taken in (timer I).
    Acknowledged {
        until: At,
    },
    /// INVITE taken: its repetitions are taken in; the dialog repeats the 2xx (timer L, RFC 6026).
    Accepted {
        until: At,
    },
    /// Other request answered: the answer is repeated on demand (timer J).
    Answered {
        response: Bytes,
        until: At,
    },
    Over,
}

#[derive(Debug)]
pub(crate) enum ServerEvent {
    /// The same request again.
    Request,
    /// An ACK with the branch of the INVITE.
    Ack,
    Respond {
        status: u16,
        response: Bytes,
    },
    Tick,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ServerOut {
    Send(Bytes),
    /// Sent before.
    Repeat(Bytes),
}

impl Server {
    pub(crate) fn new(invite: bool, reliable: bool, pace: Pace) -> Self {
        Self { invite, reliable, pace, state: State::Proceeding { last: None } }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Whether a final response was sent.
    pub(crate) fn is_answered(&self) -> bool {
        !matches!(self.state, State::Proceeding { .. })
    }

    /// Whether an ACK with its branch ends here: it does unless the INVITE was taken.
    pub(crate) fn takes_ack(&self) -> bool {
        matches!(self.state, State::Refused { .. } | State::Acknowledged { .. })
    }

    pub(crate) fn next_deadline(&self) -> Option<At> {
        match &self.state {
            State::Proceeding { .. } | State::Over => None,
            State::Refused { repeat, until, .. } => earlier(repeat.next(), Some(*until)),
            State::Acknowledged { until }
            | State::Accepted { until }
            | State::Answered { until, .. } => Some(*until),
        }
    }

    pub(crate) fn on(&mut self, event: ServerEvent, now: At) -> Option<ServerOut> {
        use {ServerEvent as E, State as S};
        match (&mut self.state, event) {
            (S::Proceeding { last }, E::Request) => last.clone().map(ServerOut::Repeat),
            (S::Proceeding { last }, E::Respond { status: ..200, response }) => {
                *last = Some(response.clone());
                Some(ServerOut::Send(response))
            }
            (S::Proceeding { .. }, E::Respond { status, response }) => {
                self.state = self.answered(status, response.clone(), now);
                Some(ServerOut::Send(response))
            }
            (S::Refused { response, .. } | S::Answered { response, .. }, E::Request) => {
                Some(ServerOut::Repeat(response.clone()))
            }
            (S::Refused { .. }, E::Ack) => {
                let wait = if self.reliable { chrono::TimeDelta::zero() } else { self.pace.t4 };
                self.state = S::Acknowledged { until: now + wait };
                None
            }
            (S::Refused { until, .. }, E::Tick) if *until <= now => {
                self.state = S::Over;
                None
            }
            (S::Refused { response, repeat, .. }, E::Tick) => {
                repeat.due(now).then(|| ServerOut::Repeat(response.clone()))
            }
            (
                S::Acknowledged { until } | S::Accepted { until } | S::Answered { until, .. },
                E::Tick,
            ) if *until <= now => {
                self.state = S::Over;
                None
            }
            _ => None,
        }
    }

    fn answered(&self, status: u16, response: Bytes, now: At) -> State {
        let until = now + self.pace.patience();
        match (self.invite, status) {
            (true, ..300) => State::Accepted { until },
            (true, _) => {
                let repeat = Repeat::new(self.reliable, self.pace, self.pace.t2, now);
                State::Refused { response, repeat, until }
            }
            (false, _) if self.reliable => State::Answered { response, until: now },
            (false, _) => State::Answered { response, until },
        }
    }
}
