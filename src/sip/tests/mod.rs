//! Whole conversations over an in-memory network, in manual time.
mod agents;
mod calls_in;
mod calls_out;
mod in_call;
mod loss;
mod noise;
mod sockets;
mod torture;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

use base::{Clock, ManualClock, SeededDice};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

use crate::endpoint::{Command, Names, Outgoing};
use crate::machine::{Action, Flow, Input, Machine, Peer, Setup};
use crate::stats::Counters;
use crate::{Config, DialogId, Event, FlowId, Party, Stats, Target, TrunkConfig};

pub(crate) const US: &str = "10.0.0.1:5060";
pub(crate) const CARRIER: &str = "10.0.0.2:5060";
/// A listed source played by hand, message by message.
pub(crate) const BY_HAND: &str = "10.0.0.9:5070";
pub(crate) const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
pub(crate) const ANSWER: &str = "v=0\r\no=- 2 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\n";

pub(crate) fn trunk(name: &str, address: &str) -> TrunkConfig {
    let peer: SocketAddr = address.parse().unwrap();
    TrunkConfig {
        name: name.into(),
        addresses: vec![peer.ip().to_string().parse().unwrap()],
        proxy: Some(peer),
        transport: crate::Transport::Udp,
        answer_at_once: false,
        number_from: vec![crate::NumberRule::RequestUri],
        digest: None,
        show_number: None,
        dial: Vec::new(),
    }
}

/// One endpoint and what it told.
pub(crate) struct Side {
    pub(crate) machine: Machine,
    addr: SocketAddr,
    names: Arc<Names>,
    counters: Arc<Counters>,
    events: VecDeque<Event>,
}

/// Endpoints, peers played by hand, browsers, and the wires between.
pub(crate) struct Net {
    now: DateTime<Utc>,
    sides: Vec<Side>,
    wire: VecDeque<(usize, Input)>,
    /// What arrived at addresses without an endpoint.
    letters: BTreeMap<SocketAddr, VecDeque<String>>,
    /// What arrived at browsers of side 0.
    frames: BTreeMap<FlowId, VecDeque<String>>,
    pub(crate) closed: Vec<(FlowId, &'static str)>,
    pub(crate) dialled: Vec<(FlowId, SocketAddr)>,
    /// Whether a message is lost on its way.
    pub(crate) lose: Box<dyn FnMut(&str) -> bool>,
    pub(crate) log: Vec<String>,
}

impl Net {
    /// Side 0 is us, with the trunks `carrier` and `hand`; side 1 is the carrier.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut ours = Config {
            trunks: vec![trunk("carrier", CARRIER), trunk("hand", BY_HAND)],
            ..Config::default()
        };
        change(&mut ours);
        let theirs = Config {
            trunks: vec![trunk("hotline", US)],
            domain: "carrier".into(),
            ..Config::default()
        };
        Self {
            now: ManualClock::default().now(),
            sides: vec![side(ours, US, 1), side(theirs, CARRIER, 2)],
            wire: VecDeque::new(),
            letters: BTreeMap::new(),
            frames: BTreeMap::new(),
            closed: Vec::new(),
            dialled: Vec::new(),
            lose: Box::new(|_| false),
            log: Vec::new(),
        }
    }

    /// Another configuration for the carrier.
    pub(crate) fn theirs(&mut self, change: impl FnOnce(&mut Config)) {
        let mut theirs = Config {
            trunks: vec![trunk("hotline", US)],
            domain: "carrier".into(),
            ..Config::default()
        };
        change(&mut theirs);
        self.sides[1] = side(theirs, CARRIER, 2);
    }

    fn step(&mut self, side: usize, input: Input) {
        let actions = self.sides[side].machine.on(input, self.now);
        for action in actions {
            match action {
                Action::Tell(event) => self.sides[side].events.push_back(event),
                Action::Send { to: Peer::Udp { to, .. }, bytes } => self.post(side, to, bytes),
                Action::Send { to: Peer::Flow(flow), bytes } => {
                    let text = String::from_utf8(bytes.to_vec()).unwrap();
                    self.frames.entry(flow).or_default().push_back(text);
                }
                Action::Dial { flow, to } => self.dialled.push((flow, to)),
                Action::Close { flow, reason } => self.closed.push((flow, reason)),
            }
        }
    }

    fn post(&mut self, side: usize, to: SocketAddr, bytes: Bytes) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lost = (self.lose)(&text);
        let first = text.lines().next().unwrap_or("").to_owned();
        self.log.push(format!("{side}→{to} {first}{}", if lost { " LOST" } else { "" }));
        if lost {
            return;
        }
        let from = self.sides[side].addr;
        match self.sides.iter().position(|other| other.addr == to) {
            Some(other) => self.wire.push_back((other, Input::Datagram { socket: 0, from, bytes })),
            None => self.letters.entry(to).or_default().push_back(text),
        }
    }

    /// Carries messages until nobody has anything to say.
    pub(crate) fn settle(&mut self) {
        while let Some((side, input)) = self.wire.pop_front() {
            self.step(side, input);
        }
    }

    /// Lets time pass, deadline by deadline.
    pub(crate) fn pass(&mut self, seconds: f64) {
        self.settle();
        #[expect(clippy::cast_possible_truncation, reason = "test times are short")]
        let end = self.now + TimeDelta::milliseconds((seconds * 1000.0) as i64);
        loop {
            let next = self.sides.iter().filter_map(|side| side.machine.next_deadline()).min();
            match next.filter(|next| *next <= end) {
                Some(next) => {
                    self.now = self.now.max(next);
                    for side in 0..self.sides.len() {
                        self.step(side, Input::Tick);
                    }
                    self.settle();
                }
                None => break,
            }
        }
        self.now = end;
    }

    pub(crate) fn command(&mut self, side: usize, command: Command) {
        self.step(side, Input::Command(command));
        self.settle();
    }

    pub(crate) fn ring(&mut self, side: usize, dialog: DialogId) {
        self.command(side, Command::Ring { dialog, early_sdp: None });
    }

    pub(crate) fn answer(&mut self, side: usize, dialog: DialogId) {
        self.command(side, Command::Answer { dialog, sdp: ANSWER.into() });
    }

    pub(crate) fn reject(&mut self, side: usize, dialog: DialogId, status: u16) {
        self.command(
            side,
            Command::Reject { dialog, status, reason: String::new(), extra: Vec::new() },
        );
    }

    pub(crate) fn hang_up(&mut self, side: usize, dialog: DialogId) {
        self.command(side, Command::HangUp { dialog, reason: "done".into() });
    }

    pub(crate) fn call(&mut self, side: usize, target: Target) -> DialogId {
        let dialog = self.sides[side].names.dialog();
        let from = Party::new("13800138000");
        let call = Outgoing { dialog, target, from, offer: OFFER.into(), headers: Vec::new() };
        self.command(side, Command::Call(Box::new(call)));
        dialog
    }

    /// The carrier calls 12345; our and its dialog.
    pub(crate) fn incoming(&mut self) -> (DialogId, DialogId) {
        let theirs = self.call(1, Target::Trunk { name: "hotline".into(), number: "12345".into() });
        match self.event(0) {
            Event::Invite { dialog, .. } => (dialog, theirs),
            other => panic!("not an INVITE: {other:?}"),
        }
    }

    /// An answered call from the carrier; our and its dialog.
    pub(crate) fn talking(&mut self) -> (DialogId, DialogId) {
        let (ours, theirs) = self.incoming();
        self.answer(0, ours);
        assert!(matches!(self.event(1), Event::Answered { .. }));
        assert_eq!(self.event(0), Event::Confirmed { dialog: ours, sdp: None });
        (ours, theirs)
    }

    /// The next event of a side.
    pub(crate) fn event(&mut self, side: usize) -> Event {
        self.sides[side]
            .events
            .pop_front()
            .unwrap_or_else(|| panic!("no event at {side}: {:#?}", self.log))
    }

    pub(crate) fn quiet(&self, side: usize) {
        assert!(self.sides[side].events.is_empty(), "{:?}", self.sides[side].events);
    }

    /// A message by hand to us.
    pub(crate) fn write(&mut self, from: &str, bytes: impl Into<Bytes>) {
        let from = from.parse().unwrap();
        self.step(0, Input::Datagram { socket: 0, from, bytes: bytes.into() });
        self.settle();
    }

    /// What arrived by hand, oldest first.
    pub(crate) fn read(&mut self, at: &str) -> String {
        let letters = self.letters.get_mut(&at.parse().unwrap());
        letters
            .and_then(VecDeque::pop_front)
            .unwrap_or_else(|| panic!("nothing arrived: {:#?}", self.log))
    }

    pub(crate) fn unread(&self, at: &str) -> usize {
        self.letters.get(&at.parse().unwrap()).map_or(0, VecDeque::len)
    }

    /// The status lines that arrived by hand.
    pub(crate) fn statuses(&mut self, at: &str) -> Vec<u16> {
        let letters = self.letters.remove(&at.parse().unwrap()).unwrap_or_default();
        letters.iter().map(|letter| status(letter)).collect()
    }

    /// A browser of an agent connects.
    pub(crate) fn browser(&mut self, agent: &str) -> FlowId {
        let flow = self.sides[0].names.flow();
        self.step(0, Input::Opened { flow, what: Flow::Web(agent.into()) });
        flow
    }

    /// A TCP connection from an address comes in.
    pub(crate) fn connection(&mut self, from: &str) -> FlowId {
        let flow = self.sides[0].names.flow();
        self.step(0, Input::Opened { flow, what: Flow::Tcp(from.parse().unwrap()) });
        flow
    }

    pub(crate) fn browser_says(&mut self, flow: FlowId, text: impl Into<Bytes>) {
        self.step(0, Input::Frame { flow, bytes: text.into() });
        self.settle();
    }

    pub(crate) fn browser_hears(&mut self, flow: FlowId) -> String {
        let frames = self.frames.get_mut(&flow);
        frames.and_then(VecDeque::pop_front).unwrap_or_else(|| panic!("no frame for {flow}"))
    }

    pub(crate) fn browser_leaves(&mut self, flow: FlowId) {
        self.step(0, Input::Closed { flow });
        self.settle();
    }

    pub(crate) fn stats(&self, side: usize) -> Stats {
        self.sides[side].counters.read()
    }

    /// Nothing is left of any call.
    pub(crate) fn nothing_is_left(&mut self) {
        self.pass(70.0);
        for side in 0..self.sides.len() {
            let stats = self.stats(side);
            assert_eq!((stats.dialogs, stats.transactions), (0, 0), "side {side}: {:#?}", self.log);
        }
    }

    /// How often a line beginning like this went over the wire.
    pub(crate) fn sent(&self, beginning: &str) -> usize {
        self.log
            .iter()
            .filter(|line| line.split_once(' ').is_some_and(|(_, m)| m.starts_with(beginning)))
            .count()
    }
}

fn side(config: Config, addr: &str, seed: u64) -> Side {
    let addr: SocketAddr = addr.parse().unwrap();
    let names = Arc::new(Names::default());
    let counters = Arc::new(Counters::default());
    let at = vec![(addr.ip().to_string(), addr.port())];
    let machine = Machine::new(Setup {
        config,
        udp: at.clone(),
        tcp: at,
        dice: Arc::new(SeededDice::new(seed)),
        names: names.clone(),
        counters: counters.clone(),
    });
    Side { machine, addr, names, counters, events: VecDeque::new() }
}

pub(crate) fn status(letter: &str) -> u16 {
    let code = letter.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
    code.and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// The value of a header.
pub(crate) fn header<'a>(letter: &'a str, name: &str) -> &'a str {
    let line = letter.lines().find_map(|line| {
        let (n, value) = line.split_once(':')?;
        n.eq_ignore_ascii_case(name).then(|| value.trim())
    });
    line.unwrap_or_else(|| panic!("no {name} in {letter}"))
}

/// A request by hand: the usual headers, then `more`, then the body.
pub(crate) fn by_hand(
    method: &str,
    cseq: u32,
    branch: &str,
    to_tag: &str,
    more: &str,
    body: &str,
) -> String {
    let to_tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
    let kind = if body.is_empty() || more.contains("Content-Type") {
        ""
    } else {
        "Content-Type: application/sdp\r\n"
    };
    format!(
        "{method} sip:12345@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {BY_HAND};branch=z9hG4bK{branch}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:13900139000@10.0.0.9>;tag=h\r\nTo: <sip:12345@10.0.0.1>{to_tag}\r\n\
         Call-ID: hand\r\nCSeq: {cseq} {method}\r\nContact: <sip:h@{BY_HAND}>\r\n{more}{kind}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The tag of To in a letter.
pub(crate) fn to_tag(letter: &str) -> String {
    header(letter, "To").split(";tag=").nth(1).unwrap_or("").to_owned()
}
