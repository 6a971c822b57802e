use base::{AgentId, CallId, PhoneNumber};
use queue::{Ask, Refused};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::desk::{Desk, Floor};
use crate::entry::Outcome;
use crate::facts::{AgentCard, Errand};
use crate::figures::Today;
use crate::run::Input;

/// Why a command about a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The call is over and forgotten, or never was.
    #[error("没有这通来电")]
    NoSuchCall,
    /// Another agent's call.
    #[error("这不是你的来电")]
    NotYours,
    /// Nobody spoke in it.
    #[error("这通来电没有接通，不需要小结")]
    NotAnswered,
    /// One call, one outcome (一通一结).
    #[error("这通来电已经有小结")]
    OutcomeGiven,
    #[error("没有可挂断的通话")]
    NoCall,
    /// No trunk is set for calls to citizens.
    #[error("没有配置外呼中继")]
    NoTrunk,
    /// The house is closing.
    #[error("系统正在关闭")]
    Closing,
    #[error(transparent)]
    Db(#[from] sqlx::Error),
}

/// Somebody to call back, by an agent at a desk.
#[derive(Debug, Clone)]
pub struct CallBack {
    pub task: Uuid,
    pub number: PhoneNumber,
    pub hotline: String,
}

/// A ticket's citizen to be called, by somebody of a unit or of the hotline (联系、回访): from the main
/// number, and whoever calls sees no number.
#[derive(Debug, Clone)]
pub struct CallCitizen {
    pub errand: Errand,
    pub number: PhoneNumber,
}

type Answer<T> = oneshot::Sender<Result<T, Error>>;

pub(crate) enum Command {
    Desk {
        agent: AgentId,
        answer: Answer<Desk>,
    },
    Ask {
        agent: AgentId,
        ask: Ask,
        answer: Answer<Desk>,
    },
    HangUp {
        agent: AgentId,
        answer: Answer<()>,
    },
    Outcome {
        call: CallId,
        agent: AgentId,
        outcome: Outcome,
        answer: Answer<()>,
    },
    /// The same for a call of before this start; the database was asked.
    OldOutcome {
        call: CallId,
        agent: AgentId,
        outcome: Outcome,
        answer: Answer<()>,
    },
    CallBack {
        agent: AgentId,
        back: CallBack,
        answer: Answer<CallId>,
    },
    CallCitizen {
        agent: AgentId,
        to: CallCitizen,
        answer: Answer<CallId>,
    },
    /// Who of the agents is in this call; `None` for a call that is not in memory.
    AgentOf {
        call: CallId,
        answer: Answer<Option<AgentId>>,
    },
    NumberOf {
        call: CallId,
        agent: AgentId,
        answer: Answer<Option<PhoneNumber>>,
    },
    Floor {
        answer: Answer<Floor>,
    },
    Roster(Vec<AgentCard>),
    /// From the database: what was before this start.
    Before {
        today: Today,
        owed: Vec<(AgentId, CallId)>,
    },
}

/// The handle of the conductor. Cheap to clone; nothing here needs the database.
#[derive(Debug, Clone)]
pub struct Calls {
    pub(crate) inputs: mpsc::UnboundedSender<Input>,
    pub(crate) sip: sip::Endpoint,
}

impl Calls {
    /// What this agent's desk shows now.
    pub async fn desk(&self, agent: AgentId) -> Result<Desk, Error> {
        self.ask_for(|answer| Command::Desk { agent, answer }).await
    }

    /// An agent asks for another presence.
    pub async fn presence(&self, agent: AgentId, ask: Ask) -> Result<Desk, Error> {
        self.ask_for(|answer| Command::Ask { agent, ask, answer }).await
    }

    /// The agent ends the call, from the desk.
    pub async fn hang_up(&self, agent: AgentId) -> Result<(), Error> {
        self.ask_for(|answer| Command::HangUp { agent, answer }).await
    }

    /// What the call came to: once for each answered call. [`Error::NoSuchCall`]: the call was
    /// before this start, or is nobody's; [`crate::outcome`] knows the database too.
    pub async fn outcome(
        &self,
        call: CallId,
        agent: AgentId,
        outcome: Outcome,
    ) -> Result<(), Error> {
        self.ask_for(|answer| Command::Outcome { call, agent, outcome, answer }).await
    }

    pub(crate) async fn old_outcome(
        &self,
        call: CallId,
        agent: AgentId,
        outcome: Outcome,
    ) -> Result<(), Error> {
        self.ask_for(|answer| Command::OldOutcome { call, agent, outcome, answer }).await
    }

    /// Calls a citizen back: the agent's telephone rings first.
    pub async fn call_back(&self, agent: AgentId, back: CallBack) -> Result<CallId, Error> {
        self.ask_for(|answer| Command::CallBack { agent, back, answer }).await
    }

    /// Calls a ticket's citizen: the telephone of whoever asks rings first.
    pub async fn call_citizen(&self, agent: AgentId, to: CallCitizen) -> Result<CallId, Error> {
        self.ask_for(|answer| Command::CallCitizen { agent, to, answer }).await
    }

    /// The agent who has, or last had, a call that is in memory.
    pub async fn agent_of(&self, call: CallId) -> Result<Option<AgentId>, Error> {
        self.ask_for(|answer| Command::AgentOf { call, answer }).await
    }

    /// The caller's number in full, for the agent in the call; none where a ticket's citizen is called.
    pub async fn number_of(
        &self,
        call: CallId,
        agent: AgentId,
    ) -> Result<Option<PhoneNumber>, Error> {
        self.ask_for(|answer| Command::NumberOf { call, agent, answer }).await
    }

    /// The supervisor's board.
    pub async fn floor(&self) -> Result<Floor, Error> {
        self.ask_for(|answer| Command::Floor { answer }).await
    }

    /// Who may answer calls, as of now.
    pub fn roster(&self, agents: Vec<AgentCard>) {
        self.tell(Command::Roster(agents));
    }

    /// Hands in the telephone of a signed-in agent: SIP over the WebSocket that the page opened.
    /// A second one of the same agent replaces the first.
    pub fn phone(
        &self,
        number: &str,
        from_page: mpsc::Receiver<String>,
        to_page: mpsc::Sender<sip::ToBrowser>,
    ) {
        self.sip.websocket(number.to_owned(), from_page, to_page);
    }

    pub(crate) fn tell(&self, command: Command) {
        drop(self.inputs.send(Input::Command(command))); // gone only when the house is closing
    }

    async fn ask_for<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        self.tell(command(answer));
        answered.await.map_err(|_| Error::Closing)?
    }
}
