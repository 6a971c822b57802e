//! The second copy of what lies beside the database: recordings, attachments, the spool. Kept up by
//! the running program, so that a lost disk costs less than a minute of it. What is erased here is
//! erased there too; keys are never copied.
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base::{Clock, Tasks};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

/// How often it is looked for what is new.
const EVERY: TimeDelta = TimeDelta::seconds(20);
/// In a folder that has been still for so long nothing is written any more: a call is never as long.
const STILL: Duration = Duration::from_hours(48);
/// Names in the data folder that are not copied: PostgreSQL copies itself, and the keys lie apart.
const APART: [&str; 4] = ["postgres", "backup.json", "reserve", "lock"];

/// Where the backup goes, as the data folder knows it: `backup.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) to: PathBuf,
}

impl Target {
    /// None where no backup was asked for.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(data.join("backup.json")).ok()?).ok()
    }

    pub(crate) fn write(&self, data: &Path) -> anyhow::Result<()> {
        let (path, new) = (data.join("backup.json"), data.join("backup.json.new"));
        fs::write(&new, serde_json::to_vec(self)?)?;
        fs::rename(new, path)?;
        Ok(())
    }
}

/// Copies until the house closes, and once more then.
pub(crate) fn keep(tasks: &Tasks, clock: Arc<dyn Clock>, data: PathBuf, keys: PathBuf) {
    let stop = tasks.clone();
    tasks.spawn("mirror", async move {
        let (mut mirror, mut failing) = (Some(Mirror::new(data, keys)), false);
        loop {
            let mut working = mirror.take().expect("given back below");
            let copied = tokio::task::spawn_blocking(move || (working.run(), working)).await;
            let Ok((copied, working)) = copied else { return };
            mirror = Some(working);
            match copied {
                Ok(_) => failing = false,
                Err(error) if !std::mem::replace(&mut failing, true) => {
                    tracing::error!(%error, "recordings and attachments cannot be copied to the backup");
                }
                Err(_) => {}
            }
            tokio::select! {
                biased;
                () = stop.stopping() => return,
                () = clock.sleep_until(clock.now() + EVERY) => {}
            }
        }
    });
}

/// What was copied, so that it is not looked at again.
#[derive(Debug)]
pub(crate) struct Mirror {
    data: PathBuf,
    keys: PathBuf,
    still: HashMap<PathBuf, SystemTime>,
}

impl Mirror {
    pub(crate) fn new(data: PathBuf, keys: PathBuf) -> Self {
        Self { data, keys, still: HashMap::new() }
    }

    /// Copies what is new; how many files that were. Nothing where no backup was asked for.
    pub(crate) fn run(&mut self) -> io::Result<u64> {
        match Target::read(&self.data) {
            Some(target) => self.run_to(&target.to),
            None => Ok(0),
        }
    }

    /// The same into a backup that is being made.
    pub(crate) fn run_to(&mut self, to: &Path) -> io::Result<u64> {
        let from = self.data.clone();
        self.folder(&from, &to.join("files"))
    }

    fn folder(&mut self, from: &Path, to: &Path) -> io::Result<u64> {
        let changed = fs::metadata(from)?.modified()?;
        let is_still = self.still.get(from) == Some(&changed);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(to)?;
        let (mut copied, mut names) = (0, HashSet::new());
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name());
            let kind = entry.file_type()?;
            if !self.is_copied(&path) || !(kind.is_dir() || kind.is_file()) {
                continue;
            }
            names.insert(name.clone());
            let target = to.join(&name);
            if kind.is_dir() {
                copied += self.folder(&path, &target)?;
            } else if !is_still {
                copied += match copy(&path, &target) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => 0, // gone meanwhile
                    done => u64::from(done?),
                };
            }
        }
        if !is_still {
            for entry in fs::read_dir(to)?.flatten() {
                if !names.contains(&entry.file_name()) && !is_being_written(&entry) {
                    erase(&entry.path())?;
                }
            }
        }
        if changed.elapsed().is_ok_and(|still| still > STILL) {
            self.still.insert(from.to_owned(), changed);
        }
        Ok(copied)
    }

    fn is_copied(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let half_written = path.extension().is_some_and(|ending| ending == "new");
        let is_key = path == self.keys || name.starts_with("keys");
        !is_key && !APART.contains(&name.as_ref()) && !half_written
    }
}

/// Another process may be copying into the same backup.
fn is_being_written(entry: &fs::DirEntry) -> bool {
    let hidden = entry.file_name().to_string_lossy().starts_with('.');
    let written = entry.metadata().and_then(|about| about.modified());
    let young = |at: SystemTime| at.elapsed().is_ok_and(|age| age < Duration::from_hours(1));
    hidden && written.is_ok_and(young)
}

fn erase(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// Copies a file that is new or has changed; whether it was.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<bool> {
    let about = fs::metadata(from)?;
    let changed = about.modified()?;
    let there = fs::metadata(to).is_ok_and(|there| {
        there.len() == about.len() && there.modified().is_ok_and(|at| at == changed)
    });
    if there {
        return Ok(false);
    }
    let name = to.file_name().unwrap_or_default().to_string_lossy();
    let new = to.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let mut options = OpenOptions::new();
    let mut file = options.create(true).write(true).truncate(true).mode(0o600).open(&new)?;
    io::copy(&mut File::open(from)?, &mut file)?;
    file.set_modified(changed)?;
    file.sync_all()?;
    fs::rename(new, to)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirrored() -> (tempfile::TempDir, PathBuf, Mirror) {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir_all(data.join("recordings/2026/03-02")).unwrap();
        fs::write(data.join("recordings/2026/03-02/one.wav"), "one").unwrap();
        fs::write(data.join("keys"), "secret").unwrap();
        let to = folder.path().join("backup");
        Target { to: to.clone() }.write(&data).unwrap();
        let mirror = Mirror::new(data.clone(), data.join("keys"));
        (folder, to.join("files"), mirror)
    }

    #[test]
    fn what_is_new_is_copied_once_and_keys_never() {
        let (_folder, files, mut mirror) = mirrored();
        assert_eq!(mirror.run().unwrap(), 1);
        assert_eq!(fs::read_to_string(files.join("recordings/2026/03-02/one.wav")).unwrap(), "one");
        assert!(!files.join("keys").exists());
        assert_eq!(mirror.run().unwrap(), 0);
    }

    #[test]
    fn a_recording_that_grows_is_copied_again() {
        let (_folder, files, mut mirror) = mirrored();
        mirror.run().unwrap();
        fs::write(mirror.data.join("recordings/2026/03-02/one.wav"), "one and two").unwrap();
        assert_eq!(mirror.run().unwrap(), 1);
        let copy = fs::read_to_string(files.join("recordings/2026/03-02/one.wav")).unwrap();
        assert_eq!(copy, "one and two");
    }

    #[test]
    fn what_is_erased_is_erased_in_the_copy() {
        let (_folder, files, mut mirror) = mirrored();
        mirror.run().unwrap();
        fs::remove_file(mirror.data.join("recordings/2026/03-02/one.wav")).unwrap();
        mirror.run().unwrap();
        assert!(!files.join("recordings/2026/03-02/one.wav").exists());
    }

    #[test]
    fn nothing_is_copied_where_no_backup_was_asked_for() {
        let (_folder, files, mut mirror) = mirrored();
        fs::remove_file(mirror.data.join("backup.json")).unwrap();
        assert_eq!((mirror.run().unwrap(), files.exists()), (0, false));
    }
}
