//! What desks and boards show, in the shape in which clients get it.
use base::{AgentId, CallId, TicketId};
use chrono::{DateTime, Utc};
use queue::{Presence, Standing};
use serde::Serialize;
use utoipa::ToSchema;

use crate::facts::{Direction, Ending, Purpose};

macro_rules! described {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident),* })*) => { $(
        $(#[$doc])*
        #[derive(ToSchema)]
        #[schema(rename_all = "snake_case")]
        #[expect(dead_code, reason = "only described")]
        enum $name { $($variant),* }
    )* };
}

described! {
    /// What an agent is doing.
    PresenceState { SignedOut, Ready, NotReady, Ringing, Talking, WrapUp }
    /// Where a call on a desk is.
    CallPhase { Ringing, Talking, Ended }
    /// Whether words appear.
    SpeechState { Ready, NoModel, Restarting }
}

/// An agent's presence (状态).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PresenceView {
    #[schema(value_type = PresenceState)]
    pub state: &'static str,
    /// Why not ready, for people.
    pub why: Option<String>,
    pub since: DateTime<Utc>,
    /// When wrap-up ends by itself, if the outcome is there.
    pub until: Option<DateTime<Utc>>,
}

impl PresenceView {
    pub(crate) fn of(standing: &Standing) -> Self {
        let (state, why, until) = match &standing.presence {
            Presence::SignedOut => ("signed_out", None, None),
            Presence::Ready => ("ready", None, None),
            Presence::NotReady { why } => ("not_ready", Some(why.to_string()), None),
            Presence::Ringing { .. } => ("ringing", None, None),
            Presence::Talking { .. } => ("talking", None, None),
            Presence::WrapUp { until } => ("wrap_up", None, Some(*until)),
        };
        Self { state, why, since: standing.since, until }
    }
}

/// The agent's telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct PhoneView {
    pub registered: bool,
    /// Another page of the same agent took the telephone within the last minute.
    pub replaced: bool,
}

/// A hotline by number and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HotlineView {
    pub number: String,
    pub name: String,
}

/// The call on an agent's desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeskCall {
    #[schema(value_type = uuid::Uuid)]
    pub id: CallId,
    pub direction: Direction,
    pub hotline: HotlineView,
    pub dialled: String,
    /// In full: the agent in the call sees it.
    pub caller_number: Option<String>,
    /// The area the number belongs to, where the number says it.
    pub caller_place: Option<String>,
    pub withheld: bool,
    #[schema(value_type = CallPhase)]
    pub phase: &'static str,
    pub started_at: DateTime<Utc>,
    pub answered_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub waited_secs: i64,
    pub reason_for_me: &'static str,
    /// The ticket whose citizen is called; then there is no number.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub ticket_id: Option<TicketId>,
    pub purpose: Option<Purpose>,
    pub outcome_needed: bool,
}

/// An agent's own figures since midnight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct MyToday {
    pub answered: u32,
    pub avg_handle_secs: i64,
}

/// Who waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueueView {
    pub waiting: usize,
    pub longest_secs: i64,
}

/// Whether words appear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SpeechView {
    #[schema(value_type = SpeechState)]
    pub state: &'static str,
    pub model: Option<String>,
    /// For the administrator.
    pub what_to_do: Option<String>,
}

/// Everything that an agent's desk shows (话务台).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Desk {
    pub presence: PresenceView,
    pub phone: PhoneView,
    pub call: Option<DeskCall>,
    pub today: MyToday,
    pub queue: QueueView,
    /// The call whose outcome is missing: it may be older than this start, and then not on the desk.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub owes: Option<CallId>,
    pub speech: SpeechView,
}

/// The call an agent is in, on the floor board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FloorCall {
    pub hotline_name: String,
    pub talk_secs: i64,
}

/// One agent on the floor board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FloorAgent {
    #[schema(value_type = uuid::Uuid)]
    pub id: AgentId,
    pub name: String,
    pub number: String,
    #[schema(value_type = PresenceState)]
    pub state: &'static str,
    pub why: Option<String>,
    pub since: DateTime<Utc>,
    pub call: Option<FloorCall>,
}

/// One caller who waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FloorWaiting {
    pub hotline_name: String,
    pub waited_secs: i64,
}

/// The day's figures by GB/T 33358.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, ToSchema)]
pub struct FloorToday {
    /// Calls that came in to one of our lines.
    pub offered: u32,
    pub answered: u32,
    /// Callers who gave up, or found nobody at work.
    pub abandoned: u32,
    pub within_15s: u32,
    /// Answered of offered, from 0 to 1 (接通率).
    pub connect_rate: f64,
    /// Answered within 15 s of offered, from 0 to 1.
    pub service_level: f64,
    /// Mean wait of those answered.
    pub asa_secs: f64,
}

/// The supervisor's board, its telephone half.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Floor {
    pub agents: Vec<FloorAgent>,
    pub waiting: Vec<FloorWaiting>,
    pub today: FloorToday,
}

/// What the conductor tells those who watch.
#[derive(Debug, Clone)]
pub enum Live {
    /// An agent's desk looks different now.
    Desk {
        agent: AgentId,
        desk: Box<Desk>,
    },
    Floor(Box<Floor>),
    /// Words of a call; `agent` is in it.
    Transcript {
        call: CallId,
        agent: Option<AgentId>,
        segment: Box<speech::Segment>,
    },
    /// The list of people to call back changed.
    Callbacks,
}

/// Whether an ending counts as a caller who was not served.
pub(crate) fn unserved(ending: Ending) -> bool {
    matches!(ending, Ending::Abandoned | Ending::NobodyAtWork | Ending::Stopped)
}
