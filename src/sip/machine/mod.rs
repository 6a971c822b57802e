//! The whole endpoint as one pure machine: messages, commands and time go in; messages and events
//! come out. No socket, no task, no clock: a test runs two of them against each other.
mod deadlines;
mod flows;
mod in_call;
mod incoming;
mod outgoing;
mod owner;
mod receive;
mod register;
mod sending;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use base::Dice;
use bytes::Bytes;

use crate::dialog::Dialog;
use crate::digest::Verifier;
use crate::endpoint::{Command, Names};
use crate::message::Outbound;
use crate::stats::Counters;
use crate::transaction::{At, Client, Pace, Server};
use crate::{Config, DialogId, Event, FlowId};
use deadlines::Deadlines;

/// Names a transaction somebody opened with us.
pub(crate) type ServerKey = Arc<str>;
/// Names a transaction of ours.
pub(crate) type ClientKey = Arc<str>;

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// From one of our sockets to an address.
    Udp { socket: usize, to: SocketAddr },
    /// Over a connection.
    Flow(FlowId),
}

impl Peer {
    fn reliable(self) -> bool {
        matches!(self, Self::Flow(_))
    }
}

/// What a connection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Flow {
    /// A TCP connection, by us or by them.
    Tcp(SocketAddr),
    /// The WebSocket of a signed-in agent.
    Web(String),
}

#[derive(Debug)]
pub(crate) enum Input {
    Datagram {
        socket: usize,
        from: SocketAddr,
        bytes: Bytes,
    },
    Opened {
        flow: FlowId,
        what: Flow,
    },
    /// One message on a connection.
    Frame {
        flow: FlowId,
        bytes: Bytes,
    },
    Closed {
        flow: FlowId,
    },
    Command(Command),
    /// Time has passed.
    Tick,
}

#[derive(Debug)]
pub(crate) enum Action {
    Send {
        to: Peer,
        bytes: Bytes,
    },
    /// Open a TCP connection; what is sent meanwhile waits.
    Dial {
        flow: FlowId,
        to: SocketAddr,
    },
    Close {
        flow: FlowId,
        reason: &'static str,
    },
    Tell(Event),
}

/// What the machine is told at its start.
pub(crate) struct Setup {
    pub(crate) config: Config,
    /// Bound UDP addresses, with the host others reach us by.
    pub(crate) udp: Vec<(String, u16)>,
    /// Bound TCP addresses, likewise.
    pub(crate) tcp: Vec<(String, u16)>,
    pub(crate) dice: Arc<dyn Dice>,
    pub(crate) names: Arc<Names>,
    pub(crate) counters: Arc<Counters>,
}

/// Who sent a message.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    /// A trunk, by its place in the configuration.
    Trunk(usize),
    /// A signed-in agent's browser.
    Agent(String),
    /// Somebody we called by address; may speak inside that call only.
    Called,
}

/// Where a message came from.
#[derive(Debug, Clone)]
struct Source {
    /// Where an answer goes.
    peer: Peer,
    addr: SocketAddr,
    who: Who,
}

#[derive(Debug)]
struct ServerEntry {
    machine: Server,
    to: Peer,
    /// The tag our responses put on To.
    tag: String,
    dialog: Option<DialogId>,
    /// `Call-ID`, `From` tag and `CSeq` of an INVITE outside dialogs, to tell merged ones.
    merged: Option<Merged>,
}

type Merged = (String, String, u32);

#[derive(Debug)]
struct ClientEntry {
    machine: Client,
    to: Peer,
    via: String,
    request: Outbound,
    purpose: Purpose,
    /// Challenges answered so far.
    attempts: u8,
    /// ACKs sent for 2xx, by To tag, to be sent again when the 2xx comes again.
    acks: Vec<(String, Bytes, Peer)>,
}

/// What a request of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The INVITE that makes a call.
    Call(DialogId),
    /// A BYE.
    Bye(DialogId),
    /// UPDATE or re-INVITE that keeps the session alive.
    Refresh(DialogId),
    /// CANCEL, or BYE for a branch nobody wants.
    Stray,
}

/// What a moment was set for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Due {
    Server(ServerKey),
    Client(ClientKey),
    Dialog(DialogId),
    Agent(String),
}

/// An agent's browser that can be called.
#[derive(Debug, Clone)]
struct Binding {
    flow: FlowId,
    /// The Contact it registered.
    contact: String,
    call_id: String,
    cseq: u32,
    expires: At,
}

pub(crate) struct Machine {
    config: Config,
    pace: Pace,
    udp: Vec<(String, u16)>,
    tcp: Vec<(String, u16)>,
    dice: Arc<dyn Dice>,
    names: Arc<Names>,
    counters: Arc<Counters>,
    servers: HashMap<ServerKey, ServerEntry>,
    clients: HashMap<ClientKey, ClientEntry>,
    dialogs: HashMap<DialogId, Dialog>,
    /// Dialogs by Call-ID and our tag.
    by_name: HashMap<(String, String), DialogId>,
    merged: HashMap<Merged, ServerKey>,
    flows: BTreeMap<FlowId, Flow>,
    agents: BTreeMap<String, Binding>,
    /// Addresses we called that are no trunk.
    called: BTreeSet<IpAddr>,
    due: Deadlines<Due>,
    verifier: Verifier,
    out: Vec<Action>,
}

impl Machine {
    pub(crate) fn new(setup: Setup) -> Self {
        Self {
            pace: setup.config.timers.into(),
            config: setup.config,
            udp: setup.udp,
            tcp: setup.tcp,
            names: setup.names,
            counters: setup.counters,
            servers: HashMap::new(),
            clients: HashMap::new(),
            dialogs: HashMap::new(),
            by_name: HashMap::new(),
            merged: HashMap::new(),
            flows: BTreeMap::new(),
            agents: BTreeMap::new(),
            called: BTreeSet::new(),
            due: Deadlines::default(),
            verifier: Verifier::new(setup.dice.bytes::<32>()),
            dice: setup.dice,
            out: Vec::new(),
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<At> {
        self.due.next()
    }

    /// One step: what is due comes first, then the input.
    pub(crate) fn on(&mut self, input: Input, now: At) -> Vec<Action> {
        while let Some(due) = self.due.pop(now) {
            self.on_due(due, now);
        }
        match input {
            Input::Datagram { socket, from, bytes } => self.on_datagram(socket, from, &bytes, now),
            Input::Opened { flow, what } => drop(self.flows.insert(flow, what)),
            Input::Frame { flow, bytes } => self.on_frame(flow, &bytes, now),
            Input::Closed { flow } => self.on_closed(flow, now),
            Input::Command(command) => self.on_command(command, now),
            Input::Tick => {}
        }
        let transactions = self.servers.len() + self.clients.len();
        self.counters.open(self.dialogs.len(), transactions, self.agents.len());
        std::mem::take(&mut self.out)
    }

    /// Ends everything: the house closes.
    pub(crate) fn farewell(&mut self, now: At) -> Vec<Action> {
        let mut open: Vec<_> = self.dialogs.keys().copied().collect();
        open.sort_unstable();
        for id in open {
            self.hang_up(id, "the service closes", now);
        }
        std::mem::take(&mut self.out)
    }

    fn on_due(&mut self, due: Due, now: At) {
        match due {
            Due::Server(key) => self.server_tick(&key, now),
            Due::Client(key) => self.client_tick(&key, now),
            Due::Dialog(id) => self.dialog_tick(id, now),
            Due::Agent(agent) => self.unregister(&agent, crate::Gone::Expired),
        }
    }

    /// Whether calls from this address may come in at all: asked before a connection is taken.
    pub(crate) fn trunk_of(config: &Config, ip: IpAddr) -> Option<usize> {
        config.trunks.iter().position(|trunk| trunk.addresses.iter().any(|net| net.contains(ip)))
    }

    fn send(&mut self, to: Peer, bytes: Bytes) {
        self.counters.sent();
        self.out.push(Action::Send { to, bytes });
    }

    fn repeat(&mut self, to: Peer, bytes: Bytes) {
        self.counters.repeated();
        self.send(to, bytes);
    }

    /// Tells the owner of a dialog something, unless it was told the end.
    fn tell(&mut self, dialog: DialogId, event: Event) {
        if self.dialogs.get(&dialog).is_some_and(|dialog| !dialog.told_end) {
            self.out.push(Action::Tell(event));
        }
    }

    /// Tells the owner the end; nothing follows it.
    fn tell_end(&mut self, id: DialogId, event: Event) {
        self.tell(id, event);
        if let Some(dialog) = self.dialogs.get_mut(&id) {
            dialog.told_end = true;
        }
    }

    fn keep(&mut self, dialog: Dialog) {
        let id = dialog.id;
        self.by_name.insert((dialog.call_id.clone(), dialog.local_tag.clone()), id);
        self.due.set(Due::Dialog(id), dialog.next_deadline());
        self.dialogs.insert(id, dialog);
    }

    fn forget(&mut self, id: DialogId) -> Option<Dialog> {
        let dialog = self.dialogs.remove(&id)?;
        self.by_name.remove(&(dialog.call_id.clone(), dialog.local_tag.clone()));
        self.due.set(Due::Dialog(id), None);
        Some(dialog)
    }

    /// To be called after every change of a dialog.
    fn rearm(&mut self, id: DialogId) {
        let at = self.dialogs.get(&id).and_then(Dialog::next_deadline);
        self.due.set(Due::Dialog(id), at);
    }

    /// A word nobody can guess: tags, branches, Call-IDs.
    fn word(&self) -> String {
        hex::encode(self.dice.bytes::<12>())
    }
}
