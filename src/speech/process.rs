//! The speech process: serves one switchboard over a Unix socket. `lianxin speech` runs it.
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use base::{Clock, frames};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::Error;
use crate::ears::Ears;
use crate::recogniser::{Engine, Recogniser, believe};
use crate::whisper::Whisper;
use crate::wire::{Reply, Request};

/// Without a switchboard for this long, the process has been left behind and ends.
const ALONE: Duration = Duration::from_secs(15);

/// Loads the model and serves until nobody has been connected for a while. `threads` sentences are
/// heard at a time.
///
/// # Errors
/// When the model cannot be loaded, the socket cannot be made, or a worker failed.
pub async fn run(socket: &Path, model: &Path, threads: usize) -> Result<(), Error> {
    let engine = Arc::new(Whisper::load(model)?);
    serve(socket, engine, threads, &base::SystemClock::default()).await
}

/// What the connection and the workers share.
struct Shop {
    bench: Mutex<Bench>,
    /// Something to do, for the workers.
    wake: Condvar,
    /// A worker ended, for the connection.
    ended: Notify,
}

#[derive(Default)]
struct Bench {
    ears: Ears,
    /// Counts connections, so that what was heard for an earlier one is not told to this one.
    generation: u64,
    replies: Option<UnboundedSender<Reply>>,
    closing: bool,
}

impl Bench {
    fn tell(&self, replies: impl IntoIterator<Item = Reply>) {
        if let Some(to) = &self.replies {
            for reply in replies {
                drop(to.send(reply)); // a connection that is gone asks again
            }
        }
    }

    fn begin(&mut self, replies: Option<UnboundedSender<Reply>>) {
        self.ears = Ears::default();
        self.generation += 1;
        self.replies = replies;
    }
}

impl Shop {
    fn bench(&self) -> MutexGuard<'_, Bench> {
        // a worker that panicked ends the process anyway
        self.bench.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the workers with the server.
struct Closing(Arc<Shop>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.bench().closing = true;
        self.0.wake.notify_all();
        self.0.ended.notify_one();
    }
}

pub(crate) async fn serve(
    socket: &Path,
    engine: Arc<dyn Engine>,
    threads: usize,
    clock: &(impl Clock + Clone + 'static),
) -> Result<(), Error> {
    let shop =
        Arc::new(Shop { bench: Mutex::default(), wake: Condvar::new(), ended: Notify::new() });
    let _closing = Closing(shop.clone());
    for number in 0..threads.max(1) {
        let (shop, engine, clock) = (shop.clone(), engine.clone(), clock.clone());
        thread::Builder::new().name(format!("hear-{number}")).spawn(move || {
            let last = Closing(shop);
            match engine.worker() {
                Ok(mut recogniser) => hear(&last.0, recogniser.as_mut(), &clock),
                Err(error) => tracing::error!(%error, "no memory for a worker"),
            }
        })?;
    }
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted?,
            () = shop.ended.notified() => return Err(Error::Recogniser("a worker ended".into())),
            () = tokio::time::sleep(ALONE) => return Ok(()),
        };
        tokio::select! {
            ended = connection(accepted.0, &shop, clock) => {
                if let Err(error) = ended {
                    tracing::warn!(%error, "the switchboard is gone");
                }
            }
            () = shop.ended.notified() => return Err(Error::Recogniser("a worker ended".into())),
        }
        shop.bench().begin(None);
    }
}

async fn connection(stream: UnixStream, shop: &Shop, clock: &dyn Clock) -> Result<(), Error> {
    let (from, to) = stream.into_split();
    let (tell, told) = unbounded_channel();
    shop.bench().begin(Some(tell));
    tokio::select! {
        read = listen(from, shop, clock) => read,
        written = speak(to, told) => written,
    }
}

async fn listen(mut from: OwnedReadHalf, shop: &Shop, clock: &dyn Clock) -> Result<(), Error> {
    while let Some((request, body)) = frames::read::<_, Request>(&mut from).await? {
        let mut bench = shop.bench();
        let replies = bench.ears.on(&request, &body, clock.now())?;
        bench.tell(replies);
        drop(bench);
        shop.wake.notify_one();
    }
    Ok(())
}

async fn speak(mut to: OwnedWriteHalf, mut told: UnboundedReceiver<Reply>) -> Result<(), Error> {
    while let Some(reply) = told.recv().await {
        frames::write(&mut to, &reply, &[]).await?;
    }
    Ok(())
}

/// One worker: takes the most pressing sentence, hears it, and tells.
fn hear(shop: &Shop, recogniser: &mut dyn Recogniser, clock: &dyn Clock) {
    let mut bench = shop.bench();
    while !bench.closing {
        let Some((stream, work, replies)) = bench.ears.work(clock.now()) else {
            bench = shop.wake.wait(bench).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        bench.tell(replies);
        let generation = bench.generation;
        drop(bench);
        let text = believe(recogniser, &work.sound, work.effort);
        bench = shop.bench();
        if bench.generation == generation {
            let replies = bench.ears.done(stream, &work, text);
            bench.tell(replies);
        }
    }
}
