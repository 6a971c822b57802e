use std::fmt;
use std::net::SocketAddr;

use base::PhoneNumber;

/// One INVITE dialog of this process, from its first message to its last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId(pub(crate) u64);

impl fmt::Display for DialogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "d{}", self.0)
    }
}

/// One connection messages come in on and go back over: a TCP connection or an agent's WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(pub(crate) u64);

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "f{}", self.0)
    }
}

/// Who calls (主叫), as far as the trunk may be believed. Printed without what tells who it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Caller {
    /// The number, when the identity holds one. Present also for a withheld number the carrier told us.
    pub number: Option<PhoneNumber>,
    /// The caller asked that the number is not shown (保密).
    pub withheld: bool,
    /// The display name, when there is one.
    pub display: Option<String>,
    /// The header value the identity was taken from. Holds the number: never log it.
    pub raw: String,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, withheld, .. } = self;
        f.debug_struct("Caller")
            .field("number", number)
            .field("withheld", withheld)
            .finish_non_exhaustive()
    }
}

/// How a dialog came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// The other side sent BYE.
    Remote,
    /// No ACK came, a request in the dialog got 481 or 408, or the session timer ran out.
    Timeout,
    /// We hung up or rejected.
    Local,
}

/// Why an agent's browser can no longer be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// Another browser of the same agent registered.
    Replaced,
    /// The connection was closed.
    Closed,
    /// The registration was not refreshed in time.
    Expired,
    /// The browser signed off (REGISTER with Expires 0).
    SignedOff,
}

/// What the endpoint tells its owner. Each dialog ends with exactly one of
/// [`Event::Cancelled`], [`Event::Failed`] and [`Event::Ended`]; nothing follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "one Invite a call: a box would buy nothing")]
pub enum Event {
    /// A new call came in; 100 was sent already.
    Invite {
        dialog: DialogId,
        /// Name of the trunk it came from; `None` for a call from an agent's browser.
        from_trunk: Option<String>,
        /// The agent whose browser calls; `None` for a call from a trunk.
        from_agent: Option<String>,
        /// The trunk is set to be answered before the call queues.
        answer_at_once: bool,
        caller: Caller,
        /// The number dialled, by the trunk's rules.
        dialled: String,
        /// The offer; `None`: the answer to the call must carry the offer, and the ACK brings the answer.
        offer: Option<String>,
        peer: SocketAddr,
        /// The Call-ID, for traces.
        call_id: String,
    },
    /// The caller gave up before the answer.
    Cancelled { dialog: DialogId },
    /// The ACK of our answer (also of [`crate::Endpoint::answer_reinvite`]) came.
    Confirmed {
        dialog: DialogId,
        /// The answer to an offer of ours.
        sdp: Option<String>,
    },
    /// The other side wants to change the session, by re-INVITE or by UPDATE with an offer.
    /// To be answered with [`crate::Endpoint::answer_reinvite`]. `None`: we must offer.
    Reinvite { dialog: DialogId, offer: Option<String> },
    /// The dialog is over.
    Ended { dialog: DialogId, by: EndedBy, reason: Option<String> },
    /// A key was pressed (SIP INFO).
    Dtmf { dialog: DialogId, digit: char },

    /// The called side rings (180 to 183 …).
    Progress { dialog: DialogId, status: u16, sdp: Option<String> },
    /// The called side answered; our ACK is on its way.
    Answered { dialog: DialogId, sdp: String },
    /// The call we made did not come about.
    Failed { dialog: DialogId, status: u16, reason: String },

    /// An agent's browser can be called. Told once per binding, not at each refresh.
    Registered { agent: String, flow: FlowId },
    /// An agent's browser can no longer be called.
    Unregistered { agent: String, flow: FlowId, why: Gone },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_caller_cannot_be_rung() {
        let caller = Caller {
            number: Some("13800138000".parse().expect("a number")),
            withheld: true,
            display: Some("13800138000".into()),
            raw: "<tel:13800138000>".into(),
        };
        assert_eq!(
            format!("{caller:?}"),
            "Caller { number: Some(138****8000), withheld: true, .. }"
        );
    }
}
