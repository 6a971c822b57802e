//! One PostgreSQL server process: making its data folder and starting it.
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid, getppid, setpgid};

use super::folder::private;
use crate::Error;

/// A log longer than this is put aside at a start.
const LONGEST_LOG: u64 = 16 << 20;
/// Recovery after a crash reads the log written since the last checkpoint; it may take a while.
pub(super) const READY_WITHIN: Duration = Duration::from_mins(5);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Everything needed to start the server.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) programs: PathBuf,
    pub(super) data: PathBuf,
    pub(super) run: PathBuf,
    pub(super) log: PathBuf,
    /// What PostgreSQL does with a finished segment of its log.
    pub(super) archive: String,
    pub(super) within: Duration,
}

/// The line that says why: the first that names an error, not the tidying up at the end.
fn reason(said: &str) -> &str {
    let names_it =
        |line: &&str| ["FATAL:", "error:", "could not"].iter().any(|word| line.contains(word));
    let said = said.trim();
    said.lines().find(names_it).or_else(|| said.lines().last()).unwrap_or_default()
}

impl Server {
    /// Makes the data folder when there is none. A half-made one never gets the final name.
    pub(super) fn make(&self) -> Result<(), Error> {
        if self.data.join("PG_VERSION").exists() {
            return private(&self.data);
        }
        tracing::info!(data = %self.data.display(), "making a database cluster");
        let new = self.data.with_extension("new");
        if new.exists() {
            fs::remove_dir_all(&new).map_err(Error::at(&new))?;
        }
        private(&new)?;
        let mut initdb = self.program("initdb", &new);
        initdb.args([
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "-D",
        ]);
        let made = initdb.arg(&new).output().map_err(Error::at(&self.programs))?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr);
            fs::write(&self.log, &made.stderr).map_err(Error::at(&self.log))?;
            let what = format!("initdb: {}", reason(&said));
            return Err(Error::Start { what, log: self.log.clone() });
        }
        fs::rename(&new, &self.data).map_err(Error::at(&self.data))
    }

    /// Ends a server that a killed program left behind: the folder's lock is ours, so a server in
    /// it has no owner. The kernel has told it to stop already; it may need a moment.
    pub(super) fn end_orphan(&self) -> Result<(), Error> {
        let Some(pid) = self.postmaster() else { return Ok(()) };
        tracing::warn!(pid, "a PostgreSQL without an owner holds the data; stopping it");
        for _ in 0..READY_WITHIN.as_millis() / 50 {
            _ = kill(Pid::from_raw(pid), Signal::SIGINT);
            thread::sleep(Duration::from_millis(50));
            // The pid file goes before the process does.
            if !self.is_ours(pid) {
                return Ok(());
            }
        }
        let what = format!("PostgreSQL {pid} 没有停下 (does not stop)");
        Err(Error::Start { what, log: self.log.clone() })
    }

    /// The process named in `postmaster.pid`, when it is alive and stands in this data folder.
    fn postmaster(&self) -> Option<i32> {
        self.pid_file().first()?.parse().ok().filter(|pid| self.is_ours(*pid))
    }

    fn is_ours(&self, pid: i32) -> bool {
        let stands_in = fs::read_link(format!("/proc/{pid}/cwd"));
        stands_in.is_ok_and(|folder| self.data.canonicalize().is_ok_and(|data| data == folder))
    }

    fn pid_file(&self) -> Vec<String> {
        let text = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    /// Starts the server and waits until it takes connections. The caller's thread must live on:
    /// the kernel stops the server when it ends.
    pub(super) fn start(&self, stop: impl Fn() -> bool) -> Result<Child, Error> {
        if fs::metadata(&self.log).is_ok_and(|log| log.len() > LONGEST_LOG) {
            let old = self.log.with_extension("log.old");
            fs::rename(&self.log, &old).map_err(Error::at(&old))?;
        }
        let log = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.log);
        let log = log.map_err(Error::at(&self.log))?;
        let mut postgres = self.program("postgres", &self.data);
        postgres.arg("-D").arg(&self.data).arg("-k").arg(&self.run);
        for setting in [
            "listen_addresses=",
            "unix_socket_permissions=0700",
            "fsync=on",
            "timezone=UTC",
            "log_timezone=UTC",
            // a list is answered by an index, on disks where jumping costs little more than reading on
            "random_page_cost=1.1",
            "jit=off",
            // a checkpoint makes each page's first change expensive: rarely
            "checkpoint_timeout=15min",
            "max_wal_size=2GB",
            // plans follow a table that grows fast
            "autovacuum_naptime=15s",
        ] {
            postgres.args(["-c", setting]);
        }
        postgres.args([
            "-c",
            "archive_mode=on",
            "-c",
            &format!("archive_command={}", self.archive),
        ]);
        postgres.args(["-c", &format!("shared_buffers={}MB", shared_buffers())]);
        postgres.stdout(Stdio::null()).stderr(log);
        stop_with_us(&mut postgres);
        let mut child = postgres.spawn().map_err(Error::at(self.programs.join("postgres")))?;
        for _ in 0..self.within.as_millis() / LOOK_EVERY.as_millis() {
            if let Some(status) = child.try_wait().map_err(Error::at(&self.data))? {
                let what = format!("PostgreSQL 启动失败 (did not start): {status}");
                return Err(Error::Start { what, log: self.log.clone() });
            }
            // Line 8 of postmaster.pid is the state.
            let lines = self.pid_file();
            let ours = lines.first().is_some_and(|pid| *pid == child.id().to_string());
            if stop() || (ours && lines.get(7).is_some_and(|state| state == "ready")) {
                return Ok(child);
            }
            thread::sleep(LOOK_EVERY);
        }
        drop(child.kill());
        drop(child.wait());
        let what = "PostgreSQL 没有及时就绪 (was not ready in time)".to_owned();
        Err(Error::Start { what, log: self.log.clone() })
    }

    fn program(&self, name: &str, stand_in: &Path) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(stand_in).stdin(Stdio::null());
        for inherited in ["PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGOPTIONS"] {
            command.env_remove(inherited);
        }
        command.env("LC_ALL", "C.UTF-8");
        command
    }
}

/// An eighth of the memory, in MB: enough for the open tickets of a large city, and no more than
/// the machine's other work leaves.
fn shared_buffers() -> u64 {
    let said = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = said.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kilobytes = kilobytes.and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok());
    (kilobytes.unwrap_or(0_u64) / 1024 / 8).clamp(128, 2048)
}

/// The child is told to stop when our thread ends, and stands in a process group of its own: a
/// terminal's Ctrl-C must reach us first, while the pool is still open.
#[expect(
    unsafe_code,
    reason = "runs between fork and exec; makes three system calls, allocates nothing"
)]
fn stop_with_us(command: &mut Command) {
    let parent = getpid();
    // SAFETY: the closure is async-signal-safe.
    unsafe {
        command.pre_exec(move || {
            set_pdeathsig(Signal::SIGINT)?;
            setpgid(Pid::from_raw(0), Pid::from_raw(0))?;
            // Died before the kernel was told to watch us?
            if getppid() == parent { Ok(()) } else { Err(nix::errno::Errno::ESRCH.into()) }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_cluster_was_not_made_is_told_not_how_it_was_tidied_up() {
        let said = "FATAL:  could not extend file \"base/1/2691\": No space left on device\n\
            HINT:  Check free disk space.\nchild process exited with exit code 134\n\
            initdb: removing contents of data directory";
        assert!(reason(said).contains("No space left on device"));
        assert_eq!(reason("what\nnever was\n"), "never was");
        assert_eq!(reason(""), "");
    }
}
