//! The doorstep: the command line, and nothing that a room could do.
mod app;
mod backup;
mod caller;
mod caller_citizen;
mod carried;
mod clocks;
mod commands;
mod config;
mod database;
mod demo;
mod disk;
mod doctor;
mod files;
mod hold;
mod layers;
mod mirror;
mod paper;
mod privilege;
mod restore;
mod rings;
mod settings;
mod store;
mod telephone;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

/// 连心 Lianxin: a city's 12345 hotline in one program.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Line {
    /// Folder of the configuration
    #[arg(long, global = true, value_name = "DIR", default_value = "sip-config")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the hotline: calls, desks, tickets, messages
    Serve(Serve),
    /// Ring the hotline by script, as a citizen would
    Call(caller::Args),
    /// Print what the configured model hears in recordings
    Transcribe(Transcribe),
    /// The speech process, started by `serve`
    #[command(hide = true)]
    Speech(SpeechProcess),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Bring the database up to date, and end
    Migrate(Data),
    /// Manage people from the command line
    #[command(subcommand)]
    User(UserCommand),
    /// Manage the demonstration's data
    #[command(subcommand)]
    Demo(DemoCommand),
    /// Prove working calendars and clocks
    #[command(subcommand)]
    Sla(clocks::SlaCommand),
    /// Look at flow profiles, and move open tickets between their versions
    #[command(subcommand)]
    Flow(clocks::FlowCommand),
    /// Say what is missing on this machine, and what is wrong with the data
    Doctor(Doctor),
    /// Copy everything into a folder, and go on copying what is new while the program runs
    Backup(Backup),
    /// Lay a backup into an empty data folder
    Restore(Restore),
    /// Print the description of the interface (`OpenAPI`)
    Openapi,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Lay demonstration data and accounts, and take calls from this machine
    #[arg(long)]
    pub(crate) demo: bool,
    #[command(flatten)]
    pub(crate) data: Data,
    /// Address of console and interface; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub(crate) http: Option<SocketAddr>,
    /// Address for trunks, by UDP and TCP; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    pub(crate) sip: Option<SocketAddr>,
    /// Serve the console from this folder instead of the one built in
    #[arg(long, value_name = "DIR")]
    pub(crate) web: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Data {
    /// Folder for everything the program keeps
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) data: Data,
    /// One JSON document instead of lines
    #[arg(long)]
    pub(crate) json: bool,
    /// Leave out reading every recording
    #[arg(long)]
    pub(crate) quick: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Folder of the backup, on another disk or machine
    #[arg(long, value_name = "FOLDER")]
    pub(crate) to: PathBuf,
    /// File for the keys, kept apart: who has both can read every name
    #[arg(long, value_name = "FILE")]
    pub(crate) keys_to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// Folder of the backup
    #[arg(long, value_name = "FOLDER")]
    pub(crate) from: PathBuf,
    /// The file of keys that was kept apart
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: PathBuf,
    /// Empty or new data folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Only up to this moment, such as "2026-11-24 09:30:00+08"; else up to the last that was copied
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Transcribe {
    /// WAV files of one or two tracks
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// txt, tsv (`file<TAB>text`) or json; of two tracks left is `file:1`, right `file:2`
    #[arg(long, default_value = "txt")]
    pub(crate) format: speech::transcribe::Format,
}

#[derive(Debug, Args)]
pub(crate) struct SpeechProcess {
    #[arg(long)]
    pub(crate) socket: PathBuf,
    #[arg(long)]
    pub(crate) model: PathBuf,
    #[arg(long)]
    pub(crate) threads: usize,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print what was read, or every mistake with its file, line and key
    Check,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Add someone, and print a link that works once
    Add(NewUser),
}

#[derive(Debug, Args)]
pub(crate) struct NewUser {
    /// Name to sign in with
    pub(crate) name: String,
    /// Name that others see
    #[arg(long)]
    pub(crate) display_name: Option<String>,
    /// Roles, such as administrator or agent
    #[arg(long = "role", required = true, value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Subcommand)]
enum DemoCommand {
    /// Take out everything that was laid for the demonstration
    Remove(Data),
}

fn main() -> ExitCode {
    let line = Line::parse();
    commands::start_logging();
    // Whoever comes first: the only error is that there is a provider already.
    drop(rustls::crypto::ring::default_provider().install_default());
    match run(line) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lianxin: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(line: Line) -> anyhow::Result<ExitCode> {
    let dir = line.config;
    match line.command {
        Command::Config(ConfigCommand::Check) => return Ok(commands::check_config(&dir)),
        Command::Sla(clocks::SlaCommand::Check { file }) => return commands::check_sla(&file),
        Command::Sla(clocks::SlaCommand::Rebuild(what)) => {
            return clocks::rebuild_clocks(&commands::configuration(&dir)?, &what);
        }
        Command::Flow(what) => return clocks::flow(&commands::configuration(&dir)?, &what),
        Command::Openapi => commands::openapi()?,
        Command::Call(call) => commands::runtime()?.block_on(caller::run(call))?,
        Command::Transcribe(what) => commands::transcribe(&commands::configuration(&dir)?, &what)?,
        Command::Speech(it) => {
            // Before any other thread: each inherits it. Calls come first on a busy core.
            rustix::process::nice(10).context("nice")?;
            let work = speech::process::run(&it.socket, &it.model, it.threads);
            commands::runtime()?.block_on(work)?;
        }
        Command::Doctor(what) => return doctor::run(&dir, &what),
        Command::Backup(what) => backup::run(&commands::configuration(&dir)?, &what)?,
        Command::Restore(what) => return restore::run(&commands::configuration(&dir)?, &what),
        Command::Serve(serve) => app::serve(commands::configuration(&dir)?, &serve)?,
        Command::Migrate(data) => commands::migrate(&commands::configuration(&dir)?, &data.data)?,
        Command::User(UserCommand::Add(new)) => {
            commands::add_user(&commands::configuration(&dir)?, &new)?;
        }
        Command::Demo(DemoCommand::Remove(data)) => {
            commands::remove_demo(&commands::configuration(&dir)?, &data.data)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
