//! `lianxin backup`: a base of the private cluster, its log from then on, and a second copy of
//! everything that lies beside it. The keys go into a file of their own.
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use base::{Clock, SystemClock, SystemDice, out};
use db::Cluster;
use org::{Persons, SealedNumber};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::mirror::{Mirror, Target};
use crate::{Backup, app, commands, database, privilege};

/// What opens with the right keys only, and says nothing.
const PROOF: &[u8] = b"lianxin backup";
const PROVEN: &str = "12345";

/// What a backup says of itself: `backup.json` in its folder.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// 1
    pub(crate) format: u32,
    /// The program's version, for people.
    pub(crate) program: String,
    /// Migrations of the schema that the program knew.
    pub(crate) migrations: usize,
    /// Sealed with the keys that a restore needs.
    proof: SealedNumber,
}

impl Manifest {
    fn new(keys: org::Keys) -> anyhow::Result<Self> {
        Ok(Self {
            format: 1,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            migrations: db::MIGRATOR.iter().count(),
            proof: persons(keys).seal_number(&PROVEN.parse()?, PROOF),
        })
    }

    /// Whether these are the keys that the backup was made with.
    pub(crate) fn opens_with(&self, keys: org::Keys) -> bool {
        persons(keys).open_number(&self.proof, PROOF).is_ok()
    }
}

fn persons(keys: org::Keys) -> Persons {
    Persons::new(Arc::new(keys), Arc::new(SystemClock::default()), Arc::new(SystemDice))
}

/// The private cluster only: a server of one's own has its own means.
pub(crate) fn must_be_private(config: &Config) -> anyhow::Result<()> {
    if config.settings.database.url.is_empty() {
        return Ok(());
    }
    bail!(
        "数据库在外部服务器 (database.url)：请用该服务器自己的备份（pg_basebackup、pgBackRest 或 pg_dump），\
         数据目录下的 recordings、objects、spool 用文件备份，keys 另行保管 \
         (the database is a server of your own: use its own backup, copy recordings, objects and spool as files, and keep the file of keys apart)"
    );
}

pub(crate) fn run(config: &Config, options: &Backup) -> anyhow::Result<()> {
    must_be_private(config)?;
    let data = &options.data.data;
    ensure!(data.exists(), "没有数据目录 {} (there is no such data folder)", data.display());
    let to = privilege::private_folder(&options.to)?;
    let mut keys_to = keys_file(&options.keys_to, &to, data)?;
    let home = privilege::settle(data, None)?;
    let keys_at = app::keys_file(config, &home.data);
    let keys = std::fs::read(&keys_at).with_context(|| keys_at.display().to_string())?;
    let manifest = Manifest::new(org::Keys::open(&keys_at, &SystemDice)?)?;
    let opened = database::open_beside(&config.settings.database, &home.data)?;
    let programs = Path::new(&config.settings.database.programs);
    let programs = Some(programs).filter(|path| !path.as_os_str().is_empty());
    let now = SystemClock::default().now();
    let name = now.format("%Y%m%dT%H%M%SZ").to_string();
    let cluster = home.data.join("postgres");
    let copy = Cluster::back_up(&cluster, programs, &to, &name);
    let base = commands::runtime()?.block_on(copy)?;
    drop(opened);
    let files = Mirror::new(home.data.clone(), keys_at).run_to(&to)?;
    std::fs::write(to.join("backup.json"), serde_json::to_vec_pretty(&manifest)?)?;
    Target { to: to.clone() }.write(&home.data)?;
    keys_to.set_len(0)?;
    keys_to.write_all(&keys)?;
    keys_to.sync_all()?;
    nix::unistd::sync();
    out(&format!(
        "备份完成：{}/{base}，{files} 个文件；程序运行期间持续备份，最多落后一分钟。密钥另存于 {}，请与备份分开保管 \
         (done; while the program runs the backup stays less than a minute behind; keep the file of keys apart from it)",
        to.display(),
        options.keys_to.display(),
    ));
    Ok(())
}

/// Opened before root's rights are given away. Never beside the backup, never in the data folder.
fn keys_file(file: &Path, to: &Path, data: &Path) -> anyhow::Result<std::fs::File> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    let folder = folder.with_context(|| file.display().to_string())?;
    for inside in [to, &data.canonicalize()?] {
        ensure!(
            !folder.starts_with(inside),
            "密钥不能与备份或数据放在一起：{} 在 {} 之内 (keep the keys apart: this file lies in that folder)",
            file.display(),
            inside.display()
        );
    }
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(false).mode(0o600);
    options.open(file).with_context(|| file.display().to_string())
}
