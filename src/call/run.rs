//! The conductor's loop: one owner of queue and calls. It never waits for its consumers: what takes
//! time is done beside it and comes back as an input.
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use base::{AgentId, CallId, Clock, Dice, Drain, Outbox, PhoneNumber, Tasks, outbox};
use chrono::{DateTime, TimeDelta, Utc};
use db::seal::Keys;
use db::spool::Spool;
use media::{CallMedia, LegSpec, Media, MediaEvent};
use org::{Persons, SealedNumber};
use queue::Queue;
use sip::{DialogId, Endpoint, FlowId};
use speech::{Segment, Speech};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::command::{Calls, Command};
use crate::config::{Config, Directory};
use crate::desk::Live;
use crate::entry::Entry;
use crate::facts::AgentCard;
use crate::figures::Today;
use crate::legs::{Done, Job};
use crate::recordings::Recordings;
use crate::state::{Call, Ear, Event};
use crate::{legs, roster};

/// How often the board is drawn again while something happens.
const BOARD_EVERY: TimeDelta = TimeDelta::seconds(1);

/// The rooms below, as the conductor uses them.
pub struct Rooms {
    pub sip: Endpoint,
    pub sip_events: Drain<sip::Event>,
    pub media: Media,
    pub speech: Speech,
    pub segments: Drain<Segment>,
    pub spool: Spool,
    pub recordings: Recordings,
    /// The master keys of what is said.
    pub sealing: Arc<Keys>,
    pub persons: Persons,
    pub clock: Arc<dyn Clock>,
    pub dice: Arc<dyn Dice>,
    pub tasks: Tasks,
}

/// What comes to the owner.
pub(crate) enum Input {
    Command(Command),
    Done(CallId, Done),
    Media(CallId, MediaEvent),
    /// A prompt that could not be played counts as played.
    Unplayed(CallId, u32),
}

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One call with everything around its machine.
pub(crate) struct Line {
    pub(crate) call: Call,
    pub(crate) number: Option<PhoneNumber>,
    pub(crate) sealed: Option<SealedNumber>,
    pub(crate) media: CallMedia,
    pub(crate) jobs: UnboundedSender<Job>,
    pub(crate) caller: Option<DialogId>,
    pub(crate) agent: Option<DialogId>,
    pub(crate) recording: bool,
    pub(crate) rev: i64,
    pub(crate) seq: i32,
    pub(crate) closed: bool,
}

/// The owner of everything that rings.
pub(crate) struct Conductor {
    pub(crate) config: Config,
    pub(crate) directory: Directory,
    pub(crate) sip: Endpoint,
    pub(crate) media: Media,
    pub(crate) speech: Speech,
    pub(crate) spool: Spool,
    pub(crate) recordings: Recordings,
    pub(crate) sealing: Arc<Keys>,
    pub(crate) persons: Persons,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dice: Arc<dyn Dice>,
    pub(crate) queue: Queue,
    pub(crate) lines: HashMap<CallId, Line>,
    pub(crate) dialogs: HashMap<DialogId, (CallId, Ear)>,
    pub(crate) agents: HashMap<AgentId, AgentCard>,
    pub(crate) by_number: HashMap<String, AgentId>,
    /// Registered telephones by their user part, also of those whom the roster does not know yet.
    pub(crate) phones: HashMap<String, FlowId>,
    pub(crate) replaced: HashMap<AgentId, DateTime<Utc>>,
    /// Telephones that went away during a call, and how long we wait for them.
    pub(crate) grace: BTreeMap<AgentId, DateTime<Utc>>,
    /// Telephones that came back during a call: silence then means that its sound is gone.
    pub(crate) shaky: BTreeSet<AgentId>,
    /// The call that an agent's desk shows.
    pub(crate) shown: HashMap<AgentId, CallId>,
    /// Outcomes given to calls of before this start.
    pub(crate) settled: HashSet<CallId>,
    pub(crate) today: Today,
    pub(crate) changed: BTreeSet<AgentId>,
    pub(crate) board_due: Option<DateTime<Utc>>,
    pub(crate) live: Outbox<Live>,
    pub(crate) inputs: UnboundedSender<Input>,
    pub(crate) workers: UnboundedSender<Work>,
}

/// Starts the conductor. What it has to say to screens comes out of the drain.
pub fn start(config: Config, rooms: Rooms) -> (Calls, Drain<Live>) {
    let (inputs, incoming) = unbounded_channel();
    let (workers, work) = unbounded_channel();
    let (live, watched) = outbox(10_000);
    let Rooms { sip, sip_events, media, speech, segments, spool, .. } = rooms;
    let Rooms { recordings, sealing, persons, clock, dice, tasks, .. } = rooms;
    tasks.spawn("call workers", do_work(work, tasks.clone()));
    let mut conductor = Conductor {
        directory: Directory::new(&config.hotlines, &config.area_code),
        queue: Queue::new(config.limits),
        sip: sip.clone(),
        media,
        speech,
        spool,
        recordings,
        sealing,
        persons,
        clock,
        dice,
        lines: HashMap::new(),
        dialogs: HashMap::new(),
        agents: HashMap::new(),
        by_number: HashMap::new(),
        phones: HashMap::new(),
        replaced: HashMap::new(),
        grace: BTreeMap::new(),
        shaky: BTreeSet::new(),
        shown: HashMap::new(),
        settled: HashSet::new(),
        today: Today::default(),
        changed: BTreeSet::new(),
        board_due: None,
        live,
        inputs: inputs.clone(),
        workers,
        config,
    };
    conductor.set_roster(roster::read(&conductor.config.roster));
    let stop = tasks.clone();
    tasks.spawn("conductor", conductor.run(incoming, sip_events, segments, stop));
    (Calls { inputs, sip }, watched)
}

/// Runs what calls need done beside the owner, to the last that it asked for when the house closes.
/// A worker that panics ends alone.
async fn do_work(mut work: UnboundedReceiver<Work>, tasks: Tasks) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            next = work.recv() => match next {
                Some(next) => drop(running.spawn(next)),
                None => break,
            },
            Some(ended) = running.join_next() => {
                if let Err(broken) = ended {
                    tracing::error!(%broken, "a call's worker broke off");
                }
            }
        }
    }
    while running.join_next().await.is_some() {}
    tasks.stopping().await;
}

impl Conductor {
    async fn run(
        mut self,
        mut inputs: UnboundedReceiver<Input>,
        mut sip_events: Drain<sip::Event>,
        mut segments: Drain<Segment>,
        tasks: Tasks,
    ) {
        loop {
            let clock = self.clock.clone();
            let deadline = self.next_deadline();
            tokio::select! {
                biased; // the order is ours, so that a simulation can repeat it
                () = tasks.stopping() => break,
                () = sleep(&*clock, deadline) => self.tick(),
                event = sip_events.next() => match event {
                    Some(event) => self.sip_event(event),
                    None => break,
                },
                input = inputs.recv() => match input {
                    Some(input) => self.input(input),
                    None => break,
                },
                Some(segment) = segments.next() => self.segment(segment),
            }
            self.show();
        }
        self.close_down().await;
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Command(command) => self.command(command),
            Input::Done(call, Done::Event(event)) => self.call_event(call, event),
            Input::Done(_, Done::Updated { dialog, result }) => {
                self.sip.answer_reinvite(dialog, result);
            }
            Input::Done(call, Done::Closed(closed)) => self.closed(call, *closed),
            Input::Media(call, event) => self.media_event(call, event),
            Input::Unplayed(call, id) => self.call_event(call, Event::PlayDone { id }),
        }
    }

    /// Something happened to one call.
    pub(crate) fn call_event(&mut self, id: CallId, event: Event) {
        let now = self.clock.now();
        let Some(line) = self.lines.get_mut(&id) else { return };
        for action in line.call.on(event, now) {
            self.act(id, action);
        }
    }

    /// Something happened to the queue.
    pub(crate) fn queue_event(&mut self, event: queue::Event) {
        let told = self.queue.on(event, self.clock.now());
        self.queued(told);
    }

    /// Does what the queue says.
    pub(crate) fn queued(&mut self, actions: Vec<queue::Action>) {
        use queue::Action as Q;
        self.board();
        for action in actions {
            match action {
                Q::Offer { call, agent } => {
                    let Some(card) = self.agents.get(&agent).cloned() else { continue };
                    self.shown.insert(agent, call);
                    self.call_event(call, Event::Offered(card));
                }
                Q::Withdraw { call, agent } => {
                    self.changed.insert(agent);
                    self.call_event(call, Event::Withdrawn);
                }
                Q::Won { call, .. } => self.call_event(call, Event::Won),
                Q::TooLate { call, agent } => {
                    tracing::error!(call.id = %call, %agent, "an answer came for a call that went elsewhere");
                }
                Q::Nobody { call } => self.call_event(call, Event::Nobody),
                Q::Changed { agent } => {
                    self.changed.insert(agent);
                }
            }
        }
    }

    /// A new call: its media, its workers, its place among the lines.
    pub(crate) fn open_line(
        &mut self,
        call: Call,
        number: Option<PhoneNumber>,
        caller: Option<DialogId>,
    ) {
        let id = call.id();
        let (media, events) = self.media.open_call(id);
        let (jobs, work) = unbounded_channel();
        let browser = LegSpec::Browser { opus: self.config.opus };
        self.work(legs::work(id, media.clone(), browser, work, self.inputs.clone()));
        self.work(legs::pump(id, events, self.inputs.clone()));
        let sealed =
            number.as_ref().map(|number| self.persons.seal_number(number, id.uuid().as_bytes()));
        let line = Line {
            call,
            number,
            sealed,
            media,
            jobs,
            caller,
            agent: None,
            recording: false,
            rev: 0,
            seq: 0,
            closed: false,
        };
        if let Some(dialog) = caller {
            self.dialogs.insert(dialog, (id, Ear::Caller));
        }
        self.lines.insert(id, line);
        self.save(id); // before anything is noted about it
    }

    pub(crate) fn job(&self, call: CallId, job: Job) {
        if let Some(line) = self.lines.get(&call) {
            drop(line.jobs.send(job)); // a closed call has nothing left to do
        }
    }

    pub(crate) fn work(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.workers.send(Box::pin(work))); // gone only when the house is closing
    }

    /// Keeps something for good.
    pub(crate) fn keep(&self, entry: &Entry) {
        match serde_json::to_vec(entry) {
            Ok(bytes) => self.spool.append(entry.key(), bytes),
            Err(error) => tracing::error!(%error, "an entry cannot be written"),
        }
    }

    fn tick(&mut self) {
        let now = self.clock.now();
        self.queue_event(queue::Event::Tick);
        let due: Vec<_> = self
            .lines
            .iter()
            .filter(|(_, line)| line.call.next_deadline().is_some_and(|at| at <= now))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.call_event(id, Event::Tick);
        }
        let lost: Vec<_> =
            self.grace.iter().filter(|(_, at)| **at <= now).map(|(agent, _)| *agent).collect();
        for agent in lost {
            self.grace.remove(&agent);
            self.agent_lost(agent);
        }
        if self.board_due.is_some_and(|at| at <= now) {
            self.draw_board();
        }
    }

    fn next_deadline(&self) -> Option<DateTime<Utc>> {
        let calls = self.lines.values().filter_map(|line| line.call.next_deadline());
        calls
            .chain(self.queue.next_deadline())
            .chain(self.grace.values().copied())
            .chain(self.board_due)
            .min()
    }

    /// The board is drawn again soon, not at each change.
    pub(crate) fn board(&mut self) {
        let due = self.clock.now() + BOARD_EVERY;
        self.board_due.get_or_insert(due);
    }

    /// Every call ends well, recordings are closed.
    async fn close_down(mut self) {
        let open: Vec<_> =
            self.lines.iter().filter(|(_, line)| !line.closed).map(|(id, _)| *id).collect();
        let media: Vec<_> = open
            .iter()
            .filter_map(|id| self.lines.get(id))
            .map(|line| line.media.clone())
            .collect();
        for id in &open {
            self.call_event(*id, Event::Stop);
        }
        for (id, media) in open.into_iter().zip(media) {
            let closed = media.close().await;
            self.closed(id, closed);
        }
    }
}

async fn sleep(clock: &dyn Clock, until: Option<DateTime<Utc>>) {
    match until {
        Some(until) => clock.sleep_until(until).await,
        None => std::future::pending().await,
    }
}
