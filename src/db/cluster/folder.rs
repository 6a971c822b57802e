//! The cluster's folders: who may enter, who holds them, and where a socket fits.
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use sha2::{Digest, Sha256};

use crate::Error;

/// `sun_path` holds 108 bytes with its final zero.
const LONGEST_SOCKET: usize = 107;

/// Makes a folder that only this user may enter, or makes it so.
pub(super) fn private(folder: &Path) -> Result<(), Error> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(Error::at(folder))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(Error::at(folder))
}

/// Takes the cluster's folder for this process, until the file is dropped.
pub(super) fn lock(dir: &Path) -> Result<File, Error> {
    private(dir)?;
    let path = dir.join("lock");
    let file = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(Error::at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse(dir.to_owned())),
        Err(TryLockError::Error(why)) => Err(Error::File { path, why }),
    }
}

/// The socket's folder: inside `dir`, or a short one for this user when the path would be too
/// long for a socket.
pub(super) fn run_folder(dir: &Path) -> Result<PathBuf, Error> {
    let inside = dir.join("run");
    if inside.join(".s.PGSQL.5432.lock").as_os_str().len() <= LONGEST_SOCKET {
        private(&inside)?;
        return Ok(inside);
    }
    let name = hex::encode(&Sha256::digest(dir.as_os_str().as_encoded_bytes())[..8]);
    let short = Path::new("/tmp").join(format!("lianxin-{}-{name}", geteuid()));
    if let Err(why) = DirBuilder::new().mode(0o700).create(&short)
        && why.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(Error::File { path: short, why });
    }
    // The parent is everybody's: somebody else may have made the folder, or a link in its place.
    let found = fs::symlink_metadata(&short).map_err(Error::at(&short))?;
    if !found.is_dir() || found.uid() != geteuid().as_raw() {
        let why = io::Error::new(io::ErrorKind::PermissionDenied, "belongs to somebody else");
        return Err(Error::File { path: short, why });
    }
    private(&short)?;
    Ok(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_would_not_fit_moves_to_a_short_folder() {
        let dir = tempfile::tempdir().unwrap();
        let long = dir.path().join("x".repeat(90));
        let run = run_folder(&long).unwrap();
        assert!(run.starts_with("/tmp") && run.as_os_str().len() < 60);
        assert_eq!(fs::metadata(&run).unwrap().permissions().mode() & 0o777, 0o700);
        fs::remove_dir(run).unwrap();
    }

    #[test]
    fn a_folder_has_one_owner_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock(dir.path()).unwrap();
        assert!(matches!(lock(dir.path()), Err(Error::InUse(_))));
        drop(held);
        assert!(lock(dir.path()).is_ok());
    }
}
