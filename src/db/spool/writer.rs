//! The writing thread: takes what was appended, writes it, and syncs by group. A sync begins as
//! soon as the one before has ended, so that a group is whatever came in meanwhile.
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::folder::{Folder, SEGMENT};
use super::record::Record;

/// A group is written when it is this long, even while more comes in.
const GROUP: usize = 1 << 20;

/// What the writer and the reader share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    /// Something was written, or could not be written, or was handled.
    pub(super) changed: Notify,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Given, but not yet on disk.
    pub(super) unwritten: std::collections::VecDeque<Record>,
    /// The disk does not take what was given.
    pub(super) failing: bool,
    /// The segment being written, and how far it is on disk.
    pub(super) segment: u64,
    pub(super) synced: u64,
    /// The last record that was given, and that was handled.
    pub(super) given: u64,
    pub(super) handled: u64,
    /// Records set aside in this run.
    pub(super) refused: u64,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) struct Writer {
    pub(super) folder: Folder,
    pub(super) shared: Arc<Shared>,
    pub(super) file: Option<File>,
}

impl Writer {
    /// Runs until every handle to the spool is gone and everything is written.
    pub(super) fn run(mut self, wake: &Receiver<()>) {
        let mut wait = Duration::from_millis(100);
        loop {
            let retry = self.shared.lock().failing;
            let woken = if retry {
                wake.recv_timeout(wait)
            } else {
                wake.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            let last = woken == Err(RecvTimeoutError::Disconnected);
            while wake.try_recv().is_ok() {}
            match self.write_all() {
                Ok(()) => {
                    if self.shared.lock().failing {
                        tracing::info!("the spool's disk takes records again");
                    }
                    self.shared.lock().failing = false;
                    wait = Duration::from_millis(100);
                    // Only when there is room: see give_reserve.
                    drop(self.folder.take_reserve());
                }
                Err(error) => self.failed(&error, &mut wait),
            }
            self.shared.changed.notify_waiters();
            if last {
                return;
            }
        }
    }

    fn failed(&mut self, error: &io::Error, wait: &mut Duration) {
        // What a failed sync left in the page cache cannot be trusted: write again, elsewhere.
        self.file = None;
        let full = error.kind() == io::ErrorKind::StorageFull;
        let freed = full && self.folder.give_reserve();
        if !self.shared.lock().failing || freed {
            tracing::error!(%error, freed, "the spool's disk does not take records; they wait in memory");
        }
        self.shared.lock().failing = true;
        *wait = if freed { Duration::ZERO } else { (*wait * 2).min(Duration::from_secs(5)) };
    }

    /// Writes everything that was given, group by group.
    fn write_all(&mut self) -> io::Result<()> {
        loop {
            let (group, count, start) = {
                let state = self.shared.lock();
                let mut group = Vec::new();
                let mut count = 0;
                for record in &state.unwritten {
                    record.encode(&mut group);
                    count += 1;
                    if group.len() >= GROUP {
                        break;
                    }
                }
                (group, count, state.synced)
            };
            if count == 0 {
                return Ok(());
            }
            let start = self.make_room(start)?;
            let file = self.file.as_ref().expect("made room in it");
            file.write_all_at(&group, start)?;
            file.sync_data()?;
            let mut state = self.shared.lock();
            state.unwritten.drain(..count);
            state.synced = start + group.len() as u64;
            drop(state);
            self.shared.changed.notify_waiters();
        }
    }

    /// Goes on to the next segment when this one is full or cannot be trusted.
    fn make_room(&mut self, written: u64) -> io::Result<u64> {
        if self.file.is_some() && written < SEGMENT {
            return Ok(written);
        }
        let next = self.shared.lock().segment + 1;
        self.file = Some(self.folder.create(next)?);
        let mut state = self.shared.lock();
        (state.segment, state.synced) = (next, 0);
        Ok(0)
    }
}
