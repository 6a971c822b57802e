use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use base::{Clock, Dice, Drain, Tasks};
use tokio::sync::mpsc;

use crate::sockets::Sockets;
use crate::{Config, DialogId, Event, FlowId, Stats, run};

/// Whom to call. Printed without the number.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// The agent's registered browser, by the user part it registered with.
    Agent(String),
    /// A number over a trunk.
    Trunk { name: String, number: String },
    /// A SIP address with an IP address as its host, for the scripted caller.
    Uri(String),
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(agent) => write!(f, "Agent({agent:?})"),
            Self::Trunk { name, .. } => write!(f, "Trunk({name:?})"),
            Self::Uri(_) => f.write_str("Uri"),
        }
    }
}

/// Who is shown as calling. Printed without saying who.
#[derive(Clone, PartialEq, Eq)]
pub struct Party {
    /// User part: a number or a name.
    pub user: String,
    pub display: Option<String>,
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Party").finish_non_exhaustive()
    }
}

impl Party {
    /// A party without a display name.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: user.into(), display: None }
    }
}

/// What goes to a browser over its WebSocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToBrowser {
    /// One SIP message: one text frame.
    Text(String),
    /// Close the socket with this reason: `replaced`, `slow`, `not SIP`, …
    Close(&'static str),
}

/// The addresses listened on, in the order of [`Config::listen`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocalAddrs {
    pub udp: Vec<SocketAddr>,
    pub tcp: Vec<SocketAddr>,
}

/// What the owner wants done.
#[derive(Debug)]
pub(crate) enum Command {
    Ring {
        dialog: DialogId,
        early_sdp: Option<String>,
    },
    Answer {
        dialog: DialogId,
        sdp: String,
    },
    Reject {
        dialog: DialogId,
        status: u16,
        reason: String,
        extra: Vec<(String, String)>,
    },
    HangUp {
        dialog: DialogId,
        reason: String,
    },
    Call(Box<Outgoing>),
    AnswerReinvite {
        dialog: DialogId,
        result: Result<String, u16>,
    },
    Websocket {
        flow: FlowId,
        agent: String,
        from_ws: mpsc::Receiver<String>,
        to_ws: mpsc::Sender<ToBrowser>,
    },
}

/// A call to make.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) dialog: DialogId,
    pub(crate) target: Target,
    pub(crate) from: Party,
    pub(crate) offer: String,
    pub(crate) headers: Vec<(String, String)>,
}

/// Names given to dialogs and flows; shared by the handle and the machine.
#[derive(Debug, Default)]
pub(crate) struct Names(AtomicU64);

impl Names {
    pub(crate) fn dialog(&self) -> DialogId {
        DialogId(self.0.fetch_add(1, Relaxed) + 1)
    }
    pub(crate) fn flow(&self) -> FlowId {
        FlowId(self.0.fetch_add(1, Relaxed) + 1)
    }
}

/// The handle of the SIP endpoint. Commands never wait; one for a dialog that is over does nothing.
#[derive(Debug, Clone)]
pub struct Endpoint {
    pub(crate) commands: mpsc::UnboundedSender<Command>,
    pub(crate) names: Arc<Names>,
    pub(crate) counters: Arc<crate::stats::Counters>,
}

impl Endpoint {
    /// Binds the sockets and starts the endpoint's tasks. To be called inside a tokio runtime.
    #[expect(clippy::needless_pass_by_value, reason = "the endpoint owns its configuration")]
    pub fn start(
        config: Config,
        clock: Arc<dyn Clock>,
        dice: Arc<dyn Dice>,
        tasks: &Tasks,
    ) -> io::Result<(Self, Drain<Event>, LocalAddrs)> {
        let sockets = Sockets::bind(&config.listen)?;
        run::start(sockets, &config, clock, dice, tasks)
    }

    /// The same on sockets that were bound before, in place of [`Config::listen`].
    #[expect(clippy::needless_pass_by_value, reason = "the endpoint owns its configuration")]
    pub fn start_on(
        sockets: Sockets,
        config: Config,
        clock: Arc<dyn Clock>,
        dice: Arc<dyn Dice>,
        tasks: &Tasks,
    ) -> io::Result<(Self, Drain<Event>, LocalAddrs)> {
        run::start(sockets, &config, clock, dice, tasks)
    }

    /// Tells the caller that it rings: 180, or 183 with `early_sdp`.
    pub fn ring(&self, dialog: DialogId, early_sdp: Option<String>) {
        self.send(Command::Ring { dialog, early_sdp });
    }

    /// Takes the call: 200 with `sdp`, repeated until the ACK.
    pub fn answer(&self, dialog: DialogId, sdp: String) {
        self.send(Command::Answer { dialog, sdp });
    }

    /// Refuses a call not yet answered, with extra headers (`Retry-After` …).
    /// [`Event::Ended`] follows, as after [`Endpoint::hang_up`].
    pub fn reject(
        &self,
        dialog: DialogId,
        status: u16,
        reason: &str,
        extra: Vec<(String, String)>,
    ) {
        self.send(Command::Reject { dialog, status, reason: reason.into(), extra });
    }

    /// Ends the dialog whatever its state: BYE, CANCEL, or 480 to a call not yet answered.
    /// [`Event::Ended`] by [`crate::EndedBy::Local`] follows at once.
    pub fn hang_up(&self, dialog: DialogId, reason: &str) {
        self.send(Command::HangUp { dialog, reason: reason.into() });
    }

    /// Makes a call. [`Event::Answered`] or [`Event::Failed`] follows; nobody gives up for the
    /// owner while it rings.
    pub fn call(
        &self,
        target: Target,
        from: Party,
        offer: String,
        headers: Vec<(String, String)>,
    ) -> DialogId {
        let dialog = self.names.dialog();
        self.send(Command::Call(Box::new(Outgoing { dialog, target, from, offer, headers })));
        dialog
    }

    /// Answers [`Event::Reinvite`] with an SDP or with a status from 400 on.
    pub fn answer_reinvite(&self, dialog: DialogId, result: Result<String, u16>) {
        self.send(Command::AnswerReinvite { dialog, result });
    }

    /// Hands in the WebSocket of a signed-in agent; `agent_user` is the user part it may register
    /// and call with. The flow ends when `from_ws` ends or after [`ToBrowser::Close`].
    pub fn websocket(
        &self,
        agent_user: String,
        from_ws: mpsc::Receiver<String>,
        to_ws: mpsc::Sender<ToBrowser>,
    ) -> FlowId {
        let flow = self.names.flow();
        self.send(Command::Websocket { flow, agent: agent_user, from_ws, to_ws });
        flow
    }

    /// Figures since the start, and what is open now.
    pub fn stats(&self) -> Stats {
        self.counters.read()
    }

    fn send(&self, command: Command) {
        // An endpoint that is gone has closed the house already: see base::Tasks.
        drop(self.commands.send(command));
    }
}
