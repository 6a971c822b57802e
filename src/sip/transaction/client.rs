use bytes::Bytes;

use super::{At, Pace, Repeat, earlier};

/// A request of ours, until nothing more can come of it.
#[derive(Debug)]
pub(crate) struct Client {
    invite: bool,
    reliable: bool,
    pace: Pace,
    state: State,
}

#[derive(Debug)]
enum State {
    /// No answer yet (timers A and B, E and F).
    Calling {
        request: Bytes,
        repeat: Repeat,
        until: At,
    },
    /// A provisional answer came. An INVITE may ring as long as its owner wants.
    Proceeding {
        request: Bytes,
        repeat: Repeat,
        until: Option<At>,
    },
    /// Refused or answered: repetitions of the answer are taken in (timers D and K).
    Completed {
        ack: Option<Bytes>,
        until: At,
    },
    /// INVITE taken: further 2xx, also of other branches, go to the owner (timer M, RFC 6026).
    Accepted {
        until: At,
    },
    Over,
}

#[derive(Debug)]
pub(crate) enum ClientEvent {
    /// A response; for a refused INVITE with the ACK it gets.
    Response {
        status: u16,
        ack: Option<Bytes>,
    },
    /// CANCEL was sent: a final answer must come within 64·T1 (RFC 3261 §9.1).
    Cancelled,
    Tick,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ClientOut {
    /// The response goes to the owner.
    Deliver,
    Send(Bytes),
    /// Sent before.
    Repeat(Bytes),
    /// Nothing came; the owner is told.
    TimedOut,
}

impl Client {
    pub(crate) fn new(invite: bool, reliable: bool, pace: Pace, request: Bytes, now: At) -> Self {
        let cap = if invite { pace.patience() } else { pace.t2 };
        let repeat = Repeat::new(reliable, pace, cap, now);
        let until = now + pace.patience();
        Self { invite, reliable, pace, state: State::Calling { request, repeat, until } }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Whether a final response may still come.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Calling { .. } | State::Proceeding { .. })
    }

    pub(crate) fn next_deadline(&self) -> Option<At> {
        match &self.state {
            State::Calling { repeat, until, .. } => earlier(repeat.next(), Some(*until)),
            State::Proceeding { repeat, until, .. } => {
                earlier(repeat.next().filter(|_| !self.invite), *until)
            }
            State::Completed { until, .. } | State::Accepted { until } => Some(*until),
            State::Over => None,
        }
    }

    pub(crate) fn on(&mut self, event: ClientEvent, now: At) -> Vec<ClientOut> {
        match event {
            ClientEvent::Response { status, ack } => self.on_response(status, ack, now),
            ClientEvent::Cancelled => {
                if let State::Proceeding { until, .. } = &mut self.state {
                    *until = Some(now + self.pace.patience());
                }
                Vec::new()
            }
            ClientEvent::Tick => self.on_tick(now),
        }
    }

    fn on_response(&mut self, status: u16, ack: Option<Bytes>, now: At) -> Vec<ClientOut> {
        use State as S;
        match (&mut self.state, status) {
            (S::Calling { request, repeat, until }, ..200) => {
                if !self.invite {
                    repeat.slow_down(now);
                }
                let until = (!self.invite).then_some(*until);
                self.state = S::Proceeding { request: request.clone(), repeat: *repeat, until };
                vec![ClientOut::Deliver]
            }
            (S::Proceeding { .. }, ..200) => vec![ClientOut::Deliver],
            (S::Calling { .. } | S::Proceeding { .. }, 200..300) if self.invite => {
                self.state = S::Accepted { until: now + self.pace.patience() };
                vec![ClientOut::Deliver]
            }
            (S::Calling { .. } | S::Proceeding { .. }, _) => {
                let linger = match (self.reliable, self.invite) {
                    (true, _) => chrono::TimeDelta::zero(),
                    (false, true) => self.pace.patience(),
                    (false, false) => self.pace.t4,
                };
                self.state = S::Completed { ack: ack.clone(), until: now + linger };
                let mut out: Vec<_> = ack.into_iter().map(ClientOut::Send).collect();
                out.push(ClientOut::Deliver);
                out
            }
            (S::Accepted { .. }, 200..300) => vec![ClientOut::Deliver],
            (S::Completed { ack: Some(ack), .. }, 300..) => vec![ClientOut::Repeat(ack.clone())],
            _ => Vec::new(),
        }
    }

    fn on_tick(&mut self, now: At) -> Vec<ClientOut> {
        use State as S;
        match &mut self.state {
            S::Calling { until, .. } | S::Proceeding { until: Some(until), .. }
                if *until <= now =>
            {
                self.state = S::Over;
                vec![ClientOut::TimedOut]
            }
            S::Calling { request, repeat, .. } => again(repeat, request, now),
            S::Proceeding { request, repeat, .. } if !self.invite => again(repeat, request, now),
            S::Completed { until, .. } | S::Accepted { until } if *until <= now => {
                self.state = S::Over;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

fn again(repeat: &mut Repeat, request: &Bytes, now: At) -> Vec<ClientOut> {
    if repeat.due(now) { vec![ClientOut::Repeat(request.clone())] } else { Vec::new() }
}
