//! Between the child and the database.
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{CASE, Case};

/// When the cut falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// What is sent never arrives.
    Before,
    /// It is done, and the child never learns of it.
    After,
}

/// Between the child and the database.
pub(super) struct Relay {
    folder: tempfile::TempDir,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    child: Mutex<Option<Child>>,
    begun: AtomicBool,
    sent: AtomicU32,
    cut: AtomicU32,
    after: AtomicBool,
    killed: AtomicBool,
}

impl State {
    fn kill(&self) {
        if let Some(child) = self.child.lock().unwrap().as_mut() {
            child.kill().unwrap();
        }
        self.killed.store(true, SeqCst);
    }
}

impl Relay {
    pub(super) fn new(database: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let door = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let state = Arc::new(State::default());
        let shared = state.clone();
        thread::spawn(move || {
            for client in door.incoming() {
                let (client, state) = (client.unwrap(), shared.clone());
                let server = UnixStream::connect(&database).unwrap();
                let (answers, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let told = state.clone();
                thread::spawn(move || questions(client, server, &state));
                thread::spawn(move || answer(answers, to, &told));
            }
        });
        Self { folder, state }
    }

    /// Runs the child, and cuts at the n-th thing that it sends; whether it came to its end.
    pub(super) fn run(&self, case: &Case, cut: Cut, n: u32) -> bool {
        let state = &self.state;
        let case = Case { socket: self.folder.path().to_owned(), ..case.clone() };
        for flag in [&state.begun, &state.killed] {
            flag.store(false, SeqCst);
        }
        state.sent.store(0, SeqCst);
        state.cut.store(n, SeqCst);
        state.after.store(cut == Cut::After, SeqCst);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "tests::kill::child", "--ignored", "--nocapture"]);
        command.env(CASE, serde_json::to_string(&case).unwrap());
        // held until the child is known: a relay that wants to kill it waits
        let mut held = state.child.lock().unwrap();
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        *held = Some(child);
        drop(held);
        loop {
            let ended = state.child.lock().unwrap().as_mut().unwrap().try_wait().unwrap();
            let Some(status) = ended else {
                thread::sleep(std::time::Duration::from_millis(1));
                continue;
            };
            let mut said = String::new();
            let mut child = state.child.lock().unwrap().take().unwrap();
            child.wait().unwrap();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert!(status.success() || status.signal() == Some(9), "{said}");
            assert!(state.begun.load(SeqCst), "the child did nothing: {said}");
            return status.success();
        }
    }
}

fn questions(mut from: UnixStream, mut to: UnixStream, state: &State) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        let begun = state.begun.load(SeqCst);
        let is = |n: u32| begun && n == state.cut.load(SeqCst);
        let n = if begun { state.sent.fetch_add(1, SeqCst) + 1 } else { 0 };
        if is(n) && !state.after.load(SeqCst) {
            state.kill();
            break;
        }
        if to.write_all(&chunk[..read]).is_err() {
            break;
        }
    }
    drop(to.shutdown(std::net::Shutdown::Both));
}

fn answer(mut from: UnixStream, mut to: UnixStream, state: &State) {
    let mut chunk = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        let reached = state.begun.load(SeqCst) && state.sent.load(SeqCst) >= state.cut.load(SeqCst);
        if reached && state.after.load(SeqCst) {
            state.kill();
            break;
        }
        if chunk[..read].windows(21).any(|at| at == b"the transition begins") {
            state.begun.store(true, SeqCst);
        }
        if to.write_all(&chunk[..read]).is_err() {
            break;
        }
    }
    drop(to.shutdown(std::net::Shutdown::Both));
    drop(from.shutdown(std::net::Shutdown::Both));
}
