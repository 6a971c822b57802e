//! What happens to a call, and what is to be done about it.
use crate::facts::AgentCard;

/// What is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sound {
    Greeting,
    SorryNoAgent,
    /// 工号 … 为您服务
    AgentNumber(String),
    RatePlease,
    Thanks,
    TransferredBack,
}

/// Whose ear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ear {
    Caller,
    Agent,
}

/// What sounds while nobody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hum {
    Waiting,
    Ringback,
    Busy,
}

/// What happened to this call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Our media for the caller are ready, or could not be agreed on (SIP status).
    CallerMedia(Result<String, u16>),
    /// The caller hung up or gave up.
    CallerGone,
    /// The caller's media broke.
    CallerLost,
    /// The queue offers the call to this agent.
    Offered(AgentCard),
    /// The queue takes the offer back.
    Withdrawn,
    /// The queue gives the call to the agent who answered.
    Won,
    /// Nobody at work can serve the call.
    Nobody,
    /// Our offer for the agent's browser is ready.
    AgentMedia {
        turn: u32,
        offer: Option<String>,
    },
    AgentAnswered {
        sdp: String,
    },
    /// Our media took the agent's answer, or could not.
    AgentAccepted {
        turn: u32,
        ok: bool,
    },
    AgentFailed {
        status: u16,
    },
    /// The agent's telephone hung up.
    AgentGone,
    /// The agent's telephone broke away.
    AgentLost,
    /// The agent pressed "hang up" on the desk.
    HangUp,
    /// Our offer for the citizen is ready.
    CitizenMedia {
        offer: Option<String>,
    },
    CitizenAnswered {
        sdp: String,
    },
    CitizenAccepted {
        ok: bool,
    },
    CitizenFailed {
        status: u16,
    },
    PlayDone {
        id: u32,
    },
    Key(char),
    /// The house closes.
    Stop,
    /// A deadline from [`Call::next_deadline`] has come.
    Tick,
}

/// What to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    RingCaller,
    AnswerCaller {
        sdp: String,
    },
    RejectCaller {
        status: u16,
    },
    HangUpCaller,
    PrepareAgent {
        turn: u32,
    },
    CallAgent {
        agent: AgentCard,
        offer: String,
    },
    AcceptAgent {
        turn: u32,
        sdp: String,
    },
    /// Ends the agent's line, also its media.
    DropAgent,
    PrepareCitizen,
    CallCitizen {
        offer: String,
    },
    AcceptCitizen {
        sdp: String,
    },
    Play {
        ear: Ear,
        sound: Sound,
        id: u32,
    },
    Hum {
        ear: Ear,
        hum: Hum,
    },
    Quiet {
        ear: Ear,
    },
    /// Two-way audio, recorded and listened to by the speech room.
    Connect,
    Disconnect,
    Tell(queue::Event),
    /// A line of the call's history.
    Note {
        what: &'static str,
        detail: String,
    },
    /// What is known of the call has changed for good.
    Save,
    /// Somebody has to call back.
    Missed,
    /// The agent's desk looks different now.
    Show,
    /// The call is over.
    Close,
}
