//! What must be kept although PostgreSQL may be away: an append-only log on disk, and its reading
//! in order. It refuses nothing: a full disk is an alarm, and the records wait in memory.
mod folder;
mod record;
mod writer;

use std::fs::{self, File};
use std::future::Future;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread;

use base::Clock;
use chrono::TimeDelta;

use folder::Folder;
pub use record::Record;
use writer::{Shared, Writer};

/// Why a spool could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("日志暂存目录 (spool) {}: {why}", dir.display())]
pub struct Error {
    dir: std::path::PathBuf,
    why: io::Error,
}

/// Why a record was not handled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Try the same record again: the database is away.
    #[error("later: {0}")]
    Later(String),
    /// No retry will help: set it aside and go on.
    #[error("refused: {0}")]
    Refused(String),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let refused = match &error {
            // class 08 connection, 25006 read-only, 40 rollback, 53 resources, 55 state, 57 operator, 58 system
            sqlx::Error::Database(said) => said.code().is_some_and(|code| {
                let class = code.get(..2).unwrap_or_default();
                code != "25006" && !["08", "40", "53", "55", "57", "58"].contains(&class)
            }),
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::RowNotFound
            | sqlx::Error::TypeNotFound { .. } => true,
            _ => false,
        };
        if refused { Self::Refused(error.to_string()) } else { Self::Later(error.to_string()) }
    }
}

/// What lies in a spool's folder, seen from outside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// Records that are not in the database yet.
    pub waiting: u64,
    /// Since when the oldest of them waits.
    pub since: Option<chrono::DateTime<chrono::Utc>>,
    /// Records that nobody could use, put aside.
    pub refused: u64,
}

/// Looks at a spool without touching it; another process may be writing to it.
pub fn look(dir: &Path) -> Result<Look, Error> {
    look_in(&Folder(dir.to_owned())).map_err(|why| Error { dir: dir.to_owned(), why })
}

fn look_in(folder: &Folder) -> io::Result<Look> {
    let mut look = Look::default();
    if !folder.0.exists() {
        return Ok(look);
    }
    let handled = folder.handled();
    for number in folder.segments()? {
        let bytes = match fs::read(folder.segment(number)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue, // handled meanwhile
            read => read?,
        };
        for record in record::scan(&bytes).0.iter().filter(|record| record.seq > handled) {
            look.waiting += 1;
            look.since = Some(look.since.map_or(record.at, |since| since.min(record.at)));
        }
    }
    let refused = fs::read(folder.0.join("refused")).unwrap_or_default();
    look.refused = record::scan(&refused).0.len() as u64;
    Ok(look)
}

/// A spool; clones are handles to the same one. The writing thread ends with the last of them.
#[derive(Clone)]
pub struct Spool {
    folder: Folder,
    shared: Arc<Shared>,
    wake: mpsc::Sender<()>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Spool {
    /// Opens the spool in `dir`, and makes it when it is not there. What an earlier run left is
    /// kept and given to [`Spool::drain`]. Reads files; call it before the runtime starts.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Self::open_in(dir, clock).map_err(|why| Error { dir: dir.to_owned(), why })
    }

    fn open_in(dir: &Path, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let folder = Folder::open(dir)?;
        let handled = folder.handled();
        let mut given = handled;
        let segments = folder.segments()?;
        for number in &segments {
            match folder.recover(*number)?.last() {
                Some(last) if last.seq > handled => given = given.max(last.seq),
                _ => fs::remove_file(folder.segment(*number))?,
            }
        }
        let shared = Arc::new(Shared::default());
        {
            let mut state = shared.lock();
            (state.given, state.handled) = (given, handled);
            state.segment = segments.last().copied().unwrap_or_default();
            state.synced = folder::SEGMENT; // an earlier run's segment is never written to
        }
        drop(folder.take_reserve());
        let (wake, woken) = mpsc::channel();
        let writer = Writer { folder: folder.clone(), shared: shared.clone(), file: None };
        thread::Builder::new().name("spool".to_owned()).spawn(move || writer.run(&woken))?;
        Ok(Self { folder, shared, wake, clock })
    }

    /// Takes a record. Never waits and never fails; on a healthy disk it is safe within
    /// milliseconds (see [`Spool::flushed`]).
    pub fn append(&self, key: impl Into<String>, bytes: Vec<u8>) {
        let (at, key) = (self.clock.now(), key.into());
        let mut state = self.shared.lock();
        if bytes.len() > record::LONGEST_BYTES {
            tracing::error!(
                key,
                length = bytes.len(),
                "a record too long for the spool was refused"
            );
            state.refused += 1;
            return;
        }
        state.given += 1;
        let seq = state.given;
        state.unwritten.push_back(Record { seq, at, key, bytes });
        drop(state);
        _ = self.wake.send(()); // the writer outlives every handle
    }

    /// False when the disk does not take records, or one was refused: an alarm for the operator.
    pub fn healthy(&self) -> bool {
        let state = self.shared.lock();
        !state.failing && state.refused == 0
    }

    /// How many records nobody could use, and were set aside in this run.
    pub fn refused(&self) -> u64 {
        self.shared.lock().refused
    }

    /// How many records were not handled yet.
    pub fn waiting(&self) -> u64 {
        let state = self.shared.lock();
        state.given - state.handled
    }

    /// Resolves when everything appended so far is on disk.
    pub async fn flushed(&self) {
        let until = self.shared.lock().given;
        self.reached(|state| state.unwritten.front().is_none_or(|first| first.seq > until)).await;
    }

    /// Resolves when everything appended so far was handled.
    pub async fn drained(&self) {
        let until = self.shared.lock().given;
        self.reached(|state| state.handled >= until).await;
    }

    async fn reached(&self, there: impl Fn(&writer::State) -> bool) {
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if there(&self.shared.lock()) {
                return;
            }
            changed.await;
        }
    }

    /// Gives each record to `handle`, in order, and never ends. A record that must come later is
    /// given again after a pause; one that is refused is set aside. After a crash, or while the
    /// disk is full, a record can come a second time: `handle` looks at its key.
    pub async fn drain<F, Fut>(&self, mut handle: F)
    where
        F: FnMut(Record) -> Fut + Send,
        Fut: Future<Output = Result<(), Failure>> + Send,
    {
        let mut reader = Reader { folder: self.folder.clone(), at: 0, offset: 0, file: None };
        let note = self.folder.handled_file().inspect_err(|error| {
            tracing::error!(%error, "the spool cannot note what was handled");
        });
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let Some(record) = self.next(&mut reader) else {
                changed.await;
                continue;
            };
            let seq = record.seq;
            self.deliver(record, &mut handle).await;
            self.shared.lock().handled = seq;
            if let Ok(note) = &note
                && let Err(error) = Folder::note_handled(note, seq)
            {
                tracing::warn!(%error, "the spool cannot note what was handled");
            }
            self.shared.changed.notify_waiters();
        }
    }

    /// The next record that was not handled: from the disk, or from memory while the disk fails.
    fn next(&self, reader: &mut Reader) -> Option<Record> {
        loop {
            let (segment, synced, handled) = {
                let state = self.shared.lock();
                (state.segment, state.synced, state.handled)
            };
            match reader.next(segment, synced) {
                Ok(Some(record)) if record.seq <= handled => {}
                Ok(Some(record)) => return Some(record),
                nothing => {
                    if let Err(error) = nothing {
                        tracing::error!(%error, "the spool cannot be read");
                    }
                    let state = self.shared.lock();
                    let first = state.unwritten.iter().find(|record| record.seq > handled);
                    return first.filter(|_| state.failing).cloned();
                }
            }
        }
    }

    async fn deliver<F, Fut>(&self, record: Record, handle: &mut F)
    where
        F: FnMut(Record) -> Fut + Send,
        Fut: Future<Output = Result<(), Failure>> + Send,
    {
        let mut pause = TimeDelta::milliseconds(200);
        loop {
            match handle(record.clone()).await {
                Ok(()) => return,
                Err(Failure::Later(why)) => {
                    tracing::warn!(key = record.key, why, "a record must wait");
                    self.clock.sleep_until(self.clock.now() + pause).await;
                    pause = (pause * 2).min(TimeDelta::seconds(5));
                }
                Err(Failure::Refused(why)) => {
                    let kept = self.folder.set_aside(&record);
                    tracing::error!(
                        key = record.key,
                        why,
                        ?kept,
                        "a record was refused and set aside"
                    );
                    self.shared.lock().refused += 1;
                    return;
                }
            }
        }
    }
}

/// Where the draining stands in the segments.
struct Reader {
    folder: Folder,
    at: u64,
    offset: u64,
    file: Option<File>,
}

impl Reader {
    /// The next record up to `synced` in `segment`, the one being written. A segment that was
    /// read to its end is removed: its records were handled before the next is asked for.
    fn next(&mut self, segment: u64, synced: u64) -> io::Result<Option<Record>> {
        loop {
            if self.file.is_none() {
                let Some(next) = self.folder.segments()?.into_iter().find(|n| *n >= self.at) else {
                    return Ok(None);
                };
                (self.at, self.offset) = (next, 0);
                self.file = Some(File::open(self.folder.segment(next))?);
            }
            let file = self.file.as_ref().expect("opened above");
            let length = file.metadata()?.len();
            let end = if self.at == segment { synced.min(length) } else { length };
            let mut bytes = vec![
                0;
                usize::try_from(end.saturating_sub(self.offset).min(16 << 10))
                    .unwrap_or(0)
            ];
            file.read_exact_at(&mut bytes, self.offset)?;
            if let Some(length) = bytes.first_chunk::<4>() {
                let whole = u32::from_le_bytes(*length) as usize + 8;
                if (bytes.len()..=record::LONGEST).contains(&whole)
                    && self.offset + whole as u64 <= end
                {
                    bytes.resize(whole, 0);
                    file.read_exact_at(&mut bytes, self.offset)?;
                }
            }
            if let Some((record, size)) = Record::decode(&bytes) {
                self.offset += size as u64;
                return Ok(Some(record));
            }
            if self.at >= segment {
                return Ok(None);
            }
            fs::remove_file(self.folder.segment(self.at))?;
            (self.at, self.file) = (self.at + 1, None);
        }
    }
}

#[cfg(test)]
mod tests;
