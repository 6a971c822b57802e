//! The demonstration's citizen at the other end of our calls out: picks up, lets the agent speak
//! first, says what was recorded, and leaves hanging up to the agent.
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base::{CallId, Clock, Dice, Drain, Tasks};
use chrono::{DateTime, Utc};
use media::{CallMedia, LegName, LegSpec, Media, Prompt, TapFrame, level};
use sip::{DialogId, Endpoint, Event, NumberRule, Transport, TrunkConfig};
use tokio::sync::mpsc;

use crate::caller::Ear;
use crate::telephone::until_closing;

/// The far side is the one that called.
const FAR: LegName = LegName::Caller;
/// Quieter than this is nothing.
const QUIET_DBOV: f64 = -48.0;

/// How a citizen behaves at the telephone.
#[derive(Debug, Clone, Copy)]
struct Manners {
    /// It rings for so long.
    rings: Duration,
    /// Whoever hears nothing for so long speaks first.
    patience: Duration,
    /// Nobody of the demonstration talks longer.
    longest: Duration,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            rings: Duration::from_secs(2),
            patience: Duration::from_secs(2),
            longest: Duration::from_mins(3),
        }
    }
}

/// Takes every call that comes to `listen` (port 0: a free one) from this machine, and says the
/// left track of `file` in each. Gives the address to call; lives as long as `tasks`.
///
/// # Errors
/// When the file cannot be read, or there is no socket.
pub(crate) fn live(
    listen: SocketAddr,
    file: &Path,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    tasks: &Tasks,
) -> anyhow::Result<SocketAddr> {
    live_with(Manners::default(), listen, file, clock, dice, tasks)
}

fn live_with(
    manners: Manners,
    listen: SocketAddr,
    file: &Path,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    tasks: &Tasks,
) -> anyhow::Result<SocketAddr> {
    let say = Prompt::from_wav(file)?;
    let config = sip::Config {
        listen: vec![listen],
        product: "Lianxin citizen".to_owned(),
        trunks: vec![this_machine()],
        ..sip::Config::default()
    };
    let (sip, events, bound) = Endpoint::start(config, clock.clone(), dice.clone(), tasks)?;
    let own = listen.ip();
    let config = media::Config {
        bind: own,
        public: own,
        browser_bind: own,
        ports: 50_000..=59_999,
        loopback: own.is_loopback(),
        prompts: PathBuf::new(),
    };
    let media = Media::start(config, clock.clone(), dice.clone(), tasks)?;
    let household = Household { manners, sip, media, say, clock, dice, tasks: tasks.clone() };
    until_closing(tasks, "demo citizens", household.run(events));
    Ok(bound.udp[0])
}

/// Only from here is a demonstration's citizen called.
fn this_machine() -> TrunkConfig {
    let loopback = ["127.0.0.0/8", "::1/128"].map(|net| net.parse().expect("a network"));
    TrunkConfig {
        name: "hotline".to_owned(),
        addresses: loopback.to_vec(),
        proxy: None,
        transport: Transport::Udp,
        answer_at_once: false,
        number_from: vec![NumberRule::RequestUri],
        digest: None,
        show_number: None,
        dial: Vec::new(),
    }
}

/// One telephone for all citizens.
#[derive(Clone)]
struct Household {
    manners: Manners,
    sip: Endpoint,
    media: Media,
    say: Prompt,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    tasks: Tasks,
}

impl Household {
    /// Hands each event to the call it belongs to.
    async fn run(self, mut events: Drain<Event>) {
        let mut calls: HashMap<DialogId, mpsc::UnboundedSender<Event>> = HashMap::new();
        while let Some(event) = events.next().await {
            match event {
                Event::Invite { dialog, offer, .. } => {
                    let (to_call, told) = mpsc::unbounded_channel();
                    calls.insert(dialog, to_call);
                    let talk = self.clone().take(dialog, offer, told);
                    self.tasks.spawn_passing("demo citizen", talk);
                }
                Event::Cancelled { dialog } | Event::Ended { dialog, .. } => {
                    calls.remove(&dialog); // its channel ends, and so does the call
                }
                Event::Reinvite { dialog, .. } | Event::Confirmed { dialog, .. } => {
                    if let Some(call) = calls.get(&dialog) {
                        drop(call.send(event)); // a call that is over needs no more
                    }
                }
                _ => {}
            }
        }
    }

    /// One call, from the ringing to its end.
    async fn take(
        self,
        dialog: DialogId,
        offer: Option<String>,
        mut told: mpsc::UnboundedReceiver<Event>,
    ) {
        let (call, mut media_events) =
            self.media.open_call(CallId::new(self.clock.now(), self.dice.bytes()));
        let sdp = match &offer {
            Some(offer) => call.add_offered(FAR, LegSpec::TRUNK, offer).await,
            None => call.add_offering(FAR, LegSpec::TRUNK).await,
        };
        match sdp {
            Ok(sdp) => {
                let talk = self.talk(dialog, sdp, &call, &mut told);
                tokio::pin!(talk);
                loop {
                    tokio::select! {
                        () = &mut talk => break,
                        Some(_) = media_events.next() => {} // nothing of it matters here
                        () = self.tasks.stopping() => break,
                    }
                }
                self.sip.hang_up(dialog, "the citizen hung up"); // if it is not over
            }
            Err(error) => {
                tracing::warn!(%error, "the demonstration's citizen cannot take the call");
                self.sip.reject(dialog, error.sip_status(), "Not Acceptable Here", Vec::new());
            }
        }
        call.close().await;
    }

    async fn talk(
        &self,
        dialog: DialogId,
        sdp: String,
        call: &CallMedia,
        told: &mut mpsc::UnboundedReceiver<Event>,
    ) {
        self.sip.ring(dialog, None);
        tokio::select! {
            () = self.clock.sleep_until(self.clock.now() + self.manners.rings) => {}
            None = told.recv() => return, // given up while it rang
        }
        self.sip.answer(dialog, sdp);
        let answered = self.clock.now();
        let (to_ear, mut frames) = mpsc::channel(500);
        call.hear(FAR, to_ear);
        let mut ear = Listener::new(answered + self.manners.patience);
        let last = answered + self.manners.longest;
        loop {
            tokio::select! {
                event = told.recv() => match event {
                    Some(event) => self.on_sip(event, call).await,
                    None => return,
                },
                Some(frame) = frames.recv() => {
                    if ear.my_turn(&frame) {
                        call.play(FAR, self.say.clone(), 1);
                    }
                }
                () = self.clock.sleep_until(ear.until.unwrap_or(last)) => {
                    if ear.until.take().is_none() {
                        return; // long enough
                    }
                    ear.spoke = true;
                    call.play(FAR, self.say.clone(), 1);
                }
            }
        }
    }

    async fn on_sip(&self, event: Event, call: &CallMedia) {
        match event {
            Event::Reinvite { dialog, offer } => {
                let answer = match offer {
                    Some(offer) => call.update_offered(FAR, &offer).await,
                    None => call.offer_again(FAR).await,
                };
                self.sip.answer_reinvite(dialog, answer.map_err(|error| error.sip_status()));
            }
            Event::Confirmed { sdp: Some(sdp), .. } => {
                if let Err(error) = call.accept_answer(FAR, &sdp).await {
                    tracing::warn!(%error, "the hotline's description is of no use");
                }
            }
            _ => {}
        }
    }
}

/// Hears whether the agent has spoken and waits for an answer.
struct Listener {
    ear: Ear,
    /// Nothing was heard yet; when patience ends.
    until: Option<DateTime<Utc>>,
    spoke: bool,
}

impl Listener {
    fn new(until: DateTime<Utc>) -> Self {
        Self { ear: Ear::default(), until: Some(until), spoke: false }
    }

    /// Says so once.
    fn my_turn(&mut self, frame: &TapFrame) -> bool {
        if level::dbov(&frame.pcm) > QUIET_DBOV {
            self.until = None;
        }
        let turn = self.ear.begins(frame) && !self.spoke;
        if turn {
            (self.until, self.spoke) = (None, true);
        }
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::{CallPlan, HungUpBy, Summary, place};
    use base::{PhoneNumber, SystemClock, SystemDice};

    struct Street {
        at: SocketAddr,
        folder: tempfile::TempDir,
        tasks: Tasks,
    }

    impl Street {
        fn open(longest: Duration) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("citizen.wav");
            write(&file, 620.0, 1200);
            let manners = Manners {
                rings: Duration::from_millis(300),
                patience: Duration::from_millis(600),
                longest,
            };
            let (clock, dice) = (Arc::new(SystemClock::default()), Arc::new(SystemDice));
            let (tasks, listen) = (Tasks::default(), SocketAddr::from(([127, 0, 0, 1], 0)));
            let at = live_with(manners, listen, &file, clock, dice, &tasks).unwrap();
            Self { at, folder, tasks }
        }

        async fn call(&self, hear_ms: u64) -> (Summary, Vec<i16>) {
            let number: PhoneNumber = "13800000001".parse().unwrap();
            let heard = self.folder.path().join("heard.wav");
            let plan = CallPlan {
                play: None,
                record: Some(heard.clone()),
                give_up_after: Duration::from_millis(hear_ms),
                ..CallPlan::saying("12345".parse().unwrap(), number, self.at, PathBuf::new())
            };
            let clock = Arc::new(SystemClock::default());
            let placed = place(plan, clock, Arc::new(SystemDice), std::future::pending());
            let summary = placed.await.unwrap();
            let reader = hound::WavReader::open(heard).unwrap();
            (summary, reader.into_samples().map(Result::unwrap).collect())
        }
    }

    fn write(path: &Path, frequency: f64, ms: usize) {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: media::RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = hound::WavWriter::create(path, spec).unwrap();
        for sample in level::sine(frequency, 6000.0, ms * 8) {
            file.write_sample(sample).unwrap();
            file.write_sample(0_i16).unwrap();
        }
        file.finalize().unwrap();
    }

    #[tokio::test]
    async fn a_citizen_picks_up_speaks_when_nobody_does_and_waits_for_the_agent_to_hang_up() {
        let street = Street::open(Duration::from_mins(3));
        let (summary, heard) = street.call(3200).await;
        assert_eq!((summary.code, summary.hung_up_by), (200, HungUpBy::Caller));
        assert!((300..1500).contains(&summary.answer_ms.unwrap()), "{summary:?}");
        let from = heard.iter().position(|sample| sample.abs() > 1000).expect("something is said");
        assert!(level::share_of(&heard[from..from + 7200], 620.0) > 0.9, "the left track");
        street.tasks.shut_down().await;
    }

    #[tokio::test]
    async fn whoever_is_never_hung_up_on_hangs_up_at_last_and_can_be_called_again() {
        let street = Street::open(Duration::from_millis(500));
        for _ in 0..2 {
            let (summary, _) = street.call(8000).await;
            assert_eq!((summary.code, summary.hung_up_by), (200, HungUpBy::Callee));
        }
        street.tasks.shut_down().await;
    }
}
