//! Copies of a private cluster: a base, and every segment of PostgreSQL's log after it. Each segment
//! is handed over by PostgreSQL itself, at the latest half a minute after something was written;
//! what cannot be handed over stays with it until it can.
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection, Row};

use super::{Cluster, binaries, folder};
use crate::{Error, Place};

/// The script that takes a finished segment; without it nothing is kept.
const HOOK: &str = "archive.sh";
/// Where the segments lie in a backup.
const LOG: &str = "wal";
/// The start of a base's name, before its time.
const BASE: &str = "base-";
/// How long the first segment may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_mins(1);
/// How long the log of a restore may take to be replayed.
const REPLAYED_WITHIN: Duration = Duration::from_hours(24);

/// PostgreSQL's setting: asks for the script each time, so that a backup can begin while it runs.
pub(super) fn command(dir: &Path) -> String {
    let hook = quoted(&dir.join(HOOK)).replace('%', "%%");
    format!("test ! -f {hook} || sh {hook} %p %f")
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

impl Cluster {
    /// Copies the running cluster in `dir` into `to` and goes on copying its log there, also after
    /// a restart. Bases before the last two go, and the log that only they need. Gives the name of
    /// the new base: `base-` and `name`.
    pub async fn back_up(
        dir: &Path,
        programs: Option<&Path>,
        to: &Path,
        name: &str,
    ) -> Result<String, Error> {
        let log = to.join(LOG);
        private(&log)?;
        let take = format!(
            "set -e\nto={}\n[ ! -f \"$to/$2.gz\" ] || {{ gzip -cd \"$to/$2.gz\" | cmp -s - \"$1\"; exit; }}\n\
             gzip -1 -c \"$1\" >\"$to/.$2.new\"\nsync \"$to/.$2.new\"\nmv \"$to/.$2.new\" \"$to/$2.gz\"\nsync \"$to\"\n",
            quoted(&log)
        );
        write(&dir.join(HOOK), &take)?;
        let mut db = PgConnection::connect_with(&Self::running(dir)?.owner()).await?;
        db.execute("alter system set archive_timeout = '30s'").await?;
        db.execute("select pg_reload_conf()").await?;
        let base = format!("{BASE}{name}");
        Self::copy_base(dir, programs, to, &base)?;
        let last = "select pg_walfile_name(pg_switch_wal())";
        let segment: String = db.fetch_one(last).await?.get(0);
        db.close().await?;
        wait_for(&log.join(format!("{segment}.gz")))?;
        prune(to)?;
        Ok(base)
    }

    fn copy_base(dir: &Path, given: Option<&Path>, to: &Path, base: &str) -> Result<(), Error> {
        let programs = binaries::find(given, &dir.join("data"))?;
        let new = to.join(format!(".{base}.new"));
        drop(fs::remove_dir_all(&new));
        private(&new)?;
        let mut copy = Command::new(programs.join("pg_basebackup"));
        copy.arg("-h").arg(folder::run_folder(dir)?).args(["-U", "postgres", "-w", "-c", "fast"]);
        copy.args(["-X", "stream", "-D"]).arg(new.join("data"));
        copy.env("LC_ALL", "C.UTF-8").current_dir(&new).stdin(Stdio::null());
        let done = copy.output().map_err(Error::at(&programs))?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
            let what = format!("pg_basebackup: {said}");
            return Err(Error::Start { what, log: dir.join("server.log") });
        }
        let at = to.join(base);
        fs::rename(&new, &at).map_err(Error::at(&at))
    }

    /// The bases in a backup, the oldest first.
    pub fn bases(from: &Path) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        for entry in fs::read_dir(from).map_err(Error::at(from))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(BASE) && entry.path().join("data/PG_VERSION").exists() {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Lays the cluster of a backup into `dir`, and runs its log up to its end or to `until` (a
    /// time as PostgreSQL reads it). The cluster is whole and stopped when this returns.
    pub fn restore(
        dir: &Path,
        given: Option<&Path>,
        from: &Path,
        base: &str,
        until: Option<&str>,
    ) -> Result<Self, Error> {
        let data = from.join(base).join("data");
        binaries::find(given, &data)?;
        folder::private(dir)?;
        let to = dir.join("data");
        copy_tree(&data, &to)?;
        let settings = to.join("postgresql.auto.conf");
        let log = quoted(&from.join(LOG)).replace('%', "%%").replace('\'', "''");
        let mut text = String::from("# written by lianxin restore\n");
        // "ready" shall mean that it takes what is written, too
        text += "recovery_target_action = 'promote'\nhot_standby = off\n";
        // writing to a string cannot fail
        _ = writeln!(text, "restore_command = 'gzip -cd {log}/%f.gz >%p'");
        if let Some(until) = until {
            _ = writeln!(text, "recovery_target_time = '{}'", until.replace('\'', "''"));
        }
        write(&settings, &text)?;
        write(&to.join("recovery.signal"), "")?;
        let cluster = Self::start_within(dir, given, REPLAYED_WITHIN).map_err(with_reason)?;
        // from now on it is a cluster like any other
        write(&settings, "")?;
        nix::unistd::sync();
        Ok(cluster)
    }
}

impl Place {
    /// When the log was last handed over and when that last failed; `None` where neither happened.
    pub async fn archived(
        &self,
    ) -> Result<(Option<chrono::DateTime<chrono::Utc>>, Option<chrono::DateTime<chrono::Utc>>), Error>
    {
        let mut db = PgConnection::connect_with(&self.owner()).await?;
        let ask = "select last_archived_time, last_failed_time from pg_stat_archiver";
        let row = db.fetch_one(ask).await?;
        let answer = (row.get(0), row.get(1));
        db.close().await?;
        Ok(answer)
    }
}

/// The log goes with what could not be restored: its reason is told at once.
fn with_reason(error: Error) -> Error {
    let Error::Start { what, log } = error else { return error };
    let said = fs::read_to_string(&log).unwrap_or_default();
    let fatal = said.lines().rev().find_map(|line| line.split_once("FATAL:"));
    let why = fatal.map(|(_, why)| why.trim()).unwrap_or_default();
    Error::Start { what: format!("{what}: {why}"), log }
}

fn private(folder: &Path) -> Result<(), Error> {
    let mut make = fs::DirBuilder::new();
    make.recursive(true).mode(0o700).create(folder).map_err(Error::at(folder))
}

/// Whole or not at all, for this user alone.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    let new = path.with_extension("new");
    let put = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.create(true).write(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    put().map_err(Error::at(path))
}

/// PostgreSQL tries again by itself; when it does not succeed, its log says why.
fn wait_for(segment: &Path) -> Result<(), Error> {
    const LOOK_EVERY: Duration = Duration::from_millis(50);
    for _ in 0..ARRIVES_WITHIN.as_millis() / LOOK_EVERY.as_millis() {
        if segment.exists() {
            return Ok(());
        }
        thread::sleep(LOOK_EVERY);
    }
    let why = io::Error::new(io::ErrorKind::TimedOut, "the log does not arrive; see server.log");
    Err(Error::File { path: segment.to_owned(), why })
}

/// Keeps two bases, and the log since the older of them.
fn prune(to: &Path) -> Result<(), Error> {
    let bases = Cluster::bases(to)?;
    let kept = bases.len().saturating_sub(2);
    for old in &bases[..kept] {
        let path = to.join(old);
        fs::remove_dir_all(&path).map_err(Error::at(&path))?;
    }
    let Some(first) = bases.get(kept) else { return Ok(()) };
    let label = to.join(first).join("data/backup_label");
    let text = fs::read_to_string(&label).map_err(Error::at(&label))?;
    // START WAL LOCATION: 0/2000028 (file 000000010000000000000002)
    let from = text.split_once("(file ").and_then(|(_, rest)| rest.get(..24)).unwrap_or_default();
    let log = to.join(LOG);
    for entry in fs::read_dir(&log).map_err(Error::at(&log))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let segment = name.strip_suffix(".gz").filter(|name| name.len() == 24);
        if segment.is_some_and(|segment| segment < from) {
            drop(fs::remove_file(entry.path()));
        }
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), Error> {
    folder::private(to)?;
    let mut entries: Vec<(PathBuf, PathBuf)> = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = entries.pop() {
        for entry in fs::read_dir(&from).map_err(Error::at(&from))? {
            let entry = entry.map_err(Error::at(&from))?;
            let (source, target) = (entry.path(), to.join(entry.file_name()));
            if source.is_dir() {
                folder::private(&target)?;
                entries.push((source, target));
            } else {
                let copy = || -> io::Result<()> {
                    let mut options = OpenOptions::new();
                    let mut file =
                        options.create_new(true).write(true).mode(0o600).open(&target)?;
                    io::copy(&mut File::open(&source)?, &mut file).map(drop)
                };
                copy().map_err(Error::at(&target))?;
            }
        }
    }
    Ok(())
}
