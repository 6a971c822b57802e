//! Where the program may write, and as whom it runs: started as root, it goes on as the user
//! `lianxin`, who owns everything it writes from then on.
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{User, geteuid, setgid, setgroups, setuid};
use sha2::{Digest, Sha256};

const USER: &str = "lianxin";
/// Where the data lies when the user may not enter the folder that was named.
const ELSEWHERE: &str = "/var/lib/lianxin";

/// Where the program writes.
#[derive(Debug)]
pub(crate) struct Home {
    /// Everything that is written from now on.
    pub(crate) data: PathBuf,
    /// `demo-accounts.json` in the folder that was named, open for writing: the user may not be
    /// able to enter that folder.
    pub(crate) accounts: Option<File>,
}

/// Writes the file of the demonstration's accounts.
pub(crate) type Fill<'a> = &'a dyn Fn(&mut File) -> anyhow::Result<()>;

/// Makes the data folder, opens the file of the demonstration's accounts and lets `fill` write it,
/// and gives root's rights away. Must run before any thread is started and after the sockets are
/// bound.
pub(crate) fn settle(folder: &Path, fill: Option<Fill<'_>>) -> anyhow::Result<Home> {
    let named = || format!("数据目录 (data folder) {}", folder.display());
    let is_new = !folder.exists();
    DirBuilder::new().recursive(true).mode(0o755).create(folder).with_context(named)?;
    if !geteuid().is_root() {
        let data = folder.canonicalize().with_context(named)?;
        let accounts = fill.map(|fill| accounts_file(folder, None, fill)).transpose()?;
        umask(Mode::from_bits_truncate(0o077));
        return Ok(Home { data, accounts });
    }
    let Some(user) = User::from_name(USER).context("/etc/passwd")? else {
        bail!(
            "以 root 启动时需要用户 {USER};请运行: useradd --system --home-dir {ELSEWHERE} --shell /usr/sbin/nologin {USER} \
             (started as root the program goes on as user {USER}, which does not exist; ops/run makes it)"
        );
    };
    if is_new {
        give(folder, &user)?;
    }
    let canonical = folder.canonicalize().with_context(named)?;
    let data = if may_write(folder, &user)? { canonical } else { elsewhere(&canonical, &user)? };
    let accounts = fill.map(|fill| accounts_file(folder, Some(&user), fill)).transpose()?;
    setgroups(&[user.gid]).context("setgroups")?;
    setgid(user.gid).context("setgid")?;
    setuid(user.uid).context("setuid")?;
    umask(Mode::from_bits_truncate(0o077));
    Ok(Home { data, accounts })
}

/// Makes a folder for this program's user alone, or hands it over when it is there.
pub(crate) fn private_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    let named = || folder.display().to_string();
    if !folder.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(named)?;
        if geteuid().is_root()
            && let Some(user) = User::from_name(USER).context("/etc/passwd")?
        {
            give(folder, &user)?;
        }
    }
    folder.canonicalize().with_context(named)
}

/// The folder below `/var/lib/lianxin` that stands for one the user may not enter.
fn elsewhere(folder: &Path, user: &User) -> anyhow::Result<PathBuf> {
    let hash = hex::encode(&Sha256::digest(folder.as_os_str().as_encoded_bytes())[..8]);
    let data = Path::new(ELSEWHERE).join(hash);
    for (path, mode) in [(Path::new(ELSEWHERE), 0o755), (&data, 0o700)] {
        if !path.exists() {
            DirBuilder::new()
                .mode(mode)
                .create(path)
                .with_context(|| path.display().to_string())?;
            give(path, user)?;
        }
    }
    eprintln!(
        "lianxin: 用户 {USER} 无法进入 {folder},数据写入 {data} (user {USER} cannot enter {folder}; the data lies in {data})",
        folder = folder.display(),
        data = data.display(),
    );
    Ok(data)
}

fn give(path: &Path, user: &User) -> anyhow::Result<()> {
    chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
        .with_context(|| path.display().to_string())
}

/// Asks as the user itself: every folder above counts, and more than the mode's bits.
fn may_write(folder: &Path, user: &User) -> anyhow::Result<bool> {
    let absolute = folder.canonicalize()?;
    let mut test = Command::new("test");
    test.arg("-w").arg(&absolute).arg("-a").arg("-x").arg(&absolute);
    test.uid(user.uid.as_raw()).gid(user.gid.as_raw()).current_dir("/");
    Ok(test.status().context("test")?.success())
}

/// Root's file, written and handed over open; else the user's own.
fn accounts_file(folder: &Path, user: Option<&User>, write: Fill<'_>) -> anyhow::Result<File> {
    let path = folder.join("demo-accounts.json");
    // Not through a link that somebody else has laid there.
    let mut options = OpenOptions::new();
    options.create(true).read(true).write(true).truncate(false).mode(0o600);
    options.custom_flags(OFlag::O_NOFOLLOW.bits());
    let mut file = options.open(&path).with_context(|| path.display().to_string())?;
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    if let Some(user) =
        user.filter(|_| fs::metadata(folder).is_ok_and(|found| owned_by(&found, user)))
    {
        give(&path, user)?;
    }
    write(&mut file).with_context(|| path.display().to_string())?;
    Ok(file)
}

fn owned_by(found: &fs::Metadata, user: Option<&User>) -> bool {
    use std::os::unix::fs::MetadataExt;
    user.is_some_and(|user| found.uid() == user.uid.as_raw())
}
