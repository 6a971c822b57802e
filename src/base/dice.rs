use std::sync::Mutex;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Where every room gets its randomness, so that a simulation with a seed repeats itself.
pub trait Dice: Send + Sync {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Dice + '_ {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number from 0 up to, but not including, `end`.
    ///
    /// # Panics
    /// When `end` is 0.
    pub fn below(&self, end: u64) -> u64 {
        // 64 random bits over a small range: the bias is below 2^-32 for every use here.
        u64::from_le_bytes(self.bytes()) % end
    }

    /// A word of `length` characters from `alphabet`.
    ///
    /// # Panics
    /// When `alphabet` is empty.
    pub fn word(&self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        let pick = || {
            let at =
                usize::try_from(self.below(letters.len() as u64)).expect("an alphabet is short");
            letters[at]
        };
        (0..length).map(|_| pick()).collect()
    }
}

/// The operating system's randomness, good for keys and passwords.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDice;

impl Dice for SystemDice {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// The same throws every time: for tests and simulations only.
#[derive(Debug)]
pub struct SeededDice(Mutex<StdRng>);

impl SeededDice {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Dice for SeededDice {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().expect("no thrower panics").fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_word() {
        let word = || (&SeededDice::new(7) as &dyn Dice).word("abcdefgh", 12);
        assert_eq!(word(), word());
        assert_eq!(word().len(), 12);
    }

    #[test]
    fn the_system_never_throws_the_same_twice() {
        let dice: &dyn Dice = &SystemDice;
        assert_ne!(dice.bytes::<16>(), dice.bytes::<16>());
    }
}
