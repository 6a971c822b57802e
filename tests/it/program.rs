//! Starts the real program, on free ports, in a folder of its own.
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lianxin"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Runs one command to its end.
pub(crate) fn run(words: &[&str]) -> Output {
    command().args(words).output().unwrap()
}

/// `kill -9`.
pub(crate) fn kill(pid: u32) {
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
    assert!(killed.success(), "{pid}");
}

/// A folder that the user whom the program changes to may enter.
pub(crate) fn open_folder() -> TempDir {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    tempfile::Builder::new().permissions(mode).tempdir().unwrap()
}

/// A running demonstration.
pub(crate) struct Program {
    child: Child,
    pub(crate) folder: TempDir,
    pub(crate) http: String,
    pub(crate) sip: String,
}

impl Program {
    pub(crate) fn start() -> Self {
        Self::start_in(open_folder())
    }

    /// In a folder that an earlier one has left, or a new one.
    pub(crate) fn start_in(folder: TempDir) -> Self {
        Self::start_with(folder, &[])
    }

    /// The same with settings.
    pub(crate) fn start_with(folder: TempDir, settings: &[(&str, &str)]) -> Self {
        let mut child = command()
            .args(["serve", "--demo", "--http", "127.0.0.1:0", "--sip", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            // no generated past, no recogniser: they are tested elsewhere and take the cores
            .envs([("LIANXIN_DEMO__DAYS", "0"), ("LIANXIN_SPEECH__ENABLED", "false")])
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let word = |name: &str| {
            let found = line.split_whitespace().find_map(|word| word.strip_prefix(name));
            found.unwrap_or_else(|| panic!("no {name} in {line:?}")).to_owned()
        };
        assert!(line.starts_with("ready "), "{line:?}");
        Self { http: word("http=http://"), sip: word("sip="), child, folder }
    }

    pub(crate) fn accounts(&self) -> Vec<serde_json::Value> {
        let text = std::fs::read(self.accounts_file()).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    pub(crate) fn accounts_file(&self) -> PathBuf {
        Path::join(self.folder.path(), "data/demo-accounts.json")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The postmaster of its cluster.
    pub(crate) fn postmaster(&self) -> u32 {
        let file = self.data().join("postgres/data/postmaster.pid");
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.lines().next().and_then(|pid| pid.parse().ok()).unwrap_or_default()
    }

    /// The end that nobody is asked about: of the program, and of PostgreSQL with it.
    pub(crate) fn cut(&mut self) {
        let postmaster = self.postmaster();
        self.child.kill().unwrap();
        kill(postmaster);
        self.child.wait().unwrap();
    }

    /// `kill -9` of the program, and the folder that it leaves.
    pub(crate) fn killed(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.folder, open_folder())
    }

    /// Asks it to end, and gives its exit code.
    pub(crate) fn end(&mut self) -> Option<i32> {
        let terminate = ["-TERM", &self.child.id().to_string()].map(str::to_owned);
        assert!(Command::new("kill").args(terminate).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.end();
        }
    }
}
