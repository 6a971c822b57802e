use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{CallId, Clock, Dice, Drain, Outbox, Tasks, outbox};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::browser::Identity;
use crate::call::Call;
use crate::ports::Ports;
use crate::prompt::Prompts;
use crate::{Closed, Config, Error, LegName, LegSpec, MediaEvent, Prompt, TapFrame, Tone};

/// The media room. Cheap to clone.
#[derive(Clone)]
pub struct Media {
    pub(crate) shared: Arc<Shared>,
    calls: mpsc::UnboundedSender<Call>,
}

/// What all calls use.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dice: Arc<dyn Dice>,
    pub(crate) tasks: Tasks,
    pub(crate) ports: Ports,
    pub(crate) identity: Identity,
    prompts: Prompts,
}

impl Media {
    /// Starts the room: one task that owns the tasks of all calls.
    ///
    /// # Errors
    /// When no certificate for the browsers can be made.
    pub fn start(
        config: Config,
        clock: Arc<dyn Clock>,
        dice: Arc<dyn Dice>,
        tasks: &Tasks,
    ) -> Result<Self, Error> {
        let shared = Shared {
            ports: Ports::new(config.ports.clone(), clock.clone(), dice.clone()),
            prompts: Prompts::new(config.prompts.clone()),
            identity: Identity::new()?,
            tasks: tasks.clone(),
            config,
            clock,
            dice,
        };
        let (calls, opened) = mpsc::unbounded_channel();
        tasks.spawn("media", own_calls(opened, tasks.clone()));
        Ok(Self { shared: Arc::new(shared), calls })
    }

    /// Opens the media of one call. They end with [`CallMedia::close`], or when the last
    /// [`CallMedia`] is dropped.
    pub fn open_call(&self, call: CallId) -> (CallMedia, Drain<MediaEvent>) {
        let (commands, commanded) = mpsc::unbounded_channel();
        let (events, drain) = outbox::<MediaEvent>(1000);
        let task = Call::new(call, self.shared.clone(), commanded, events);
        drop(self.calls.send(task)); // when the house is closing the commands answer Closed
        (CallMedia { commands }, drain)
    }

    /// The prompt `NAME.wav` of the prompts' folder; read once, then kept.
    ///
    /// # Errors
    /// When there is no such file or it is not 8 kHz, 16 bit.
    pub fn prompt(&self, name: &str) -> Result<Prompt, Error> {
        self.shared.prompts.get(name)
    }

    /// Whether there is such a prompt.
    pub fn has_prompt(&self, name: &str) -> bool {
        self.prompt(name).is_ok()
    }

    /// The folder of prompts.
    pub fn prompts(&self) -> &Path {
        &self.shared.config.prompts
    }
}

/// Runs the calls. A call whose task panics ends alone.
async fn own_calls(mut opened: mpsc::UnboundedReceiver<Call>, tasks: Tasks) {
    let mut calls = JoinSet::new();
    loop {
        tokio::select! {
            call = opened.recv() => match call {
                Some(call) => drop(calls.spawn(call.run())),
                None => break,
            },
            Some(ended) = calls.join_next() => report(ended),
            () = tasks.stopping() => break,
        }
    }
    while let Some(ended) = calls.join_next().await {
        report(ended);
    }
    tasks.stopping().await; // an essential task ends with the house, not with its last user
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(broken) = ended {
        metrics::counter!("media_call_panics").increment(1);
        tracing::error!(%broken, "the media of a call broke off");
    }
}

/// The commands of one call's media. Cheap to clone; commands are carried out in order.
#[derive(Debug, Clone)]
pub struct CallMedia {
    commands: mpsc::UnboundedSender<Command>,
}

type Reply<T> = oneshot::Sender<Result<T, Error>>;

/// One command to a call's task.
#[derive(Debug)]
pub(crate) enum Command {
    AddOffered(LegName, LegSpec, String, Reply<String>),
    AddOffering(LegName, LegSpec, Reply<String>),
    AcceptAnswer(LegName, String, Reply<()>),
    UpdateOffered(LegName, String, Reply<String>),
    OfferAgain(LegName, Reply<String>),
    Remove(LegName, oneshot::Sender<()>),
    Play(LegName, Prompt, u32),
    Tone(LegName, Tone),
    StopPlaying(LegName),
    Connect,
    Disconnect,
    SendDtmf(LegName, char),
    Record(PathBuf),
    Tap(mpsc::Sender<TapFrame>),
    Hear(LegName, mpsc::Sender<TapFrame>),
    Stats(oneshot::Sender<Closed>),
    Close(oneshot::Sender<Closed>),
}

impl CallMedia {
    /// Adds a party that made an offer, and gives our answer. Replaces a leg of that name.
    ///
    /// # Errors
    /// [`Error::NoCommonCodec`] (488), [`Error::BadSdp`] (400), [`Error::NoPort`] (503).
    pub async fn add_offered(
        &self,
        leg: LegName,
        spec: LegSpec,
        offer: &str,
    ) -> Result<String, Error> {
        self.ask(|reply| Command::AddOffered(leg, spec, offer.to_owned(), reply)).await
    }

    /// Adds a party to whom we make an offer, and gives it. Replaces a leg of that name.
    ///
    /// # Errors
    /// [`Error::NoPort`], [`Error::Browser`].
    pub async fn add_offering(&self, leg: LegName, spec: LegSpec) -> Result<String, Error> {
        self.ask(|reply| Command::AddOffering(leg, spec, reply)).await
    }

    /// Takes the answer to our offer. A later one (200 after 183) replaces it.
    ///
    /// # Errors
    /// As [`CallMedia::add_offered`]; [`Error::NoSuchLeg`].
    pub async fn accept_answer(&self, leg: LegName, answer: &str) -> Result<(), Error> {
        self.ask(|reply| Command::AcceptAnswer(leg, answer.to_owned(), reply)).await
    }

    /// Answers a new offer on a leg that is there (re-INVITE, UPDATE): hold, other address,
    /// other codec. The leg stays as it was when this fails.
    ///
    /// # Errors
    /// As [`CallMedia::add_offered`]; [`Error::NoSuchLeg`].
    pub async fn update_offered(&self, leg: LegName, offer: &str) -> Result<String, Error> {
        self.ask(|reply| Command::UpdateOffered(leg, offer.to_owned(), reply)).await
    }

    /// Our offer on a leg that is there, for a re-INVITE without one: what we last wanted, not
    /// the held state. The answer goes to [`CallMedia::accept_answer`].
    ///
    /// # Errors
    /// [`Error::NoSuchLeg`].
    pub async fn offer_again(&self, leg: LegName) -> Result<String, Error> {
        self.ask(|reply| Command::OfferAgain(leg, reply)).await
    }

    /// Takes a party away. Its counts stay.
    pub async fn remove(&self, leg: LegName) {
        let (done, removed) = oneshot::channel();
        self.tell(Command::Remove(leg, done));
        drop(removed.await); // the call is closed: the leg is gone too
    }

    /// Plays a prompt after those that already wait on this leg; above tone and bridge: while it
    /// plays, the party hears nothing else. `id` comes back in [`MediaEvent::PlayDone`].
    pub fn play(&self, leg: LegName, prompt: Prompt, id: u32) {
        self.tell(Command::Play(leg, prompt, id));
    }

    /// Sets the tone that sounds when no prompt plays and the leg is not connected.
    pub fn tone(&self, leg: LegName, tone: Tone) {
        self.tell(Command::Tone(leg, tone));
    }

    /// Stops prompts, those that wait too, and the tone.
    pub fn stop_playing(&self, leg: LegName) {
        self.tell(Command::StopPlaying(leg));
    }

    /// Two-way audio between the two legs. Tones end; a prompt that plays goes on to its end.
    /// May come before a leg is added or answered: audio flows as soon as both are.
    pub fn connect(&self, a: LegName, b: LegName) {
        if a != b {
            self.tell(Command::Connect);
        }
    }

    /// Ends the two-way audio.
    pub fn disconnect(&self) {
        self.tell(Command::Disconnect);
    }

    /// Sends a key press (RFC 4733), after those that are still being sent.
    pub fn send_dtmf(&self, leg: LegName, digit: char) {
        self.tell(Command::SendDtmf(leg, digit));
    }

    /// Records both tracks from now on into a WAV file; the folder must exist. Zero of all
    /// positions is the first of `record` and `tap`. A second `record` is ignored.
    pub fn record(&self, to: PathBuf) {
        self.tell(Command::Record(to));
    }

    /// Gives each party's voice to `to`, in frames of 20 ms, about 0.2 s after it was spoken:
    /// never what we play ourselves, and not the frames of a party that is not connected and is
    /// played something (a caller who waits). A full channel drops frames and counts them.
    pub fn tap(&self, to: mpsc::Sender<TapFrame>) {
        self.tell(Command::Tap(to));
    }

    /// Gives everything that comes from one party to `to`, as [`CallMedia::tap`] does, also while
    /// it is played something: for a program that listens.
    pub fn hear(&self, leg: LegName, to: mpsc::Sender<TapFrame>) {
        self.tell(Command::Hear(leg, to));
    }

    /// The counts so far.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub async fn stats(&self) -> Result<Closed, Error> {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Stats(reply));
        answer.await.map_err(|_| Error::Closed)
    }

    /// Ends all media, finishes the recording and hashes it.
    pub async fn close(&self) -> Closed {
        let (reply, answer) = oneshot::channel();
        self.tell(Command::Close(reply));
        answer.await.unwrap_or_default()
    }

    fn tell(&self, command: Command) {
        drop(self.commands.send(command)); // a closed call has nothing left to do
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.tell(command(reply));
        answer.await.map_err(|_| Error::Closed)?
    }
}

/// Where a call's events go.
pub(crate) type Events = Outbox<MediaEvent>;
