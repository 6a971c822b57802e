use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tokio::task::{JoinHandle, spawn_blocking};

use crate::timeline::Sealed;
use crate::wav;

/// Frames between two writes: half a second.
const WRITE_EVERY: u32 = 25;
/// Sound that may wait for a slow disk: a minute.
const MAX_WAITING: usize = 60 * 32_000;

/// The file of one recording. Sound is handed to the disk each half second and made durable
/// each second, header included, off the call's task: a slow disk never stops a call.
pub(crate) struct Recorder {
    path: PathBuf,
    waiting: Vec<u8>,
    frames: u32,
    /// The file is ours.
    begun: bool,
    state: State,
}

enum State {
    Idle(Open),
    Busy(JoinHandle<io::Result<Open>>),
    /// Nothing is written any more.
    Failed,
}

struct Open {
    file: File,
    written: u64,
    /// Since the last sync.
    writes: u32,
}

impl Recorder {
    /// Begins a file at `path`.
    pub(crate) fn create(path: PathBuf) -> Self {
        let at = path.clone();
        let state = State::Busy(spawn_blocking(move || open(&at)));
        Self { path, waiting: Vec::new(), frames: 0, begun: false, state }
    }

    /// Adds silence for `samples` that passed before the recording began.
    pub(crate) fn skip(&mut self, samples: u64) {
        let bytes = usize::try_from(samples * wav::BLOCK).unwrap_or(0);
        self.waiting.resize(self.waiting.len() + bytes.min(MAX_WAITING), 0);
    }

    /// Adds 20 ms: left the caller, right the agent with what the caller was played.
    ///
    /// # Errors
    /// Once, when the file is broken or the disk too slow; nothing is recorded from then on.
    pub(crate) async fn add(&mut self, sealed: &Sealed) -> Result<(), String> {
        if matches!(self.state, State::Failed) {
            return Ok(());
        }
        for ((left, agent), played) in sealed.caller.iter().zip(&sealed.agent).zip(&sealed.played) {
            self.waiting.extend(left.to_le_bytes());
            self.waiting.extend(agent.saturating_add(*played).to_le_bytes());
        }
        self.frames += 1;
        if self.frames < WRITE_EVERY {
            return Ok(());
        }
        self.collect(false).await?;
        if let State::Idle(_) = self.state {
            self.frames = 0;
            self.write();
        } else if self.waiting.len() > MAX_WAITING {
            self.state = State::Failed;
            return Err("the disk is too slow".to_owned());
        }
        Ok(())
    }

    /// Starts to write what waits.
    fn write(&mut self) {
        if let State::Idle(open) = std::mem::replace(&mut self.state, State::Failed) {
            let block = std::mem::take(&mut self.waiting);
            self.state = State::Busy(spawn_blocking(move || append(open, &block)));
        }
    }

    /// Takes the file back from a write that has ended, or waits for it.
    async fn collect(&mut self, wait: bool) -> Result<(), String> {
        let State::Busy(task) = &mut self.state else { return Ok(()) };
        if !wait && !task.is_finished() {
            return Ok(());
        }
        let ended = task.await;
        let (state, result) = match ended {
            Ok(Ok(open)) => {
                self.begun = true;
                (State::Idle(open), Ok(()))
            }
            Ok(Err(error)) => (State::Failed, Err(error.to_string())),
            Err(panicked) => (State::Failed, Err(panicked.to_string())),
        };
        self.state = state;
        result
    }

    /// Ends the file: everything written, header right, durable. Gives path, hash and length as
    /// far as it went, none when it never began; and what went wrong now.
    pub(crate) async fn finish(mut self) -> (Option<(PathBuf, String, u64)>, Option<String>) {
        let mut why = self.collect(true).await.err();
        if !matches!(self.state, State::Failed) {
            self.write();
            why = self.collect(true).await.err();
        }
        if !self.begun {
            return (None, why);
        }
        let path = self.path;
        let done = spawn_blocking(move || {
            let repaired = wav::repair(&path)?;
            sync(&path)?;
            Ok::<_, io::Error>((path, repaired.sha256, repaired.millis))
        });
        match done.await.map_err(io::Error::other).flatten() {
            Ok(facts) => (Some(facts), why),
            Err(error) => (None, Some(error.to_string())),
        }
    }
}

fn open(path: &Path) -> io::Result<Open> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(&wav::header(0))?;
    file.sync_data()?;
    Ok(Open { file, written: 0, writes: 0 })
}

fn append(mut open: Open, block: &[u8]) -> io::Result<Open> {
    open.file.write_all(block)?;
    open.written += block.len() as u64;
    open.writes += 1;
    if open.writes >= 2 {
        open.writes = 0;
        open.file.seek(SeekFrom::Start(0))?;
        open.file.write_all(&wav::header(open.written))?;
        open.file.seek(SeekFrom::End(0))?;
        open.file.sync_data()?;
    }
    Ok(open)
}

/// The file and its entry in the folder reach the disk.
fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
