//! Files that are too big for rows: recordings, attachments, exports. They lie in a folder, sealed;
//! deleting one ends its key with it. Everything here reads and writes files: call it from
//! `spawn_blocking`.
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use base::Dice;

use crate::seal::{Error, Keys, Opened};

/// The folder of objects; cheap to clone.
#[derive(Clone)]
pub struct Objects {
    folder: PathBuf,
    keys: Arc<Keys>,
    dice: Arc<dyn Dice>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Objects {
    pub fn new(folder: PathBuf, keys: Arc<Keys>, dice: Arc<dyn Dice>) -> Self {
        Self { folder, keys, dice }
    }

    /// Stores bytes under a name such as `recordings/2026-03-02/….wav`. On disk when it returns.
    pub fn put(&self, name: &str, mut bytes: &[u8]) -> Result<(), Error> {
        self.put_from(name, &mut bytes)
    }

    /// Stores a copy of a file.
    pub fn put_file(&self, name: &str, path: &Path) -> Result<(), Error> {
        self.put_from(name, &mut File::open(path)?)
    }

    /// Stores everything that `from` gives, piece by piece.
    pub fn put_read(&self, name: &str, from: &mut dyn Read) -> Result<(), Error> {
        self.put_from(name, from)
    }

    /// Opens an object; `None` when there is none of this name.
    pub fn open(&self, name: &str) -> Result<Option<Opened<File>>, Error> {
        match File::open(self.path(name)?) {
            Ok(file) => self.keys.open_sealed(name.as_bytes(), file).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Erases an object, and its key with it, also one half written. Erasing twice is no error.
    pub fn delete(&self, name: &str) -> Result<(), Error> {
        let path = self.path(name)?;
        for file in [path.with_extension("new"), path] {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    fn put_from(&self, name: &str, from: &mut dyn Read) -> Result<(), Error> {
        let path = self.path(name)?;
        let parent = path.parent().unwrap_or(&self.folder);
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        let new = path.with_extension("new");
        let mut options = OpenOptions::new();
        let file = options.create(true).write(true).truncate(true).mode(0o600).open(&new)?;
        let mut to = BufWriter::new(file);
        self.keys.seal(name.as_bytes(), from, &mut to, &*self.dice)?;
        to.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(parent)?.sync_all()?;
        Ok(())
    }

    /// Only plain names: nothing above the folder, nothing hidden.
    fn path(&self, name: &str) -> Result<PathBuf, Error> {
        let plain = Path::new(name).components().all(|part| match part {
            Component::Normal(part) => !part.to_string_lossy().starts_with('.'),
            _ => false,
        });
        if name.is_empty() || !plain {
            let why = format!("{name:?} is no name of an object");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why).into());
        }
        Ok(self.folder.join(name))
    }
}

#[cfg(test)]
mod tests {
    use base::SeededDice;

    use super::*;

    fn objects() -> (tempfile::TempDir, Objects) {
        let dir = tempfile::tempdir().unwrap();
        let dice = Arc::new(SeededDice::new(1));
        let keys = Arc::new(Keys::random(&*dice));
        let objects = Objects::new(dir.path().to_owned(), keys, dice);
        (dir, objects)
    }

    #[test]
    fn what_was_put_is_read_and_not_readable_on_disk() {
        let (dir, objects) = objects();
        objects.put("recordings/one.wav", b"a voice").unwrap();
        let mut opened = objects.open("recordings/one.wav").unwrap().unwrap();
        assert_eq!(opened.read(2..7).unwrap(), b"voice");
        let on_disk = fs::read(dir.path().join("recordings/one.wav")).unwrap();
        assert!(!on_disk.windows(5).any(|bytes| bytes == b"voice"));
    }

    #[test]
    fn an_erased_object_is_gone() {
        let (_dir, objects) = objects();
        objects.put("one", b"a voice").unwrap();
        objects.delete("one").unwrap();
        objects.delete("one").unwrap();
        assert!(objects.open("one").unwrap().is_none());
    }

    #[test]
    fn a_name_cannot_leave_the_folder() {
        let (_dir, objects) = objects();
        for name in ["../x", "/etc/x", "a/../../x", ".hidden", ""] {
            assert!(objects.put(name, b"").is_err(), "{name}");
        }
    }
}
