//! `lianxin restore`: lays a backup into an empty data folder, and looks whether it is whole.
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use base::SystemDice;
use db::Cluster;

use crate::backup::{Manifest, must_be_private};
use crate::config::Config;
use crate::{Restore, app, doctor, mirror, privilege};

pub(crate) fn run(config: &Config, options: &Restore) -> anyhow::Result<ExitCode> {
    must_be_private(config)?;
    let from = &options.from;
    let manifest = read(from)?;
    let key_text = fs::read(&options.keys);
    let key_text =
        key_text.with_context(|| format!("密钥文件 (file of keys) {}", options.keys.display()))?;
    let data = &options.data;
    ensure!(
        !data.exists() || fs::read_dir(data)?.next().is_none(),
        "{} 不是空目录；恢复只写入空目录 (is not empty; a restore writes into an empty folder only)",
        data.display()
    );
    let bases = Cluster::bases(from)?;
    let Some(base) = bases.last() else {
        bail!("{} 中没有数据库备份 base-… (holds no copy of the database)", from.display())
    };
    let programs = Path::new(&config.settings.database.programs);
    let programs = Some(programs).filter(|path| !path.as_os_str().is_empty());
    // before anything is written: wrong versions are told by what the copy was made with
    Cluster::programs(programs, &from.join(base))?;
    let made = !data.exists();
    let home = privilege::settle(data, None)?;
    ensure!(
        fs::read_dir(&home.data)?.next().is_none(),
        "{} 不是空目录 (is not empty)",
        home.data.display()
    );
    let laid = lay(config, options, &home.data, &manifest, &key_text, base, programs);
    if laid.is_err() {
        // what was begun is taken away, so that the next attempt finds an empty folder
        for entry in fs::read_dir(&home.data)?.flatten() {
            let path = entry.path();
            drop(if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) });
        }
        if made {
            drop(fs::remove_dir(data));
        }
    }
    let cluster = laid?;
    let found = doctor::look(config, &home.data, cluster)?;
    Ok(doctor::report(&found, false))
}

fn read(from: &Path) -> anyhow::Result<Manifest> {
    let path = from.join("backup.json");
    let text = fs::read(&path);
    let text = text.with_context(|| {
        format!("{} 不是 lianxin 的备份 (this is no backup of lianxin)", from.display())
    })?;
    let manifest: Manifest =
        serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
    let here = db::MIGRATOR.iter().count();
    ensure!(
        manifest.format == 1 && manifest.migrations <= here,
        "备份由较新的程序 {} 写成：请用同一版本或更新的程序恢复 (made by a newer program: restore with that version)",
        manifest.program
    );
    Ok(manifest)
}

fn lay(
    config: &Config,
    options: &Restore,
    data: &Path,
    manifest: &Manifest,
    key_text: &[u8],
    base: &str,
    programs: Option<&Path>,
) -> anyhow::Result<Cluster> {
    let keys_at = app::keys_file(config, data);
    if !keys_at.exists() {
        write_keys(&keys_at, key_text)?;
    }
    let keys = org::Keys::open(&keys_at, &SystemDice)?;
    ensure!(
        manifest.opens_with(keys),
        "这不是该备份的密钥：{} (these are not the keys of this backup)",
        options.keys.display()
    );
    copy_files(&options.from.join("files"), data)?;
    let until = options.until.as_deref();
    Ok(Cluster::restore(&data.join("postgres"), programs, &options.from, base, until)?)
}

fn write_keys(at: &Path, text: &[u8]) -> anyhow::Result<()> {
    fs::write(at, text).with_context(|| at.display().to_string())?;
    fs::set_permissions(at, fs::Permissions::from_mode(0o600))?;
    Ok(())
}

fn copy_files(from: &Path, to: &Path) -> anyhow::Result<()> {
    if !from.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&target)?;
            copy_files(&entry.path(), &target)?;
        } else if !entry.file_name().to_string_lossy().starts_with('.') {
            mirror::copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}
