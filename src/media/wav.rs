use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write as _};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::RATE;

/// Bytes before the first sample in the files that we write.
pub(crate) const HEADER: u64 = 44;
const HEADER_LENGTH: usize = 44;
/// Bytes of one moment: two tracks of 16 bit.
pub(crate) const BLOCK: u64 = 4;

/// The header of a two-track file with so many bytes of sound.
pub(crate) fn header(data: u64) -> [u8; HEADER_LENGTH] {
    let data = u32::try_from(data).unwrap_or(u32::MAX);
    let mut header = [0; HEADER_LENGTH];
    let block = u32::try_from(BLOCK).expect("4");
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        header[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(b"RIFF");
    put(&data.saturating_add(36).to_le_bytes());
    put(b"WAVEfmt ");
    put(&16u32.to_le_bytes());
    put(&1u16.to_le_bytes()); // PCM
    put(&2u16.to_le_bytes()); // tracks
    put(&RATE.to_le_bytes());
    put(&(RATE * block).to_le_bytes());
    put(&4u16.to_le_bytes());
    put(&16u16.to_le_bytes());
    put(b"data");
    put(&data.to_le_bytes());
    header
}

/// What [`repair`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// Lower-case hexadecimal SHA-256 of the file as it is now.
    pub sha256: String,
    pub millis: u64,
    /// Whether anything had to be mended.
    pub mended: bool,
}

/// Makes a recording whole that a crash cut off: a torn last moment is dropped and the sizes in
/// the header are set. A whole recording stays as it is.
///
/// # Errors
/// When the file is none of our recordings, or cannot be read or written.
pub fn repair(path: &Path) -> io::Result<Repaired> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    let mut found = Vec::new();
    (&file).take(HEADER).read_to_end(&mut found)?;
    let whole = length.saturating_sub(HEADER) / BLOCK * BLOCK;
    let right = header(whole);
    let ours = |range: std::ops::Range<usize>| found.get(range.clone()) == right.get(range);
    // A file that was cut within its header holds no sound; the header is made anew.
    if length >= HEADER && !(ours(0..4) && ours(8..40)) {
        let why = format!("{} is no recording of ours", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    let mended = found != right || length != HEADER + whole;
    if mended {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&right)?;
        file.set_len(HEADER + whole)?;
        file.sync_all()?;
    }
    Ok(Repaired { sha256: hash(path)?, millis: millis(whole), mended })
}

pub(crate) fn millis(data: u64) -> u64 {
    data / BLOCK * 1000 / u64::from(RATE)
}

pub(crate) fn hash(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut block) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut block)? {
            0 => break,
            read => hash.update(&block[..read]),
        }
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// The left or only track of a WAV file of 16 bit, with its rate.
pub(crate) fn read_left(path: &Path) -> Result<(u32, Vec<i16>), hound::Error> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    if spec.bits_per_sample != 16 || spec.sample_format != hound::SampleFormat::Int {
        return Err(hound::Error::Unsupported);
    }
    let tracks = usize::from(spec.channels.max(1));
    let samples = reader.samples::<i16>().step_by(tracks).collect::<Result<_, _>>()?;
    Ok((spec.sample_rate, samples))
}
