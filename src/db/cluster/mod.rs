//! A private PostgreSQL: made, started, watched and stopped by this process. It listens on a Unix
//! socket in a folder that only its user may enter, never on the network, with fsync on.
mod archive;
mod binaries;
mod folder;
mod server;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{Error, Place};
use server::Server;

/// A running private cluster. Dropping it stops PostgreSQL.
#[derive(Debug)]
pub struct Cluster {
    run: PathBuf,
    watch: Arc<Watch>,
    watcher: Option<JoinHandle<()>>,
    _lock: std::fs::File,
}

/// What the watching thread and the rest share.
#[derive(Debug, Default)]
struct Watch {
    stop: AtomicBool,
    /// The postmaster, 0 while there is none.
    pid: AtomicI32,
    restarts: AtomicU32,
}

impl Cluster {
    /// Starts the cluster under `dir`, and makes it first when it is not there. `binaries` is the
    /// folder of PostgreSQL's programs; the newest installed one when `None`.
    ///
    /// The kernel stops PostgreSQL when the thread that started it ends (so that a killed program
    /// leaves no orphan); that thread is one of its own and lives as long as the cluster.
    pub fn start(dir: &Path, binaries: Option<&Path>) -> Result<Self, Error> {
        Self::start_within(dir, binaries, server::READY_WITHIN)
    }

    fn start_within(dir: &Path, binaries: Option<&Path>, within: Duration) -> Result<Self, Error> {
        let lock = folder::lock(dir)?;
        let data = dir.join("data");
        let server = Server {
            programs: binaries::find(binaries, &data)?,
            run: folder::run_folder(dir)?,
            log: dir.join("server.log"),
            archive: archive::command(dir),
            within,
            data,
        };
        server.make()?;
        server.end_orphan()?;
        let (run, watch) = (server.run.clone(), Arc::new(Watch::default()));
        let (ready, is_ready) = mpsc::channel();
        let shared = watch.clone();
        let watcher = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || keep_running(&server, &shared, &ready))
            .map_err(Error::at(dir))?;
        is_ready.recv().expect("the watcher answers before it ends")?;
        Ok(Self { run, watch, watcher: Some(watcher), _lock: lock })
    }

    /// The folder of PostgreSQL's programs that a start in `dir` would use.
    pub fn programs(given: Option<&Path>, dir: &Path) -> Result<PathBuf, Error> {
        binaries::find(given, &dir.join("data"))
    }

    /// The database of a cluster that another process runs in `dir`.
    pub fn running(dir: &Path) -> Result<Place, Error> {
        Ok(Place::private(&folder::run_folder(dir)?))
    }

    /// The database in this cluster.
    pub fn place(&self) -> Place {
        Place::private(&self.run)
    }

    /// How often PostgreSQL had to be started again.
    pub fn restarts(&self) -> u32 {
        self.watch.restarts.load(SeqCst)
    }

    /// The postmaster's process, while there is one.
    pub fn pid(&self) -> Option<i32> {
        Some(self.watch.pid.load(SeqCst)).filter(|pid| *pid != 0)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.watch.stop.store(true, SeqCst);
        if let Some(pid) = self.pid() {
            // SIGINT: fast shutdown. A process that is gone needs none.
            _ = kill(Pid::from_raw(pid), Signal::SIGINT);
        }
        if let Some(watcher) = self.watcher.take() {
            drop(watcher.join());
        }
    }
}

/// The watching thread: reports the first start, then starts PostgreSQL again whenever it ends.
fn keep_running(server: &Server, watch: &Watch, ready: &mpsc::Sender<Result<(), Error>>) {
    let mut first = Some(ready);
    let mut wait = Duration::from_millis(100);
    loop {
        match server.start(|| watch.stop.load(SeqCst)) {
            Ok(mut postmaster) => {
                let pid = i32::try_from(postmaster.id()).expect("the kernel's numbers are small");
                watch.pid.store(pid, SeqCst);
                wait = Duration::from_millis(100);
                if let Some(ready) = first.take() {
                    drop(ready.send(Ok(())));
                }
                if watch.stop.load(SeqCst) {
                    _ = kill(Pid::from_raw(pid), Signal::SIGINT);
                }
                let ended = postmaster.wait();
                watch.pid.store(0, SeqCst);
                if watch.stop.load(SeqCst) {
                    return;
                }
                tracing::error!(?ended, "PostgreSQL ended; starting it again");
            }
            Err(error) => {
                if let Some(ready) = first {
                    drop(ready.send(Err(error)));
                    return;
                }
                tracing::error!(%error, "PostgreSQL does not start; trying again");
            }
        }
        watch.restarts.fetch_add(1, SeqCst);
        for _ in 0..wait.as_millis() / 20 {
            if watch.stop.load(SeqCst) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        wait = (wait * 2).min(Duration::from_secs(10));
    }
}

#[cfg(test)]
mod tests;
