use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base::CallId;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::handle::{Command, Events, Shared};
use crate::leg::{Incoming, Leg};
use crate::recorder::Recorder;
use crate::timeline::Timeline;
use crate::{
    Closed, Error, LegName, LegSpec, LegStats, MediaEvent, RecordingFacts, TapFrame, Tone,
};

const BEAT: Duration = Duration::from_millis(20);
/// How long a call's media wait to be closed when the house closes: their owner does it, and gets
/// what was recorded.
const LAST: Duration = Duration::from_secs(5);
/// A beat that is later than this is not made up for.
const TOO_LATE: Duration = Duration::from_millis(200);

/// All media of one call, owned by one task.
pub(crate) struct Call {
    id: CallId,
    pub(crate) shared: Arc<Shared>,
    commands: mpsc::UnboundedReceiver<Command>,
    pub(crate) events: Events,
    pub(crate) caller: Option<Leg>,
    pub(crate) agent: Option<Leg>,
    pub(crate) connected: bool,
    pub(crate) timeline: Option<Timeline>,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) tap: Option<mpsc::Sender<TapFrame>>,
    /// Who hears everything of one party.
    pub(crate) ear: Option<(LegName, mpsc::Sender<TapFrame>)>,
    pub(crate) tap_dropped: u64,
    pub(crate) ticks: u64,
    /// Samples that the caller was played.
    pub(crate) played_samples: i64,
    /// Counts of legs that are gone.
    gone: Vec<(LegName, LegStats)>,
    closing: JoinSet<()>,
}

enum Step {
    Command(Command),
    Incoming(LegName, Incoming),
    Tick,
    End,
}

impl Call {
    pub(crate) fn new(
        id: CallId,
        shared: Arc<Shared>,
        commands: mpsc::UnboundedReceiver<Command>,
        events: Events,
    ) -> Self {
        Self {
            id,
            shared,
            commands,
            events,
            caller: None,
            agent: None,
            connected: false,
            timeline: None,
            recorder: None,
            tap: None,
            ear: None,
            tap_dropped: 0,
            ticks: 0,
            played_samples: 0,
            gone: Vec::new(),
            closing: JoinSet::new(),
        }
    }

    /// Lives until it is closed, nobody commands it any more, or the house closes.
    pub(crate) async fn run(mut self) {
        let shared = self.shared.clone();
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let late = async {
            shared.tasks.stopping().await;
            tokio::time::sleep(LAST).await;
        };
        let mut late = pin!(late);
        let asked = loop {
            // Not biased: a flood on one leg must not starve the rest.
            let step = tokio::select! {
                command = self.commands.recv() => command.map_or(Step::End, Step::Command),
                got = Leg::receive(self.caller.as_mut()) => Step::Incoming(LegName::Caller, got),
                got = Leg::receive(self.agent.as_mut()) => Step::Incoming(LegName::Agent, got),
                due = beat.tick() => {
                    if due.elapsed() > TOO_LATE {
                        beat.reset();
                    }
                    Step::Tick
                }
                () = &mut late => Step::End,
            };
            match step {
                Step::Command(Command::Close(reply)) => break Some(reply),
                Step::Command(command) => self.carry_out(command).await,
                Step::Incoming(leg, incoming) => self.incoming(leg, incoming).await,
                Step::Tick => self.tick().await,
                Step::End => break None,
            }
        };
        self.finish(asked).await;
    }

    pub(crate) fn leg(&mut self, name: LegName) -> Option<&mut Leg> {
        match name {
            LegName::Caller => self.caller.as_mut(),
            LegName::Agent => self.agent.as_mut(),
        }
    }

    async fn carry_out(&mut self, command: Command) {
        match command {
            Command::AddOffered(name, spec, offer, reply) => {
                drop(reply.send(self.add_offered(name, spec, &offer).await));
            }
            Command::AddOffering(name, spec, reply) => {
                drop(reply.send(self.add_offering(name, spec).await));
            }
            Command::AcceptAnswer(name, answer, reply) => {
                let done = match self.leg(name) {
                    Some(leg) => leg.accept(&answer).await,
                    None => Err(Error::NoSuchLeg),
                };
                self.changed(name);
                drop(reply.send(done));
            }
            Command::UpdateOffered(name, offer, reply) => {
                let answer = match self.leg(name) {
                    Some(leg) => leg.answer(&offer).await,
                    None => Err(Error::NoSuchLeg),
                };
                self.changed(name);
                drop(reply.send(answer));
            }
            Command::OfferAgain(name, reply) => {
                let offer = match self.leg(name) {
                    Some(leg) => leg.offer(true).await,
                    None => Err(Error::NoSuchLeg),
                };
                drop(reply.send(offer));
            }
            Command::Remove(name, done) => {
                self.remove(name);
                let _ = done.send(()); // who asked may have gone
            }
            Command::Record(path) => self.record(path),
            Command::Tap(to) => {
                self.timeline();
                self.tap = Some(to);
            }
            Command::Hear(name, to) => {
                self.timeline();
                self.ear = Some((name, to));
            }
            Command::Stats(reply) => drop(reply.send(self.counts())),
            Command::Connect => self.connect(),
            Command::Disconnect => self.disconnect(),
            command => self.sound(command),
        }
    }

    /// Commands about what a party hears.
    fn sound(&mut self, command: Command) {
        let (name, command) = match command {
            Command::Play(name, ..) => (name, command),
            Command::Tone(name, _) => (name, command),
            Command::StopPlaying(name) => (name, command),
            Command::SendDtmf(name, _) => (name, command),
            _ => return,
        };
        let Some(leg) = self.leg(name) else { return };
        match command {
            Command::Play(_, prompt, id) => leg.player.play(prompt, id),
            Command::Tone(_, tone) => leg.player.tone(tone),
            Command::StopPlaying(_) => leg.player.stop(),
            Command::SendDtmf(_, digit) => drop(leg.keys_out.press(digit)),
            _ => return,
        }
        leg.open = true;
        self.mark(name);
    }

    /// Tells the recording whether something of ours sounds on a leg now.
    pub(crate) fn mark(&mut self, name: LegName) {
        let (now, connected) = (self.shared.clock.now(), self.connected);
        let on = self.leg(name).is_some_and(|leg| leg.player.covers(connected));
        if let Some(timeline) = &mut self.timeline {
            timeline.playing(name, on, connected, now);
        }
    }

    async fn add_offered(
        &mut self,
        name: LegName,
        spec: LegSpec,
        offer: &str,
    ) -> Result<String, Error> {
        let mut leg = Leg::new(spec, &self.shared).await?;
        match leg.answer(offer).await {
            Ok(answer) => {
                self.put(name, leg);
                Ok(answer)
            }
            Err(error) => {
                self.closing.spawn(leg.close());
                Err(error)
            }
        }
    }

    async fn add_offering(&mut self, name: LegName, spec: LegSpec) -> Result<String, Error> {
        let mut leg = Leg::new(spec, &self.shared).await?;
        let offer = leg.offer(false).await?;
        self.put(name, leg);
        Ok(offer)
    }

    fn put(&mut self, name: LegName, leg: Leg) {
        self.remove(name);
        let place = match name {
            LegName::Caller => &mut self.caller,
            LegName::Agent => &mut self.agent,
        };
        *place = Some(leg);
        self.listen();
    }

    fn remove(&mut self, name: LegName) {
        let place = match name {
            LegName::Caller => &mut self.caller,
            LegName::Agent => &mut self.agent,
        };
        let Some(leg) = place.take() else { return };
        self.gone.retain(|(gone, _)| *gone != name);
        self.gone.push((name, leg.stats()));
        self.closing.spawn(leg.close());
        self.changed(name);
        self.listen();
        self.mark(name);
    }

    /// A leg was re-negotiated or is gone: its next packet is placed by its arrival.
    fn changed(&mut self, name: LegName) {
        if let Some(timeline) = &mut self.timeline {
            timeline.pause(name);
        }
    }

    fn connect(&mut self) {
        self.connected = true;
        for leg in [&mut self.caller, &mut self.agent].into_iter().flatten() {
            leg.player.tone(Tone::Off);
            leg.open = true;
        }
        self.listen();
        self.mark(LegName::Caller);
        self.mark(LegName::Agent);
    }

    fn disconnect(&mut self) {
        self.connected = false;
        self.listen();
    }

    /// Silence is measured while both parties are connected.
    fn listen(&mut self) {
        let both = self.connected && self.caller.is_some() && self.agent.is_some();
        let from = both.then(|| self.shared.clock.now());
        for leg in [&mut self.caller, &mut self.agent].into_iter().flatten() {
            leg.silence.listen(from);
            leg.open |= both;
        }
    }

    fn timeline(&mut self) -> &mut Timeline {
        let now = self.shared.clock.now();
        self.timeline.get_or_insert_with(|| Timeline::new(now))
    }

    fn record(&mut self, path: PathBuf) {
        if self.recorder.is_some() {
            return;
        }
        let passed = self.timeline().sealed();
        let mut recorder = Recorder::create(path);
        recorder.skip(passed);
        self.recorder = Some(recorder);
    }

    fn counts(&self) -> Closed {
        let there = [(LegName::Caller, &self.caller), (LegName::Agent, &self.agent)];
        let mut stats: Vec<_> = there
            .into_iter()
            .filter_map(|(name, leg)| Some((name, leg.as_ref()?.stats())))
            .collect();
        for (name, gone) in &self.gone {
            if !stats.iter().any(|(there, _)| there == name) {
                stats.push((*name, *gone));
            }
        }
        Closed { recording: None, stats, tap_dropped: self.tap_dropped }
    }

    async fn finish(mut self, asked: Option<oneshot::Sender<Closed>>) {
        let now = self.shared.clock.now();
        let rest = self.timeline.as_mut().map(|timeline| timeline.seal_all(now));
        self.keep(&rest.unwrap_or_default()).await;
        (self.tap, self.ear) = (None, None);
        let mut closed = self.counts();
        for leg in [self.caller.take(), self.agent.take()].into_iter().flatten() {
            self.closing.spawn(leg.close());
        }
        let played = self.timeline.as_ref().map(Timeline::played_spans).unwrap_or_default();
        if let Some(recorder) = self.recorder.take() {
            let (facts, why) = recorder.finish().await;
            closed.recording =
                facts.map(|(path, sha256, millis)| RecordingFacts { path, sha256, millis, played });
            if let Some(why) = why {
                tracing::error!(call = ?self.id, why, "a recording could not be finished");
                self.events.push(MediaEvent::RecordingFailed { why });
            }
        }
        if let Some(reply) = asked {
            drop(reply.send(closed));
        }
        while self.closing.join_next().await.is_some() {}
    }
}
