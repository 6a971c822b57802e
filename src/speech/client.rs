use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base::{CallId, Clock, Drain, Outbox, Tasks, frames, outbox};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::{Notify, oneshot};

use crate::held::Held;
use crate::model::Model;
use crate::pace::Gait;
use crate::wire::{Reply, Stream};
use crate::{Error, Segment, Track};

/// How the speech process is reached.
#[derive(Debug, Clone)]
pub struct Config {
    /// The program to start as `PROGRAM speech --socket … --model … --threads …`; without one,
    /// something else has started it.
    pub program: Option<PathBuf>,
    /// Where it listens.
    pub socket: PathBuf,
    /// The folder with the models, and the name of the one to use.
    pub models: PathBuf,
    pub model: String,
    /// The model, if it was opened before the program became another user.
    pub opened: Option<Model>,
    /// How many sentences are heard at a time.
    pub threads: usize,
}

/// How live speech stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Ready {
        model: String,
    },
    /// Calls and tickets work, without words; what to do about it.
    NoModel {
        what_to_do: String,
    },
    /// The process is starting, or starting again; what is said meanwhile is kept.
    Restarting,
}

/// The switchboard's end of the speech process. Nothing here makes its caller wait, except
/// [`Speech::finish`], which is there for that.
#[derive(Debug, Clone)]
pub struct Speech {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    /// There is something to send.
    wake: Notify,
    segments: Outbox<Segment>,
}

#[derive(Debug)]
struct State {
    status: Status,
    gait: Gait,
    next_stream: Stream,
    streams: BTreeMap<(CallId, Track), Stream>,
    tracks: BTreeMap<Stream, (CallId, Track, Held)>,
    waiting: Vec<(CallId, oneshot::Sender<()>)>,
    /// Replies so far: a process that has work and says nothing is stuck.
    replies: u64,
}

const RETRY_MODEL: Duration = Duration::from_secs(10);
const CONNECT_EVERY: Duration = Duration::from_millis(50);
/// A large model takes its time to load.
const CONNECT_WITHIN: u32 = 20 * 120;
const STUCK_AFTER: Duration = Duration::from_mins(1);

impl Speech {
    /// Starts the speech process and keeps it running until the house closes. Sentences come out
    /// of the drain.
    pub fn start(config: Config, tasks: &Tasks, clock: Arc<dyn Clock>) -> (Self, Drain<Segment>) {
        let (speech, drain) = Self::new(Status::Restarting);
        let (attended, house) = (speech.inner.clone(), tasks.clone());
        tasks.spawn("speech", async move {
            tokio::select! {
                () = attended.attend(config, clock.as_ref()) => {}
                () = house.stopping() => {} // the child is killed with its handle
            }
        });
        (speech, drain)
    }

    /// Live speech that was switched off: calls go on without words, and the desk says why.
    pub fn off(what_to_do: String) -> (Self, Drain<Segment>) {
        Self::new(Status::NoModel { what_to_do })
    }

    fn new(status: Status) -> (Self, Drain<Segment>) {
        let (segments, drain) = outbox(10_000);
        let state = State {
            status,
            gait: Gait::Eager,
            next_stream: 1,
            streams: BTreeMap::new(),
            tracks: BTreeMap::new(),
            waiting: Vec::new(),
            replies: 0,
        };
        let inner = Arc::new(Inner { state: Mutex::new(state), wake: Notify::new(), segments });
        (Self { inner }, drain)
    }

    /// A track begins. Sound for one that was not opened opens it.
    pub fn open(&self, call: CallId, track: Track) {
        self.inner.state().held(call, track);
    }

    /// 8 kHz sound of one track; `at_ms` is where it stands in the recording.
    pub fn audio(&self, call: CallId, track: Track, at_ms: u64, pcm: &[i16]) {
        let mut state = self.inner.state();
        if matches!(state.status, Status::NoModel { .. }) {
            return;
        }
        if state.held(call, track).push(at_ms, pcm) {
            tracing::error!(call.id = %call, ?track, "speech is ten minutes behind; older sound was let go");
        }
        drop(state);
        self.inner.wake.notify_one();
    }

    /// Nothing more will be said in this call.
    pub fn close(&self, call: CallId) {
        let mut state = self.inner.state();
        let without = matches!(state.status, Status::NoModel { .. });
        for (of, _, held) in state.tracks.values_mut() {
            if *of == call {
                held.end();
            }
        }
        if without {
            state.forget(|(of, _, _)| *of == call);
        }
        drop(state);
        self.inner.wake.notify_one();
    }

    /// Closes the call and resolves when all its sentences are out; at once without a model.
    pub async fn finish(&self, call: CallId) {
        self.close(call);
        let (done, wait) = oneshot::channel();
        {
            let mut state = self.inner.state();
            state.waiting.push((call, done));
            state.wake_finished();
        }
        drop(wait.await); // the house closing ends the wait, too
    }

    pub fn status(&self) -> Status {
        self.inner.state().status.clone()
    }

    /// How often open sentences are heard just now: less often under load.
    pub fn gait(&self) -> Gait {
        self.inner.state().gait
    }
}

impl State {
    fn held(&mut self, call: CallId, track: Track) -> &mut Held {
        let next = self.next_stream;
        let stream = *self.streams.entry((call, track)).or_insert(next);
        if stream == next {
            self.next_stream += 1;
        }
        &mut self.tracks.entry(stream).or_insert_with(|| (call, track, Held::new(stream))).2
    }

    fn forget(&mut self, which: impl Fn(&(CallId, Track, Held)) -> bool) {
        self.tracks.retain(|_, track| !which(track));
        let tracks = &self.tracks;
        self.streams.retain(|_, stream| tracks.contains_key(stream));
        self.wake_finished();
    }

    fn wake_finished(&mut self) {
        let tracks = &self.tracks;
        let done: Vec<_> = self
            .waiting
            .extract_if(.., |(call, _)| !tracks.values().any(|(of, _, _)| of == call))
            .collect();
        for (_, waiter) in done {
            let _gone = waiter.send(());
        }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }

    fn set(&self, status: Status) {
        self.state().status = status;
    }

    async fn attend(&self, mut config: Config, clock: &dyn Clock) {
        let sleep = |time: Duration| clock.sleep_until(clock.now() + time);
        let mut failures = 0_u32;
        loop {
            let found =
                config.opened.take().map_or_else(|| Model::find(&config.models, &config.model), Ok);
            let model = match found {
                Ok(model) => model,
                Err(error) => {
                    self.without_model(&error);
                    sleep(RETRY_MODEL).await;
                    continue;
                }
            };
            config.opened = Some(model.clone());
            let began = clock.now();
            let Err(error) = self.live(&config, &model, clock).await;
            let lived = clock.now() - began > chrono::TimeDelta::seconds(20);
            failures = if lived { 0 } else { failures + 1 };
            if failures == 5 {
                let what_to_do = format!(
                    "语音进程反复退出（{error}）；请运行 ops/fetch-model --verify 并查看日志"
                );
                self.without_model(&Error::Model(what_to_do));
            } else if failures < 5 {
                self.set(Status::Restarting);
            }
            tracing::warn!(%error, failures, "the speech process ended; starting it again");
            sleep(Duration::from_millis(100 << failures.min(7))).await;
        }
    }

    fn without_model(&self, error: &Error) {
        let status = Status::NoModel { what_to_do: error.to_string() };
        let mut state = self.state();
        if state.status != status {
            tracing::warn!(%error, "no words without a model; calls and tickets go on");
        }
        state.status = status;
        state.forget(|_| true);
    }

    /// One life of the process.
    async fn live(
        &self,
        config: &Config,
        model: &Model,
        clock: &dyn Clock,
    ) -> Result<std::convert::Infallible, Error> {
        let mut child = start(config, model)?;
        let stream = connect(config, child.as_mut(), clock).await?;
        let (from, to) = stream.into_split();
        {
            let mut state = self.state();
            for (_, _, held) in state.tracks.values_mut() {
                held.restart();
            }
            state.status = Status::Ready { model: model.name().to_owned() };
        }
        let gone = async {
            match child.as_mut() {
                Some(child) => child.wait().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            error = self.listen(from) => error,
            error = self.speak(to) => error,
            status = gone => Err(Error::Recogniser(format!("it ended with {}", status?))),
            () = self.stuck(clock) => Err(Error::Recogniser("it is stuck".into())),
        }
    }

    async fn listen(&self, mut from: OwnedReadHalf) -> Result<std::convert::Infallible, Error> {
        while let Some((reply, _)) = frames::read::<_, Reply>(&mut from).await? {
            self.on(reply);
        }
        Err(Error::Recogniser("it closed the connection".into()))
    }

    fn on(&self, reply: Reply) {
        let mut state = self.state();
        state.replies += 1;
        match reply {
            Reply::Sentence { stream, sentence } => {
                let Some((call, track, held)) = state.tracks.get_mut(&stream) else { return };
                if sentence.r#final {
                    held.numbered(sentence.index);
                    held.settle(sentence.to_ms);
                }
                self.segments.push(Segment {
                    call: *call,
                    track: *track,
                    index: sentence.index,
                    from_ms: sentence.from_ms,
                    to_ms: sentence.to_ms,
                    text: sentence.text,
                    r#final: sentence.r#final,
                    committed: sentence.committed,
                });
            }
            Reply::Settled { stream, to_ms } => {
                if let Some((_, _, held)) = state.tracks.get_mut(&stream) {
                    held.settle(to_ms);
                }
            }
            Reply::Closed { stream } => {
                state.tracks.remove(&stream);
                state.forget(|_| false);
            }
            Reply::Gait { gait } => {
                tracing::info!(?gait, "open sentences are heard at another pace");
                state.gait = gait;
            }
        }
    }

    async fn speak(&self, mut to: OwnedWriteHalf) -> Result<std::convert::Infallible, Error> {
        loop {
            loop {
                let next = self.state().tracks.values_mut().find_map(|(_, _, held)| held.next());
                let Some((request, body)) = next else { break };
                frames::write(&mut to, &request, &body).await?;
            }
            self.wake.notified().await;
        }
    }

    /// Resolves when it has had work for a minute and said nothing.
    async fn stuck(&self, clock: &dyn Clock) {
        let look = || {
            let state = self.state();
            (state.replies, state.tracks.values().any(|(_, _, held)| held.unsettled_secs() > 20))
        };
        let (mut before, _) = look();
        loop {
            clock.sleep_until(clock.now() + STUCK_AFTER).await;
            let (now, work) = look();
            if work && now == before {
                return;
            }
            before = now;
        }
    }
}

fn start(config: &Config, model: &Model) -> Result<Option<Child>, Error> {
    let Some(program) = &config.program else { return Ok(None) };
    // what is left of an earlier life must not be taken for this one
    drop(std::fs::remove_file(&config.socket));
    let child = Command::new(program)
        .arg("speech")
        .arg("--socket")
        .arg(&config.socket)
        .args(["--model", Model::HANDED_OVER])
        .args(["--threads", &config.threads.to_string()])
        .stdin(model.hand_over()?)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    Ok(Some(child))
}

async fn connect(
    config: &Config,
    mut child: Option<&mut Child>,
    clock: &dyn Clock,
) -> Result<UnixStream, Error> {
    for _ in 0..CONNECT_WITHIN {
        if let Ok(stream) = UnixStream::connect(&config.socket).await {
            return Ok(stream);
        }
        if let Some(child) = &mut child
            && let Some(status) = child.try_wait()?
        {
            return Err(Error::Recogniser(format!("it ended with {status} before it was ready")));
        }
        clock.sleep_until(clock.now() + CONNECT_EVERY).await;
    }
    Err(Error::Recogniser("it was not ready after two minutes".into()))
}
