//! The spool's files: numbered segments, how far they were handled, the space in reserve.
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{FallocateFlags, fallocate};

use super::record::{Record, scan};

/// A segment is full when it is this long; space for it is taken when it is made.
pub(super) const SEGMENT: u64 = 4 << 20;
/// Given back to the file system when the disk is full, so that the calls under way can end well.
const RESERVE: u64 = 16 << 20;

/// The spool's folder.
#[derive(Debug, Clone)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).create(dir)?;
        Ok(Self(dir.to_owned()))
    }

    pub(super) fn segment(&self, number: u64) -> PathBuf {
        self.0.join(format!("{number:012}.spool"))
    }

    /// The numbers of the segments there, in order.
    pub(super) fn segments(&self) -> io::Result<Vec<u64>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".spool"));
            numbers.extend(number.and_then(|number| number.parse::<u64>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Reads a segment of an earlier run and cuts what stands behind its last whole record.
    pub(super) fn recover(&self, number: u64) -> io::Result<Vec<Record>> {
        let path = self.segment(number);
        let bytes = fs::read(&path)?;
        let (records, end) = scan(&bytes);
        if bytes[end..].iter().any(|byte| *byte != 0) {
            let lost = bytes.len() - end;
            tracing::warn!(file = %path.display(), lost, "cut a torn tail off the spool");
        }
        let file = OpenOptions::new().write(true).open(&path)?;
        file.set_len(end as u64)?;
        file.sync_all()?;
        Ok(records)
    }

    /// A new segment with its space taken.
    pub(super) fn create(&self, number: u64) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .read(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(self.segment(number))?;
        let length = i64::try_from(SEGMENT).expect("a small constant");
        match fallocate(&file, FallocateFlags::empty(), 0, length) {
            Ok(()) => {}
            // A file system without preallocation takes the space as it is written.
            Err(nix::errno::Errno::EOPNOTSUPP) => file.set_len(SEGMENT)?,
            Err(error) => {
                drop(fs::remove_file(self.segment(number)));
                return Err(error.into());
            }
        }
        file.sync_all()?;
        File::open(&self.0)?.sync_all()?;
        Ok(file)
    }

    /// The sequence number of the last record that was handled, as far as was noted.
    pub(super) fn handled(&self) -> u64 {
        let bytes = fs::read(self.0.join("handled")).unwrap_or_default();
        match (bytes.first_chunk::<8>(), bytes.get(8..).and_then(<[u8]>::first_chunk::<4>)) {
            (Some(seq), Some(sum)) if crc32fast::hash(seq) == u32::from_le_bytes(*sum) => {
                u64::from_le_bytes(*seq)
            }
            _ => 0,
        }
    }

    /// Where [`Folder::note_handled`] writes.
    pub(super) fn handled_file(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(false).mode(0o600).open(self.0.join("handled"))
    }

    /// Notes how far the records were handled. Not synced: a lost note only means that records
    /// come again.
    pub(super) fn note_handled(file: &File, seq: u64) -> io::Result<()> {
        let seq = seq.to_le_bytes();
        let mut bytes = seq.to_vec();
        bytes.extend(crc32fast::hash(&seq).to_le_bytes());
        file.write_all_at(&bytes, 0)
    }

    /// Puts a record that nobody can use aside, for a person to look at.
    pub(super) fn set_aside(&self, record: &Record) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file =
            options.create(true).append(true).mode(0o600).open(self.0.join("refused"))?;
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        file.write_all(&bytes)?;
        file.sync_data()
    }

    /// Takes the reserve, when it is not there. An error only means that there is no room for it.
    pub(super) fn take_reserve(&self) -> io::Result<()> {
        let path = self.0.join("reserve");
        if path.exists() {
            return Ok(());
        }
        let file = File::create(&path)?;
        let length = i64::try_from(RESERVE).expect("a small constant");
        fallocate(&file, FallocateFlags::empty(), 0, length).map_err(|error| {
            drop(fs::remove_file(&path));
            error.into()
        })
    }

    /// Gives the reserve back; whether there was one.
    pub(super) fn give_reserve(&self) -> bool {
        fs::remove_file(self.0.join("reserve")).is_ok()
    }
}
