//! One program works in a data folder. The file `lock` in it is held while it does, and the kernel
//! lets go of it with the process.
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Takes the folder for this process, until the file is dropped. A program that is closing is waited
/// for as long as `patience`.
pub(crate) fn take(data: &Path, patience: Duration) -> anyhow::Result<File> {
    let path = data.join("lock");
    let file = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&path);
    let file = file.with_context(|| path.display().to_string())?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(why)) => bail!("{}: {why}", path.display()),
            Err(TryLockError::WouldBlock) if waited < patience => {
                if waited.is_zero() {
                    eprintln!(
                        "{} 正被使用,最多等待 {} 秒 (in use; waiting up to {} s for it to close)",
                        data.display(),
                        patience.as_secs(),
                        patience.as_secs()
                    );
                }
                std::thread::sleep(LOOK_EVERY);
                waited += LOOK_EVERY;
            }
            Err(TryLockError::WouldBlock) => bail!(
                "{} 正被另一个 lianxin 进程使用,请先停止它 (another lianxin works in this data folder; stop it first)",
                data.display()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_process_until_it_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let held = take(folder.path(), Duration::ZERO).unwrap();
        let refused = take(folder.path(), Duration::ZERO).unwrap_err().to_string();
        assert!(refused.contains("another lianxin"), "{refused}");
        drop(held);
        take(folder.path(), Duration::ZERO).unwrap();
    }
}
