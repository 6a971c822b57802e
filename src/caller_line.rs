use std::fs::File;
use std::io::BufWriter;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use base::{CallId, Clock, Dice, Drain, Tasks};
use chrono::{DateTime, Utc};
use hound::{SampleFormat, WavSpec, WavWriter};
use media::{CallMedia, Closed, LegName, LegSpec, Media, MediaEvent, Prompt, RATE, TapFrame};
use sip::{DialogId, EndedBy, Endpoint, Event, Party, Target};
use tokio::sync::mpsc;

use super::ear::Ear;
use super::{CallPlan, HungUpBy, PlayAt, Summary};

/// The far side is the one that answers.
const FAR: LegName = LegName::Agent;
/// From the last word, or the begin of the talk, to the first key.
const BEFORE_KEYS: Duration = Duration::from_secs(1);
const BETWEEN_KEYS: Duration = Duration::from_millis(1500);
const BETWEEN_ROUNDS: Duration = Duration::from_secs(6);
/// A dialog that we hung up ends by then, answered or not.
const GRACE: Duration = Duration::from_secs(3);

/// Places one call and sees it to its end. `stop` hangs up.
///
/// # Errors
/// When it cannot even be dialled: a file that cannot be read or written, no socket.
pub(crate) async fn place(
    plan: CallPlan,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
    stop: impl Future<Output = ()> + Send,
) -> anyhow::Result<Summary> {
    let say = plan.play.as_deref().map(Prompt::from_wav).transpose()?;
    let record = plan.record.as_deref().map(recording).transpose()?;
    let own = own_address(plan.via).await.context("no way to the SIP address")?;
    let tasks = Tasks::default();
    let config = media::Config {
        bind: own,
        public: own,
        browser_bind: own,
        ports: 50_000..=59_999,
        loopback: own.is_loopback(),
        prompts: std::path::PathBuf::new(),
    };
    let media = Media::start(config, clock.clone(), dice.clone(), &tasks)?;
    let listen = sip::Config {
        listen: vec![SocketAddr::new(own, 0)],
        product: "Lianxin caller".to_owned(),
        ..sip::Config::default()
    };
    let (sip, events, _) = Endpoint::start(listen, clock.clone(), dice.clone(), &tasks)?;
    let (call, heard) = media.open_call(CallId::new(clock.now(), dice.bytes()));
    let offer = call.add_offering(FAR, LegSpec::Rtp { behind_nat: true }).await?;
    let target = Target::Uri(format!("sip:{}@{}", plan.to.reveal(), plan.via));
    let dialled = clock.now();
    let dialog = sip.call(target, Party::new(plan.from.reveal()), offer, Vec::new());
    let line = Line {
        plan,
        clock,
        sip,
        dialog,
        media: call,
        say,
        record,
        ear: Ear::default(),
        dialled,
        answered: None,
        talk: None,
        next_key: None,
        keys_pressed: 0,
        gives_up: None,
        outcome: None,
    };
    let summary = line.run(events, heard, stop).await;
    tasks.shut_down().await;
    summary
}

type Wav = WavWriter<BufWriter<File>>;

fn recording(path: &Path) -> anyhow::Result<Wav> {
    let spec = WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    WavWriter::create(path, spec).with_context(|| format!("{} cannot be written", path.display()))
}

/// The address from which that one is reached.
async fn own_address(of: SocketAddr) -> std::io::Result<IpAddr> {
    let any: IpAddr = if of.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
    let socket = tokio::net::UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    socket.connect(of).await?;
    Ok(socket.local_addr()?.ip())
}

/// One call in progress.
struct Line {
    plan: CallPlan,
    clock: Arc<dyn Clock>,
    sip: Endpoint,
    dialog: DialogId,
    media: CallMedia,
    say: Option<Prompt>,
    record: Option<Wav>,
    ear: Ear,
    dialled: DateTime<Utc>,
    answered: Option<DateTime<Utc>>,
    talk: Option<DateTime<Utc>>,
    /// When the next key is pressed.
    next_key: Option<DateTime<Utc>>,
    keys_pressed: usize,
    /// We hung up; when we stop waiting for the end of it.
    gives_up: Option<DateTime<Utc>>,
    /// Status, who hung up, reason.
    outcome: Option<(u16, HungUpBy, String)>,
}

impl Line {
    async fn run(
        mut self,
        mut events: Drain<Event>,
        mut heard: Drain<MediaEvent>,
        stop: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<Summary> {
        let (ear, mut frames) = mpsc::channel::<TapFrame>(500);
        let clock = self.clock.clone();
        tokio::pin!(stop);
        let mut stopped = false;
        while self.outcome.is_none() {
            let due = self.due();
            tokio::select! {
                event = events.next() => match event {
                    Some(event) => self.on_sip(event, &ear).await,
                    None => return Err(anyhow!("the SIP endpoint has closed")),
                },
                Some(event) = heard.next() => self.on_media(&event),
                Some(frame) = frames.recv() => self.hear(&frame)?,
                () = sleep(&*clock, due) => self.on_time(),
                () = &mut stop, if !stopped => {
                    stopped = true;
                    self.hang_up("stopped");
                }
            }
        }
        let ended = self.clock.now();
        drop(ear);
        let closed = self.media.close().await;
        while let Some(frame) = frames.recv().await {
            self.hear(&frame)?;
        }
        if let Some(record) = self.record.take() {
            record.finalize().context("the recording cannot be finished")?;
        }
        Ok(self.summary(&closed, ended))
    }

    async fn on_sip(&mut self, event: Event, ear: &mpsc::Sender<TapFrame>) {
        match event {
            // Early media are a preview; what cannot be read of them is not needed.
            Event::Progress { sdp: Some(sdp), .. } => {
                drop(self.media.accept_answer(FAR, &sdp).await);
            }
            Event::Answered { sdp, .. } => {
                self.answered = Some(self.clock.now());
                self.accept(&sdp).await;
                self.media.hear(FAR, ear.clone());
                if self.plan.play_at == PlayAt::Answer {
                    self.speak();
                }
            }
            Event::Failed { status, reason, .. } => {
                self.outcome = Some((status, HungUpBy::None, reason));
            }
            Event::Ended { by, reason, .. } => {
                let by = match by {
                    EndedBy::Remote => HungUpBy::Callee,
                    EndedBy::Local => HungUpBy::Caller,
                    EndedBy::Timeout => HungUpBy::None,
                };
                let code = if self.answered.is_some() { 200 } else { 487 };
                self.outcome = Some((code, by, reason.unwrap_or_default()));
            }
            Event::Reinvite { dialog, offer } => {
                let answer = match offer {
                    Some(offer) => self.media.update_offered(FAR, &offer).await,
                    None => self.media.offer_again(FAR).await,
                };
                self.sip.answer_reinvite(dialog, answer.map_err(|error| error.sip_status()));
            }
            Event::Confirmed { sdp: Some(sdp), .. } => self.accept(&sdp).await,
            _ => {}
        }
    }

    async fn accept(&mut self, sdp: &str) {
        if let Err(error) = self.media.accept_answer(FAR, sdp).await {
            tracing::warn!(%error, "the far side's description is of no use");
            self.hang_up("no common media");
        }
    }

    fn on_media(&mut self, event: &MediaEvent) {
        match event {
            MediaEvent::PlayDone { .. } if self.plan.keys_at.is_none() => {
                self.keys_after(BEFORE_KEYS);
            }
            MediaEvent::Failed { why, .. } => {
                tracing::warn!(why, "the caller's media broke");
                self.hang_up("media broke");
            }
            _ => {}
        }
    }

    fn hear(&mut self, frame: &TapFrame) -> anyhow::Result<()> {
        if let Some(record) = &mut self.record {
            for sample in &frame.pcm {
                record.write_sample(*sample).context("the recording cannot be written")?;
            }
            if frame.at_ms.is_multiple_of(1000) {
                record.flush().context("the recording cannot be written")?;
            }
        }
        if self.outcome.is_none() && self.ear.begins(frame) {
            self.begin();
        }
        Ok(())
    }

    /// The agent is on.
    fn begin(&mut self) {
        self.talk = Some(self.clock.now());
        if self.plan.play_at == PlayAt::Talk {
            self.speak();
        }
        match self.plan.keys_at {
            Some(at) => self.keys_after(at),
            None if self.say.is_none() => self.keys_after(BEFORE_KEYS),
            None => {}
        }
    }

    fn speak(&self) {
        if let Some(say) = &self.say {
            self.media.play(FAR, say.clone(), 1);
        }
    }

    fn keys_after(&mut self, wait: Duration) {
        if !self.plan.keys.is_empty() {
            self.next_key = Some(self.clock.now() + wait);
        }
    }

    /// When something is to be done without being told.
    fn due(&self) -> Option<DateTime<Utc>> {
        [self.gives_up, self.leaves(), self.next_key].into_iter().flatten().min()
    }

    /// When the caller hangs up.
    fn leaves(&self) -> Option<DateTime<Utc>> {
        if self.gives_up.is_some() {
            return None; // has done so
        }
        match self.talk {
            None => Some(self.dialled + self.plan.give_up_after),
            Some(talk) => self.plan.hang_up_after.map(|after| talk + after),
        }
    }

    fn on_time(&mut self) {
        let now = self.clock.now();
        if self.gives_up.is_some_and(|at| at <= now) {
            let code = if self.answered.is_some() { 200 } else { 487 };
            self.outcome = Some((code, HungUpBy::Caller, "hung up".to_owned()));
        } else if self.leaves().is_some_and(|at| at <= now) {
            self.hang_up("the caller hung up");
        } else if self.next_key.is_some_and(|at| at <= now) {
            self.press();
        }
    }

    fn press(&mut self) {
        let round = self.plan.keys.len();
        if let Some(key) = self.plan.keys.get(self.keys_pressed % round) {
            self.media.send_dtmf(FAR, *key);
        }
        self.keys_pressed += 1;
        let again = self.plan.keys_at.is_none();
        self.next_key = None;
        match self.keys_pressed % round {
            0 if again => self.keys_after(BETWEEN_ROUNDS),
            0 => {}
            _ => self.keys_after(BETWEEN_KEYS),
        }
    }

    fn hang_up(&mut self, why: &str) {
        self.sip.hang_up(self.dialog, why);
        self.gives_up.get_or_insert(self.clock.now() + GRACE);
    }

    fn summary(self, closed: &Closed, ended: DateTime<Utc>) -> Summary {
        let millis = |from: DateTime<Utc>, to: DateTime<Utc>| {
            u64::try_from((to - from).num_milliseconds()).unwrap_or(0)
        };
        let stats = closed.stats.iter().find(|(leg, _)| *leg == FAR);
        let stats = stats.map(|(_, stats)| *stats).unwrap_or_default();
        let (code, hung_up_by, reason) =
            self.outcome.expect("the loop ends when there is an outcome");
        Summary {
            code,
            hung_up_by,
            answer_ms: self.answered.map(|at| millis(self.dialled, at)),
            wait_ms: self.answered.map_or(0, |at| millis(at, self.talk.unwrap_or(ended))),
            talk_ms: self.talk.map_or(0, |at| millis(at, ended)),
            rtp_sent: stats.sent,
            rtp_received: stats.received,
            lost: stats.lost,
            reason,
        }
    }
}

async fn sleep(clock: &dyn Clock, until: Option<DateTime<Utc>>) {
    match until {
        Some(until) => clock.sleep_until(until).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{PhoneNumber, SystemClock, SystemDice};
    use media::level;
    use sip::{Network, NumberRule, Transport, TrunkConfig};
    use std::path::PathBuf;
    use tokio::sync::mpsc::UnboundedReceiver;

    /// What the hotline in miniature saw.
    #[derive(Debug, PartialEq, Eq)]
    enum Saw {
        Key(char),
        Ended(EndedBy),
        Recorded(PathBuf),
    }

    /// A hotline that greets, lets the caller wait and then stays silent for three seconds, as an
    /// agent who listens; then it hangs up. It refuses everything but 12345.
    struct Hotline {
        at: SocketAddr,
        saw: UnboundedReceiver<Saw>,
        folder: tempfile::TempDir,
        _tasks: Tasks,
    }

    fn tone(frequency: f64, ms: usize) -> Prompt {
        Prompt::new("tone", level::sine(frequency, 6000.0, ms * 8))
    }

    impl Hotline {
        fn open() -> Self {
            let (clock, dice) = (Arc::new(SystemClock::default()), Arc::new(SystemDice));
            let (tasks, folder) = (Tasks::default(), tempfile::tempdir().unwrap());
            let loopback: IpAddr = [127, 0, 0, 1].into();
            let trunk = TrunkConfig {
                name: "loopback".to_owned(),
                addresses: vec!["127.0.0.0/8".parse::<Network>().unwrap()],
                proxy: None,
                transport: Transport::Udp,
                answer_at_once: true,
                number_from: vec![NumberRule::RequestUri],
                digest: None,
                show_number: None,
                dial: Vec::new(),
            };
            let config = sip::Config {
                listen: vec![SocketAddr::new(loopback, 0)],
                trunks: vec![trunk],
                ..sip::Config::default()
            };
            let (sip, events, at) =
                Endpoint::start(config, clock.clone(), dice.clone(), &tasks).unwrap();
            let config = media::Config {
                bind: loopback,
                public: loopback,
                browser_bind: loopback,
                ports: 30_000..=39_999,
                loopback: true,
                prompts: PathBuf::new(),
            };
            let media = Media::start(config, clock.clone(), dice.clone(), &tasks).unwrap();
            let call = media.open_call(CallId::new(clock.now(), (&*dice as &dyn Dice).bytes()));
            let (saw, seen) = mpsc::unbounded_channel();
            let recording = folder.path().join("hotline.wav");
            let work = serve(sip, events, call, recording, saw);
            tasks.spawn("hotline", async move {
                work.await;
                std::future::pending::<()>().await;
            });
            Self { at: at.udp[0], saw: seen, folder, _tasks: tasks }
        }

        fn plan(&self, to: &str) -> CallPlan {
            let speech = self.folder.path().join("speech.wav");
            let spec = WavSpec {
                channels: 2,
                sample_rate: RATE,
                bits_per_sample: 16,
                sample_format: SampleFormat::Int,
            };
            let mut wav = WavWriter::create(&speech, spec).unwrap();
            for (left, right) in tone(620.0, 1000).pcm().iter().zip(tone(900.0, 1000).pcm()) {
                wav.write_sample(*left).unwrap();
                wav.write_sample(*right).unwrap();
            }
            wav.finalize().unwrap();
            let number = |text: &str| text.parse::<PhoneNumber>().unwrap();
            let plan = CallPlan::saying(number("13800000001"), number(to), self.at, speech);
            CallPlan { record: Some(self.folder.path().join("heard.wav")), ..plan }
        }

        async fn take(&mut self, plan: CallPlan) -> (Summary, Vec<Saw>) {
            let clock = Arc::new(SystemClock::default());
            let placed = place(plan, clock, Arc::new(SystemDice), std::future::pending());
            let summary = placed.await.unwrap();
            let mut seen = Vec::new();
            while let Some(saw) = self.saw.recv().await {
                seen.push(saw);
            }
            (summary, seen)
        }
    }

    async fn serve(
        sip: Endpoint,
        mut events: Drain<Event>,
        (call, mut heard): (CallMedia, Drain<MediaEvent>),
        recording: PathBuf,
        saw: mpsc::UnboundedSender<Saw>,
    ) {
        let mut line = None;
        loop {
            tokio::select! {
                event = events.next() => match event.unwrap() {
                    Event::Invite { dialog, dialled, .. } if dialled != "12345" => {
                        sip.reject(dialog, 404, "Not Found", Vec::new());
                    }
                    Event::Invite { dialog, offer, .. } => {
                        let offer = offer.unwrap();
                        let leg = LegName::Caller;
                        let answer = call.add_offered(leg, LegSpec::TRUNK, &offer).await.unwrap();
                        call.record(recording.clone());
                        sip.ring(dialog, None);
                        sip.answer(dialog, answer);
                        for (prompt, id) in [(tone(1000.0, 600), 1), (tone(450.0, 1200), 2)] {
                            call.play(leg, prompt, id);
                        }
                        call.play(leg, Prompt::new("silence", vec![0; 24_000]), 3);
                        line = Some(dialog);
                    }
                    Event::Ended { by, .. } => {
                        drop(saw.send(Saw::Ended(by)));
                        if let Some(recording) = call.close().await.recording {
                            drop(saw.send(Saw::Recorded(recording.path)));
                        }
                        return;
                    }
                    _ => {}
                },
                Some(event) = heard.next() => match event {
                    MediaEvent::Dtmf { digit, .. } => drop(saw.send(Saw::Key(digit))),
                    MediaEvent::PlayDone { id: 3, .. } => sip.hang_up(line.unwrap(), "done"),
                    _ => {}
                },
            }
        }
    }

    fn samples(path: &Path, track: usize) -> Vec<i16> {
        let reader = hound::WavReader::open(path).unwrap();
        let tracks = usize::from(reader.spec().channels);
        reader.into_samples().skip(track).step_by(tracks).map(Result::unwrap).collect()
    }

    #[tokio::test]
    async fn a_caller_waits_speaks_after_the_tone_and_is_recorded() {
        let mut hotline = Hotline::open();
        let plan = hotline.plan("12345");
        let heard = plan.record.clone().unwrap();
        let (summary, seen) = hotline.take(plan).await;
        assert_eq!((summary.code, summary.hung_up_by), (200, HungUpBy::Callee));
        assert!(summary.answer_ms.unwrap() < 1000, "{summary:?}");
        assert!((2200..3200).contains(&summary.wait_ms), "{summary:?}");
        assert!((1500..3000).contains(&summary.talk_ms), "{summary:?}");
        assert!(summary.rtp_received > 200 && summary.rtp_sent > 45, "{summary:?}");
        let heard = samples(&heard, 0);
        assert!(level::share_of(&heard[1600..4000], 1000.0) > 0.9);
        assert!(level::share_of(&heard[6400..12_800], 450.0) > 0.9);
        let [Saw::Ended(EndedBy::Local), Saw::Recorded(recording)] = &seen[..] else {
            panic!("{seen:?}");
        };
        let said = samples(recording, 0);
        let from = said.iter().position(|sample| sample.abs() > 1000).unwrap();
        assert!(from > 2200 * 8, "spoke too early: {from}");
        assert!(level::share_of(&said[from..from + 7200], 620.0) > 0.9, "the left track is played");
    }

    #[tokio::test]
    async fn a_caller_speaks_at_the_answer_presses_keys_and_hangs_up() {
        let mut hotline = Hotline::open();
        let plan = CallPlan {
            play_at: PlayAt::Answer,
            keys: vec!['1', '2'],
            keys_at: Some(Duration::from_millis(100)),
            hang_up_after: Some(Duration::from_millis(2200)),
            ..hotline.plan("12345")
        };
        let (summary, seen) = hotline.take(plan).await;
        assert_eq!((summary.code, summary.hung_up_by), (200, HungUpBy::Caller));
        assert!((2200..2900).contains(&summary.talk_ms), "{summary:?}");
        assert_eq!(seen[..3], [Saw::Key('1'), Saw::Key('2'), Saw::Ended(EndedBy::Remote)]);
        let Saw::Recorded(recording) = &seen[3] else { panic!("{seen:?}") };
        assert!(level::share_of(&samples(recording, 0)[1600..8000], 620.0) > 0.9);
    }

    #[tokio::test]
    async fn a_refused_call_says_why() {
        let mut hotline = Hotline::open();
        let plan = hotline.plan("99999");
        let (summary, _) = hotline.take(plan).await;
        assert_eq!((summary.code, summary.hung_up_by), (404, HungUpBy::None));
        assert_eq!(summary.answer_ms, None);
    }

    #[tokio::test]
    async fn a_caller_who_is_not_helped_gives_up() {
        let mut hotline = Hotline::open();
        let plan = CallPlan { give_up_after: Duration::from_millis(800), ..hotline.plan("12345") };
        let (summary, seen) = hotline.take(plan).await;
        assert_eq!((summary.code, summary.hung_up_by), (200, HungUpBy::Caller));
        assert_eq!((summary.talk_ms, &seen[0]), (0, &Saw::Ended(EndedBy::Remote)));
    }
}
