use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base::Dice;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::Error;

const NONCE: usize = 24;

/// The keys of the citizens' records: to seal what they said of themselves, and to find a number
/// without storing it. They live in a file of their own, apart from the database and its backups.
pub struct Keys {
    /// What new records are sealed with.
    current: String,
    seal: BTreeMap<String, [u8; 32]>,
    lookup_id: String,
    lookup: [u8; 32],
}

/// Something sealed: the nonce and the ciphertext, and the key that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) key_id: String,
}

/// The file's form. A new sealing key is added and named in `current`; old ones stay to open old
/// records. The lookup key cannot change without hashing every number again.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    current: String,
    seal: BTreeMap<String, String>,
    lookup: Lookup,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lookup {
    id: String,
    key: String,
}

impl Keys {
    /// Reads the file, or makes it at the first start. A file that others may read is refused.
    pub fn open(path: &Path, dice: &dyn Dice) -> Result<Self, Error> {
        match std::fs::metadata(path) {
            Ok(there) => {
                let mode = there.permissions().mode() & 0o777;
                if mode & 0o077 != 0 {
                    let what = format!(
                        "{}: mode {mode:o} lets others read the keys; set 0600",
                        path.display()
                    );
                    return Err(Error::Sealed(what));
                }
                Self::read(path)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Self::make(path, dice)
                    .map_err(|error| Error::Sealed(format!("{}: {error}", path.display())))?;
                Self::read(path)
            }
            Err(error) => Err(Error::Sealed(format!("{}: {error}", path.display()))),
        }
    }

    fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: &dyn fmt::Display| Error::Sealed(format!("{}: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let file: File = toml::from_str(&text).map_err(|error| wrong(&error.message()))?;
        let key = |name: &str, text: &str| -> Result<[u8; 32], Error> {
            let mut key = [0; 32];
            hex::decode_to_slice(text, &mut key)
                .map_err(|_| wrong(&format!("{name}: a key is 64 hexadecimal digits")))?;
            Ok(key)
        };
        let seal = file
            .seal
            .iter()
            .map(|(name, text)| Ok((name.clone(), key(name, text)?)))
            .collect::<Result<BTreeMap<_, _>, Error>>()?;
        if let Some(name) = seal.keys().find(|name| !(1..=255).contains(&name.len())) {
            return Err(wrong(&format!("a key's name has 1 to 255 bytes, not {}", name.len())));
        }
        if !seal.contains_key(&file.current) {
            return Err(wrong(&format!("current: there is no key {:?} in [seal]", file.current)));
        }
        let lookup = key("lookup", &file.lookup.key)?;
        Ok(Self { current: file.current, seal, lookup_id: file.lookup.id, lookup })
    }

    fn make(path: &Path, dice: &dyn Dice) -> std::io::Result<()> {
        let random = || hex::encode(dice.bytes::<32>());
        let file = File {
            current: "p1".to_owned(),
            seal: BTreeMap::from([("p1".to_owned(), random())]),
            lookup: Lookup { id: "n1".to_owned(), key: random() },
        };
        let text = toml::to_string(&file).map_err(std::io::Error::other)?;
        let text = format!(
            "# The keys of the citizens' records. Keep a copy apart from the database's backups:\n# without this file no name, number or address can be read again.\n{text}"
        );
        if let Some(folder) = path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        // Written whole or not at all, and never readable by others.
        let new = path.with_extension("new");
        let mut to = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        to.write_all(text.as_bytes())?;
        to.sync_all()?;
        std::fs::rename(&new, path)
    }

    /// The master keys of recordings, words and attachments: drawn from the sealing keys, so that
    /// one file is kept and one name stands beside each sealed thing.
    pub fn sealing(&self) -> db::seal::Keys {
        let drawn = self.seal.iter().map(|(name, key)| {
            let mut mac =
                Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
            mac.update(b"lianxin/objects/1");
            (name.clone(), mac.finalize().into_bytes().into())
        });
        db::seal::Keys::new(&self.current, drawn.collect()).expect("checked when read")
    }

    /// Keys for tests and simulations: they live nowhere but here.
    pub fn random(dice: &dyn Dice) -> Self {
        Self {
            current: "p1".to_owned(),
            seal: BTreeMap::from([("p1".to_owned(), dice.bytes())]),
            lookup_id: "n1".to_owned(),
            lookup: dice.bytes(),
        }
    }

    /// Seals `plain` so that it opens only together with `bound_to` (the record's id): a ciphertext
    /// copied to another row stays shut.
    pub(crate) fn seal(&self, plain: &[u8], bound_to: &[u8], dice: &dyn Dice) -> Sealed {
        let nonce: [u8; NONCE] = dice.bytes();
        let payload = Payload { msg: plain, aad: bound_to };
        let cipher = XChaCha20Poly1305::new((&self.seal[&self.current]).into());
        let sealed = cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a record is shorter than 2^38 bytes");
        Sealed { bytes: [nonce.as_slice(), &sealed].concat(), key_id: self.current.clone() }
    }

    pub(crate) fn open_sealed(&self, sealed: &Sealed, bound_to: &[u8]) -> Result<Vec<u8>, Error> {
        let key = self.seal.get(&sealed.key_id).ok_or_else(|| {
            Error::Sealed(format!("there is no key {:?} in the keys file", sealed.key_id))
        })?;
        let shut = || Error::Sealed(format!("a record does not open with key {:?}", sealed.key_id));
        let (nonce, msg) = sealed.bytes.split_at_checked(NONCE).ok_or_else(shut)?;
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| shut())?;
        let cipher = XChaCha20Poly1305::new(key.into());
        cipher.decrypt(&XNonce::from(nonce), Payload { msg, aad: bound_to }).map_err(|_| shut())
    }

    /// By which a number is found.
    pub(crate) fn lookup(&self, number: &base::PhoneNumber) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.lookup).expect("HMAC takes a key of any length");
        mac.update(number.canonical().reveal().as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// By which two visits from one address are known to be so, without keeping the address.
    pub(crate) fn source(&self, address: &str) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.lookup).expect("HMAC takes a key of any length");
        mac.update(b"lianxin/source/1 ");
        mac.update(address.as_bytes());
        mac.finalize().into_bytes().into()
    }

    pub(crate) fn lookup_id(&self) -> &str {
        &self.lookup_id
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("current", &self.current).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::SeededDice;

    fn keys() -> Keys {
        Keys::random(&SeededDice::new(1))
    }

    #[test]
    fn what_is_sealed_opens_with_its_own_record_only() {
        let (keys, dice) = (keys(), SeededDice::new(2));
        let sealed = keys.seal(b"plain", b"one", &dice);
        assert_eq!(keys.open_sealed(&sealed, b"one").unwrap(), b"plain");
        assert!(keys.open_sealed(&sealed, b"two").is_err());
    }

    #[test]
    fn one_changed_byte_keeps_it_shut() {
        let keys = keys();
        let mut sealed = keys.seal(b"plain", b"one", &SeededDice::new(2));
        for at in 0..sealed.bytes.len() {
            sealed.bytes[at] ^= 1;
            assert!(keys.open_sealed(&sealed, b"one").is_err(), "byte {at}");
            sealed.bytes[at] ^= 1;
        }
        sealed.bytes.truncate(10);
        assert!(keys.open_sealed(&sealed, b"one").is_err());
    }

    #[test]
    fn the_file_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let first = Keys::open(&path, &SeededDice::new(1)).unwrap();
        let again = Keys::open(&path, &SeededDice::new(2)).unwrap();
        assert_eq!(first.seal, again.seal);
        assert_eq!(first.lookup, again.lookup);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        Keys::open(&path, &SeededDice::new(1)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = Keys::open(&path, &SeededDice::new(1)).unwrap_err().to_string();
        assert!(error.contains("set 0600"), "{error}");
    }

    #[test]
    fn a_broken_file_is_named_with_what_is_wrong_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        std::fs::write(
            &path,
            "current = \"p1\"\n[seal]\np1 = \"abc\"\n[lookup]\nid = \"n1\"\nkey = \"\"\n",
        )
        .unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let error = Keys::open(&path, &SeededDice::new(1)).unwrap_err().to_string();
        assert!(error.contains("keys: p1: a key is 64"), "{error}");
    }

    #[test]
    fn recordings_are_sealed_with_another_key_than_persons_and_the_same_at_each_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let keys = Keys::open(&path, &SeededDice::new(1)).unwrap();
        let sealed = keys.sealing().seal_bytes(b"a call", b"words", &SeededDice::new(2));
        let again = Keys::open(&path, &SeededDice::new(3)).unwrap().sealing();
        assert_eq!(again.open_bytes(b"a call", &sealed).unwrap(), b"words");
        let same = db::seal::Keys::new(&keys.current, keys.seal.clone()).unwrap();
        assert!(same.open_bytes(b"a call", &sealed).is_err());
    }

    #[test]
    fn one_subscriber_has_one_lookup_however_the_number_is_written() {
        let keys = keys();
        let lookup = |text: &str| keys.lookup(&text.parse().unwrap());
        assert_eq!(lookup("13800000001"), lookup("+86 138-0000-0001"));
        assert_ne!(lookup("13800000001"), lookup("13800000002"));
    }
}
