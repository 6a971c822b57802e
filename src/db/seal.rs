//! Sealing of what lies on disk: each object has a key of its own, wrapped by a master key; its
//! content is sealed in chunks, so that a piece can be read alone. Cutting, swapping and reordering
//! are noticed.
//!
//! A sealed object is: magic, algorithm, name of the master key, the wrapped key, the start of the
//! nonces, chunks. The algorithm stands in each object, so that another can be used later.
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

use base::Dice;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

const MAGIC: &[u8; 8] = b"LXSEAL1\0";
/// XChaCha20-Poly1305 (the only one so far; SM4 would be the next).
const ALGORITHM: u8 = 1;
const NONCE: usize = 24;
const TAG: usize = 16;
const WRAPPED: usize = 32 + TAG;
/// A chunk's nonce: these bytes of the object, its number, and whether it is the last.
const START: usize = NONCE - 5;
/// Plain bytes in a chunk.
pub const CHUNK: usize = 64 << 10;

/// What can go wrong with something sealed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Sealed with a master key that is not in the file of keys.
    #[error("没有密钥 {0} (the key is not there)")]
    NoKey(String),
    /// Not sealed by us, changed, or cut.
    #[error("密封内容已损坏 (what was sealed has been changed or cut)")]
    Broken,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The master keys. They come from the file of keys, which `org` reads.
pub struct Keys {
    current: String,
    keys: BTreeMap<String, [u8; 32]>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("current", &self.current).finish_non_exhaustive()
    }
}

impl Keys {
    /// `current` seals; every other one opens what it sealed before. `None` when `current` is not
    /// among them, or a name is empty or longer than 255 bytes.
    pub fn new(current: &str, keys: BTreeMap<String, [u8; 32]>) -> Option<Self> {
        let fits = keys.keys().all(|name| (1..=255).contains(&name.len()));
        (fits && keys.contains_key(current)).then(|| Self { current: current.to_owned(), keys })
    }

    /// Keys for tests.
    pub fn random(dice: &dyn Dice) -> Self {
        let keys = BTreeMap::from([("o1".to_owned(), dice.bytes())]);
        Self { current: "o1".to_owned(), keys }
    }

    /// Seals everything that `from` gives. It opens only with the same `context`, the object's name.
    pub fn seal(
        &self,
        context: &[u8],
        from: &mut dyn Read,
        to: &mut dyn Write,
        dice: &dyn Dice,
    ) -> io::Result<()> {
        let key: [u8; 32] = dice.bytes();
        let wrap: [u8; NONCE] = dice.bytes();
        let start: [u8; START] = dice.bytes();
        let mut head = MAGIC.to_vec();
        head.push(ALGORITHM);
        head.push(u8::try_from(self.current.len()).expect("checked when read"));
        head.extend(self.current.as_bytes());
        let bound = [head.as_slice(), context].concat();
        let wrapped = cipher(&self.keys[&self.current])
            .encrypt(&XNonce::from(wrap), Payload { msg: &key, aad: &bound })
            .map_err(|_| io::Error::other("sealing failed"))?;
        for part in [&head[..], &wrap, &wrapped, &start] {
            to.write_all(part)?;
        }
        let cipher = cipher(&key);
        let mut chunk = fill(from)?;
        for number in 0_u32.. {
            let next = fill(from)?;
            let last = next.is_empty();
            let sealed = cipher
                .encrypt(&chunk_nonce(start, number, last), chunk.as_slice())
                .map_err(|_| io::Error::other("sealing failed"))?;
            to.write_all(&sealed)?;
            if last {
                return Ok(());
            }
            chunk = next;
        }
        Err(io::Error::other("too long to be sealed"))
    }

    /// Seals something short, whole.
    pub fn seal_bytes(&self, context: &[u8], mut plain: &[u8], dice: &dyn Dice) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plain.len() + 160);
        self.seal(context, &mut plain, &mut sealed, dice).expect("memory takes what is written");
        sealed
    }

    /// Opens what [`Keys::seal_bytes`] sealed.
    pub fn open_bytes(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.open_sealed(context, io::Cursor::new(sealed))?.read(0..u64::MAX)
    }

    /// Opens something sealed; its end is checked at once, so that a cut is noticed.
    pub fn open_sealed<R: Read + Seek>(
        &self,
        context: &[u8],
        mut from: R,
    ) -> Result<Opened<R>, Error> {
        let mut head = [0; 10];
        from.read_exact(&mut head).map_err(|_| Error::Broken)?;
        if head[..8] != *MAGIC || head[8] != ALGORITHM {
            return Err(Error::Broken);
        }
        let mut rest = vec![0; usize::from(head[9]) + NONCE + WRAPPED + START];
        from.read_exact(&mut rest).map_err(|_| Error::Broken)?;
        let (name, rest) = rest.split_at(usize::from(head[9]));
        let bound = [&head[..], name, context].concat();
        let name = String::from_utf8_lossy(name).into_owned();
        let master = self.keys.get(&name).ok_or(Error::NoKey(name))?;
        let (wrap, rest) = rest.split_first_chunk::<NONCE>().ok_or(Error::Broken)?;
        let (wrapped, start) = rest.split_at(WRAPPED);
        let key = cipher(master)
            .decrypt(&XNonce::from(*wrap), Payload { msg: wrapped, aad: &bound })
            .map_err(|_| Error::Broken)?;
        let key: [u8; 32] = key.try_into().map_err(|_| Error::Broken)?;
        let body = from.stream_position()?;
        let sealed = from.seek(SeekFrom::End(0))? - body;
        let whole = (CHUNK + TAG) as u64;
        let chunks = sealed.div_ceil(whole);
        if chunks == 0 || sealed < chunks * TAG as u64 {
            return Err(Error::Broken);
        }
        let mut opened = Opened {
            from,
            cipher: cipher(&key),
            start: start.try_into().map_err(|_| Error::Broken)?,
            body,
            chunks,
            length: sealed - chunks * TAG as u64,
        };
        opened.chunk(chunks - 1)?;
        Ok(opened)
    }
}

/// Something sealed, open for reading.
pub struct Opened<R> {
    from: R,
    cipher: XChaCha20Poly1305,
    start: [u8; START],
    body: u64,
    chunks: u64,
    length: u64,
}

impl<R> std::fmt::Debug for Opened<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("length", &self.length).finish_non_exhaustive()
    }
}

impl<R: Read + Seek> Opened<R> {
    /// Plain bytes in all.
    pub fn len(&self) -> u64 {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The plain bytes of a range; what lies beyond the end is left out.
    pub fn read(&mut self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        let range = range.start..range.end.min(self.length);
        let mut plain = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let number = at / CHUNK as u64;
            let first = number * CHUNK as u64;
            let chunk = self.chunk(number)?;
            let inside = |offset: u64| usize::try_from(offset - first).map_err(|_| Error::Broken);
            let end = range.end.min(first + chunk.len() as u64);
            plain.extend(chunk.get(inside(at)?..inside(end)?).ok_or(Error::Broken)?);
            at = end;
        }
        Ok(plain)
    }

    fn chunk(&mut self, number: u64) -> Result<Vec<u8>, Error> {
        let whole = (CHUNK + TAG) as u64;
        self.from.seek(SeekFrom::Start(self.body + number * whole))?;
        let mut sealed = Vec::with_capacity(CHUNK + TAG);
        (&mut self.from).take(whole).read_to_end(&mut sealed)?;
        let nonce = u32::try_from(number).map_err(|_| Error::Broken)?;
        let nonce = chunk_nonce(self.start, nonce, number + 1 == self.chunks);
        self.cipher.decrypt(&nonce, sealed.as_slice()).map_err(|_| Error::Broken)
    }
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

fn chunk_nonce(start: [u8; START], number: u32, last: bool) -> XNonce {
    let mut nonce = [0; NONCE];
    nonce[..START].copy_from_slice(&start);
    nonce[START..NONCE - 1].copy_from_slice(&number.to_be_bytes());
    nonce[NONCE - 1] = u8::from(last);
    nonce.into()
}

/// A full chunk, or what is left.
fn fill(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::with_capacity(CHUNK);
    from.take(CHUNK as u64).read_to_end(&mut chunk)?;
    Ok(chunk)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use base::SeededDice;
    use proptest::prelude::*;

    use super::*;

    fn sealed(keys: &Keys, plain: &[u8]) -> Vec<u8> {
        let mut to = Vec::new();
        keys.seal(b"call/1", &mut &*plain, &mut to, &SeededDice::new(2)).unwrap();
        to
    }

    fn opened(keys: &Keys, sealed: &[u8]) -> Result<Opened<Cursor<Vec<u8>>>, Error> {
        keys.open_sealed(b"call/1", Cursor::new(sealed.to_vec()))
    }

    fn plain(length: usize) -> Vec<u8> {
        (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_range_of_any_length_reads_what_was_written(
            length in prop_oneof![0..300_usize, (CHUNK - 2)..(CHUNK + 2), (2 * CHUNK - 2)..(2 * CHUNK + 300)],
            from in 0.0..1.0, to in 0.0..1.1,
        ) {
            let keys = Keys::random(&SeededDice::new(1));
            let plain = plain(length);
            let mut opened = opened(&keys, &sealed(&keys, &plain)).unwrap();
            prop_assert_eq!(opened.len(), length as u64);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place inside")]
            let at = |share: f64| (length as f64 * share) as usize;
            let (from, to) = (at(from), at(to));
            let read = opened.read(from as u64..to as u64).unwrap();
            prop_assert_eq!(&read[..], plain.get(from..to.min(length)).unwrap_or_default());
        }

        #[test]
        fn a_cut_or_a_changed_byte_is_noticed(at: prop::sample::Index, cut: bool) {
            let keys = Keys::random(&SeededDice::new(1));
            let mut bytes = sealed(&keys, &plain(CHUNK + 100));
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 }
            let read = opened(&keys, &bytes).and_then(|mut opened| opened.read(0..u64::MAX));
            prop_assert!(read.is_err());
        }
    }

    #[test]
    fn a_cut_between_two_chunks_is_noticed_at_the_opening() {
        let keys = Keys::random(&SeededDice::new(1));
        let bytes = sealed(&keys, &plain(3 * CHUNK));
        assert!(opened(&keys, &bytes[..bytes.len() - CHUNK - TAG]).is_err());
    }

    #[test]
    fn a_sealed_object_does_not_open_under_another_name() {
        let keys = Keys::random(&SeededDice::new(1));
        let bytes = sealed(&keys, b"words");
        assert!(keys.open_sealed(b"call/2", Cursor::new(bytes)).is_err());
    }

    #[test]
    fn a_new_master_key_seals_and_the_old_one_still_opens() {
        let (first, second) = (("o1".to_owned(), [1; 32]), ("o2".to_owned(), [2; 32]));
        let old = Keys::new("o1", BTreeMap::from([first.clone()])).unwrap();
        let both = Keys::new("o2", BTreeMap::from([first, second])).unwrap();
        let bytes = sealed(&old, b"words");
        assert_eq!(opened(&both, &bytes).unwrap().read(0..9).unwrap(), b"words");
        assert!(matches!(opened(&old, &sealed(&both, b"words")), Err(Error::NoKey(_))));
    }

    #[test]
    fn something_short_opens_in_its_own_place_only() {
        let keys = Keys::random(&SeededDice::new(1));
        let sealed = keys.seal_bytes(b"call/1", "暖气不热".as_bytes(), &SeededDice::new(2));
        assert_eq!(keys.open_bytes(b"call/1", &sealed).unwrap(), "暖气不热".as_bytes());
        assert!(keys.open_bytes(b"call/2", &sealed).is_err());
    }
}
