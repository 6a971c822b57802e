//! One INVITE dialog (RFC 3261 §12): who is on the other side, how to reach them, what is pending.
use std::net::SocketAddr;

use bytes::Bytes;
use chrono::TimeDelta;
use rsipstack::sip::{Headers, Method};

use crate::address;
use crate::machine::{ClientKey, Peer, ServerKey};
use crate::message::{self, Incoming, Outbound};
use crate::session::Session;
use crate::transaction::{At, Repeat, earlier};
use crate::{DialogId, FlowId};

/// How the other side is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    Udp {
        socket: usize,
        to: SocketAddr,
    },
    Tcp {
        flow: FlowId,
        to: SocketAddr,
    },
    /// A browser: by the flow it came with, or the one its agent registered on since.
    Agent {
        user: String,
        flow: FlowId,
    },
}

/// Where the dialog stands.
#[derive(Debug)]
pub(crate) enum Phase {
    /// Their INVITE is unanswered.
    Incoming(Box<Ringing>),
    /// Our INVITE is unanswered.
    Outgoing(Calling),
    /// A 2xx was sent or received.
    Up,
    /// Our BYE is under way.
    Ending,
}

/// Their INVITE while nobody has answered it.
#[derive(Debug)]
pub(crate) struct Ringing {
    pub(crate) invite: Pending,
    /// When the provisional response is repeated (RFC 3261 §13.3.1.1), and its SDP.
    pub(crate) remind: Option<(Option<String>, At)>,
}

/// Our INVITE while nobody has answered it.
#[derive(Debug)]
pub(crate) struct Calling {
    pub(crate) key: ClientKey,
    pub(crate) request: Outbound,
    /// A provisional response came, so that CANCEL may go (RFC 3261 §9.1).
    pub(crate) provisional: bool,
    pub(crate) cancel: Cancel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cancel {
    No,
    /// Wanted, but no provisional response came yet.
    Wanted,
    Sent,
}

/// A request of theirs that waits for its owner.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) key: ServerKey,
    pub(crate) request: Box<Incoming>,
    /// Answered for the owner when nothing was said by then.
    pub(crate) until: Option<At>,
}

/// A 2xx to an INVITE that nobody acknowledged yet.
#[derive(Debug)]
pub(crate) struct Unacked {
    pub(crate) response: Bytes,
    pub(crate) to: Peer,
    pub(crate) cseq: u32,
    pub(crate) repeat: Repeat,
    pub(crate) until: At,
    /// It carried our offer: the ACK brings the answer.
    pub(crate) offered: bool,
    /// The owner hung up meanwhile; BYE must wait for the ACK (RFC 3261 §15).
    pub(crate) bye: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) id: DialogId,
    pub(crate) call_id: String,
    /// Our address as From of our requests, without tag.
    pub(crate) local: String,
    pub(crate) local_tag: String,
    /// Their address as To of our requests, without tag.
    pub(crate) remote: String,
    pub(crate) remote_tag: Option<String>,
    pub(crate) local_seq: u32,
    pub(crate) remote_seq: Option<u32>,
    /// Route values in the order our requests carry them.
    pub(crate) routes: Vec<String>,
    /// Where their Contact points.
    pub(crate) target: String,
    pub(crate) reach: Reach,
    /// Index of the trunk, for its credentials.
    pub(crate) trunk: Option<usize>,
    pub(crate) phase: Phase,
    pub(crate) unacked: Option<Unacked>,
    pub(crate) pending: Option<Pending>,
    /// Our own re-INVITE is under way: theirs gets 491.
    pub(crate) our_offer: bool,
    pub(crate) local_sdp: Option<String>,
    pub(crate) session: Option<Session>,
    /// They take UPDATE.
    pub(crate) updates: bool,
    /// The owner was told of the end.
    pub(crate) told_end: bool,
}

impl Dialog {
    pub(crate) fn next_deadline(&self) -> Option<At> {
        let unacked = self.unacked.as_ref().and_then(|u| earlier(u.repeat.next(), Some(u.until)));
        let pending = self.pending.as_ref().and_then(|p| p.until);
        let remind = match &self.phase {
            Phase::Incoming(ringing) => ringing.remind.as_ref().map(|(_, at)| *at),
            _ => None,
        };
        let session = match self.phase {
            Phase::Up => self.session.as_ref().map(Session::next_deadline),
            _ => None,
        };
        earlier(earlier(unacked, pending), earlier(remind, session))
    }

    /// Takes over what a request of theirs, or a 2xx of theirs, says of their place (target refresh).
    pub(crate) fn refresh_target(&mut self, headers: &Headers) {
        if let Some(contact) = message::contact(headers) {
            self.target = contact;
        }
        if message::first(headers, "Allow").is_some() {
            self.updates = message::has(headers, "Allow", "UPDATE");
        }
    }

    /// A request inside the dialog (RFC 3261 §12.2.1.1); ACK takes the number of its INVITE.
    pub(crate) fn request(&mut self, method: Method, ack_of: Option<u32>) -> Outbound {
        let cseq = ack_of.unwrap_or_else(|| {
            self.local_seq += 1;
            self.local_seq
        });
        let loose = |route: &str| {
            address::NameAddr::parse(route)
                .is_none_or(|route| address::uri_param(&route.uri, "lr").is_some())
        };
        let mut request = Outbound::new(method, &*self.target);
        let mut routes = self.routes.clone();
        if let Some(first) = self.routes.first().filter(|first| !loose(first)) {
            // A strict router: it stands in the Request-URI, the target at the end.
            if let Some(first) = address::NameAddr::parse(first) {
                request.uri = first.uri;
                routes.remove(0);
                routes.push(format!("<{}>", self.target));
            }
        }
        for route in routes {
            request.push("Route", route);
        }
        request.push("From", format!("{};tag={}", self.local, self.local_tag));
        request.push(
            "To",
            match &self.remote_tag {
                Some(tag) => format!("{};tag={tag}", self.remote),
                None => self.remote.clone(),
            },
        );
        request.push("Call-ID", &*self.call_id);
        request.push("CSeq", format!("{cseq} {method}"));
        request
    }

    /// The URI the next request goes to, before it is looked at as an address.
    pub(crate) fn next_hop(&self) -> String {
        let route = self.routes.first().and_then(|route| address::NameAddr::parse(route));
        route.map_or_else(|| self.target.clone(), |route| route.uri)
    }

    /// Whether an offer of either side is open.
    pub(crate) fn offer_open(&self) -> bool {
        self.pending.is_some() || self.our_offer || !matches!(self.phase, Phase::Up)
    }

    pub(crate) fn await_ack(
        &mut self,
        response: Bytes,
        to: Peer,
        cseq: u32,
        offered: bool,
        pace: crate::transaction::Pace,
        now: At,
    ) {
        self.unacked = Some(Unacked {
            response,
            to,
            cseq,
            repeat: Repeat::new(false, pace, pace.t2, now),
            until: now + pace.patience(),
            offered,
            bye: None,
        });
    }
}

/// The value of a From or To without its tag.
pub(crate) fn untagged(value: &str) -> String {
    match address::NameAddr::parse(value) {
        None => value.to_owned(),
        Some(name) => match name.display {
            Some(display) => format!("{} <{}>", quote(&display), name.uri),
            None => format!("<{}>", name.uri),
        },
    }
}

/// A quoted string.
pub(crate) fn quote(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|c| matches!(c, '"' | '\\').then_some('\\').into_iter().chain([c]))
        .collect();
    format!("\"{}\"", message::one_line(&escaped))
}

/// How long a re-INVITE or UPDATE may wait for its owner.
pub(crate) const OWNER_PATIENCE: TimeDelta = TimeDelta::seconds(20);
