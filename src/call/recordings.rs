//! Where recordings lie. While a call goes on its recording is a plain file, made durable each
//! second, so that a crash costs no more than that. Once it is closed it is sealed, and the plain
//! file goes when the sealed one is safe on disk.
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use base::CallId;
use chrono::{DateTime, Datelike, Utc};
use db::objects::Objects;
use db::seal;

use crate::callbacks::local;

/// The folder of recordings and their sealed store. Cheap to clone; what reads or writes files
/// belongs on a blocking thread.
#[derive(Debug, Clone)]
pub struct Recordings {
    folder: PathBuf,
    objects: Objects,
}

/// A recording, open for reading.
#[derive(Debug)]
pub enum Sound {
    Sealed(seal::Opened<File>),
    /// Not sealed yet: the call ended a moment ago, or the disk had no room.
    Plain(File),
}

impl Sound {
    /// Bytes of the whole file.
    pub fn length(&self) -> io::Result<u64> {
        match self {
            Self::Sealed(opened) => Ok(opened.len()),
            Self::Plain(file) => Ok(file.metadata()?.len()),
        }
    }

    /// The bytes of a range, up to the file's end.
    pub fn read(&mut self, range: Range<u64>) -> Result<Vec<u8>, seal::Error> {
        match self {
            Self::Sealed(opened) => opened.read(range),
            Self::Plain(file) => {
                let mut bytes = Vec::new();
                file.seek(SeekFrom::Start(range.start))?;
                file.take(range.end.saturating_sub(range.start)).read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }
}

impl Recordings {
    /// Live recordings lie in `folder`, closed ones in the store under `recordings/`.
    pub fn new(folder: PathBuf, objects: Objects) -> Self {
        Self { folder, objects }
    }

    /// How a call's recording is called in both places: `2026/11-24/….wav`, by the day of the call.
    pub fn name(call: CallId, invite_at: DateTime<Utc>) -> String {
        let day = local(invite_at).date_naive();
        format!("{:04}/{}/{call}.wav", day.year(), day.format("%m-%d"))
    }

    /// The plain file of that name.
    pub(crate) fn plain(&self, name: &str) -> PathBuf {
        self.folder.join(short(name))
    }

    /// Seals a closed recording; the plain file goes when the sealed one is on disk. A second time
    /// changes nothing.
    pub fn seal(&self, name: &str) -> Result<(), seal::Error> {
        let plain = self.plain(name);
        match self.objects.put_file(&object(name), &plain) {
            Err(seal::Error::Io(error))
                if error.kind() == io::ErrorKind::NotFound && !plain.exists() =>
            {
                Ok(())
            }
            Err(error) => Err(error),
            Ok(()) => gone(&plain).map_err(Into::into),
        }
    }

    /// Opens a recording; `None` when there is none of this name.
    pub fn open(&self, name: &str) -> Result<Option<Sound>, seal::Error> {
        let sealed = || Ok(self.objects.open(&object(name))?.map(Sound::Sealed));
        if let Some(sound) = sealed()? {
            return Ok(Some(sound));
        }
        match File::open(self.plain(name)) {
            Ok(file) => Ok(Some(Sound::Plain(file))),
            // Sealed between the two looks.
            Err(error) if error.kind() == io::ErrorKind::NotFound => sealed(),
            Err(error) => Err(error.into()),
        }
    }

    /// Erases a recording, sealed or not, and its key. Erasing twice is no error.
    pub fn delete(&self, name: &str) -> Result<(), seal::Error> {
        gone(&self.plain(name))?;
        self.objects.delete(&object(name))
    }

    /// The plain files that nobody has written to since `untouched` ago, with their calls.
    pub(crate) fn left(&self, untouched: Duration) -> io::Result<Vec<(CallId, String)>> {
        let mut found = Vec::new();
        for year in folders(&self.folder)? {
            for day in folders(&year)? {
                for file in fs::read_dir(&day)?.flatten().map(|entry| entry.path()) {
                    let call = file.file_stem().and_then(|stem| stem.to_str());
                    let Some(call) = call.and_then(|stem| stem.parse().ok()) else { continue };
                    let is_wav = file.extension().is_some_and(|ending| ending == "wav");
                    let written = file.metadata().and_then(|about| about.modified());
                    if is_wav && written.is_ok_and(|at| is_older(at, untouched)) {
                        found.push((call, short(&file.to_string_lossy())));
                    }
                }
            }
        }
        Ok(found)
    }
}

/// By the file system's own clock: it wrote the other time, too.
fn is_older(at: SystemTime, than: Duration) -> bool {
    than.is_zero() || at.elapsed().is_ok_and(|age| age >= than)
}

/// Year, day and file of a name, or of a path that an earlier version wrote down.
fn short(name: &str) -> String {
    let parts: Vec<_> = Path::new(name).iter().map(|part| part.to_string_lossy()).collect();
    parts[parts.len().saturating_sub(3)..].join("/")
}

fn object(name: &str) -> String {
    format!("recordings/{}", short(name))
}

fn folders(inside: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(inside) {
        Ok(entries) => {
            Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Deletes a file that may be gone already.
fn gone(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use base::{Clock, ManualClock, SeededDice};

    fn recordings(folder: &Path) -> Recordings {
        let dice = Arc::new(SeededDice::new(1));
        let keys = Arc::new(seal::Keys::random(&*dice));
        let objects = Objects::new(folder.join("objects"), keys, dice);
        Recordings::new(folder.join("recordings"), objects)
    }

    fn recorded(recordings: &Recordings, sound: &[u8]) -> String {
        let now = ManualClock::default().now();
        let name = Recordings::name(CallId::new(now, [1; 10]), now);
        let plain = recordings.plain(&name);
        fs::create_dir_all(plain.parent().unwrap()).unwrap();
        fs::write(&plain, sound).unwrap();
        name
    }

    fn heard(recordings: &Recordings, name: &str) -> Option<Vec<u8>> {
        let mut sound = recordings.open(name).unwrap()?;
        Some(sound.read(2..7).unwrap())
    }

    #[test]
    fn a_sealed_recording_reads_as_before_and_no_plain_file_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = recordings(folder.path());
        let name = recorded(&recordings, b"a voice of somebody");
        assert_eq!(heard(&recordings, &name).unwrap(), b"voice");
        recordings.seal(&name).unwrap();
        assert!(!recordings.plain(&name).exists());
        let sound = recordings.open(&name).unwrap().unwrap();
        assert!(matches!(sound, Sound::Sealed(_)));
        assert_eq!(sound.length().unwrap(), 19);
        assert_eq!(heard(&recordings, &name).unwrap(), b"voice");
    }

    #[test]
    fn sealing_twice_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = recordings(folder.path());
        let name = recorded(&recordings, b"a voice of somebody");
        recordings.seal(&name).unwrap();
        recordings.seal(&name).unwrap();
        assert_eq!(heard(&recordings, &name).unwrap(), b"voice");
    }

    #[test]
    fn a_crash_between_sealed_and_gone_leaves_what_the_next_start_finds() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = recordings(folder.path());
        let name = recorded(&recordings, b"a voice of somebody");
        recordings.objects.put_file(&object(&name), &recordings.plain(&name)).unwrap();
        let left = recordings.left(Duration::ZERO).unwrap();
        assert_eq!(left.len(), 1);
        recordings.seal(&left[0].1).unwrap();
        assert!(recordings.left(Duration::ZERO).unwrap().is_empty());
        assert_eq!(heard(&recordings, &name).unwrap(), b"voice");
    }

    #[test]
    fn a_recording_that_is_being_written_is_not_left_over() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = recordings(folder.path());
        recorded(&recordings, b"a voice of somebody");
        assert!(recordings.left(Duration::from_hours(1)).unwrap().is_empty());
    }

    #[test]
    fn an_erased_recording_is_gone_sealed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = recordings(folder.path());
        let name = recorded(&recordings, b"a voice");
        recordings.delete(&name).unwrap();
        assert!(heard(&recordings, &name).is_none());
        recorded(&recordings, b"a voice");
        recordings.seal(&name).unwrap();
        recordings.delete(&name).unwrap();
        assert!(heard(&recordings, &name).is_none());
    }

    #[test]
    fn a_path_that_an_earlier_version_wrote_down_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let recordings = recordings(folder.path());
        let name = recorded(&recordings, b"a voice of somebody");
        let whole = recordings.plain(&name).to_string_lossy().into_owned();
        assert_eq!(heard(&recordings, &whole).unwrap(), b"voice");
    }
}
