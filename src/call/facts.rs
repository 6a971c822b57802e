//! What is known of a call, and the words for it. Plain data; a number never stands in here.
use base::{AgentId, CallId, PersonId, TicketId};
use chrono::{DateTime, TimeDelta, Utc};
use queue::Skills;
use serde::{Deserialize, Serialize};

/// One of the numbers citizens can dial (热线、接入号).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hotline {
    pub number: String,
    pub name: String,
    /// Skills an agent needs for it; none: anyone.
    #[serde(default)]
    pub needs: Skills,
    /// Higher is served first.
    #[serde(default)]
    pub priority: u8,
}

/// An agent as calls need to know one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentCard {
    pub id: AgentId,
    /// What the citizen hears, and the user part of the telephone's address (工号).
    pub number: String,
    pub name: String,
    #[serde(default)]
    pub skills: Skills,
    /// Takes calls that come in; else only calls citizens about tickets.
    #[serde(default = "yes")]
    pub answers: bool,
}

fn yes() -> bool {
    true
}

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[derive(utoipa::ToSchema)]
        #[schema(rename_all = "snake_case")] // it does not see the words that serde is given
        pub enum $type { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }

        impl $type {
            /// Each of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in the database and in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;
            fn from_str(word: &str) -> Result<Self, String> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("{word:?} is no {}", stringify!($type))),
                }
            }
        }
    };
}

words! {
    /// Who began the call.
    Direction { In = "in", Out = "out" }
}

words! {
    /// Why a ticket's citizen is called: the unit speaks with them (联系), or they are asked how it was
    /// (回访).
    Purpose { Contact = "contact", FollowUp = "follow_up" }
}

impl Purpose {
    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Contact => "联系诉求人",
            Self::FollowUp => "回访",
        }
    }
}

/// A call to a ticket's citizen. Whoever makes it sees no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    pub ticket: TicketId,
    pub person: PersonId,
    pub purpose: Purpose,
}

words! {
    /// How a call ended (结束原因).
    Ending {
        CallerHungUp = "caller_hung_up",
        AgentHungUp = "agent_hung_up",
        /// The caller gave up before anyone spoke (放弃).
        Abandoned = "abandoned",
        /// Nobody was at work; the caller heard so.
        NobodyAtWork = "nobody_at_work",
        /// The agent's line broke, and the caller left before another agent spoke.
        CutOff = "cut_off",
        /// The caller's media could not be agreed on.
        MediaRefused = "media_refused",
        /// The caller's media broke.
        MediaFailed = "media_failed",
        /// The agent's own telephone was not picked up for an outgoing call.
        AgentNoAnswer = "agent_no_answer",
        /// The citizen did not pick up.
        NoAnswer = "no_answer",
        Busy = "busy",
        /// The trunk could not reach the citizen.
        Unreachable = "unreachable",
        /// The system was stopped.
        Stopped = "stopped",
    }
}

words! {
    /// What an answered call came to (来电小结); exactly one for each (一通一结).
    OutcomeKind {
        Ticket = "ticket",
        Addition = "addition",
        ProgressTold = "progress_told",
        DirectAnswer = "direct_answer",
        Transferred = "transferred",
        GuidedOut = "guided_out",
        Silent = "silent",
        WrongNumber = "wrong_number",
        Nuisance = "nuisance",
        CutOff = "cut_off",
    }
}

words! {
    /// What came of calling a citizen back.
    AttemptResult {
        Answered = "answered",
        NoAnswer = "no_answer",
        Busy = "busy",
        /// No real attempt: our line or the agent's telephone failed.
        Failed = "failed",
    }
}

impl AttemptResult {
    /// Whether the citizen's telephone was really tried.
    pub fn is_real(self) -> bool {
        self != Self::Failed
    }
}

/// What is known of a call (话单).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub id: CallId,
    pub direction: Direction,
    pub hotline: String,
    pub hotline_name: String,
    pub dialled: String,
    pub trunk: Option<String>,
    pub withheld: bool,
    /// The INVITE; the 15 seconds of the standard run from here.
    pub invite_at: DateTime<Utc>,
    pub queued_at: Option<DateTime<Utc>>,
    /// The agent's voice reaches the caller.
    pub answered_at: Option<DateTime<Utc>>,
    /// The agent is out of the call.
    pub talk_ended_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub agent: Option<AgentId>,
    pub ending: Option<Ending>,
    /// The key pressed after the call (挂机评价).
    pub rating: Option<u8>,
    /// The callback task that this call serves.
    pub callback: Option<uuid::Uuid>,
    /// The ticket that it is about, when its citizen is called.
    #[serde(default)]
    pub errand: Option<Errand>,
    #[serde(default)]
    pub demo: bool,
}

impl Facts {
    /// From INVITE to the agent's voice, or to the caller's end.
    pub fn waited(&self, now: DateTime<Utc>) -> TimeDelta {
        self.answered_at.or(self.ended_at).unwrap_or(now) - self.invite_at
    }

    /// How long citizen and agent had each other.
    pub fn talked(&self, now: DateTime<Utc>) -> TimeDelta {
        let Some(answered) = self.answered_at else { return TimeDelta::zero() };
        self.talk_ended_at.or(self.ended_at).unwrap_or(now) - answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_an_ending_is_the_same_in_json_and_in_the_database() {
        for ending in Ending::ALL {
            assert_eq!(serde_json::to_value(ending).unwrap(), ending.as_str());
            assert_eq!(ending.as_str().parse(), Ok(*ending));
        }
    }
}
