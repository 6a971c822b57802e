//! Passwords (口令): made readable, kept as Argon2id, compared off the async threads.
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base::Dice;
use tokio::sync::Semaphore;

use crate::Error;

/// No letters that look like digits or like each other.
const ALPHABET: &str = "abcdefghjkmnpqrstuvwxyz23456789";
const SHORTEST: usize = 10;
const LONGEST: usize = 128;

/// Hashing takes a core and 19 MiB each: a rush of sign-ins waits here instead of taking the machine.
static GATE: Semaphore = Semaphore::const_new(2);

/// A random password such as `k7mw-3fnq-x8td-pe4v`: 78 bits, easy to read out.
pub fn random(dice: &dyn Dice) -> String {
    (0..4).map(|_| dice.word(ALPHABET, 4)).collect::<Vec<_>>().join("-")
}

/// Whether someone may choose it.
pub fn check(password: &str, name: &str) -> Result<(), Error> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(Error::Invalid(format!("密码至少 {SHORTEST} 个字符")));
    }
    if length > LONGEST {
        return Err(Error::Invalid(format!("密码最多 {LONGEST} 个字符")));
    }
    if password.to_lowercase().contains(name) {
        return Err(Error::Invalid("密码不能包含登录名".to_owned()));
    }
    Ok(())
}

/// The Argon2id hash to keep.
pub async fn hash(password: &str, dice: &dyn Dice) -> String {
    let salt: [u8; 16] = dice.bytes();
    let password = password.to_owned();
    blocking(move || {
        Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .expect("a salt of 16 bytes and the default parameters are valid")
            .to_string()
    })
    .await
}

/// Whether the password fits the hash. Without a hash (nobody of this name, or no password yet) it
/// takes as long and says no.
pub async fn verify(hash: Option<String>, password: String) -> bool {
    blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let fits = PasswordHash::new(&hash).is_ok_and(|hash| {
            Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
        });
        known && fits
    })
    .await
}

/// A hash of the default cost that no password is known for.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let _turn = GATE.acquire().await.expect("the gate is never closed");
    tokio::task::spawn_blocking(work).await.expect("hashing does not panic")
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::SeededDice;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let hash = hash("correct horse", &SeededDice::new(1)).await;
        assert!(verify(Some(hash.clone()), "correct horse".to_owned()).await);
        assert!(!verify(Some(hash), "correct hors".to_owned()).await);
    }

    #[tokio::test]
    async fn without_a_hash_no_password_fits() {
        assert!(!verify(None, String::new()).await);
    }

    #[test]
    fn the_stand_in_hash_costs_what_a_real_one_costs() {
        let hash = PasswordHash::new(NOBODY).unwrap();
        assert_eq!(hash.params.to_string(), argon2::Params::default().to_string_like());
    }

    trait Text {
        fn to_string_like(&self) -> String;
    }
    impl Text for argon2::Params {
        fn to_string_like(&self) -> String {
            format!("m={},t={},p={}", self.m_cost(), self.t_cost(), self.p_cost())
        }
    }

    #[test]
    fn a_random_password_is_long_and_has_no_letters_that_look_alike() {
        let password = random(&SeededDice::new(3));
        assert_eq!(password.len(), 19);
        assert!(!password.contains(['l', 'o', 'i', '0', '1']));
        assert!(check(&password, "agent").is_ok());
    }

    #[test]
    fn a_short_password_or_one_with_the_name_in_it_is_refused() {
        assert!(check("short", "agent").is_err());
        assert!(check("my-Agent-password", "agent").is_err());
    }
}
