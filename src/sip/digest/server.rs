use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{Algorithm, pieces, response};
use crate::Credentials;
use crate::transaction::At;

/// How long a nonce is good.
const LIFE: TimeDelta = TimeDelta::minutes(5);
/// Nonces whose counters are remembered.
const REMEMBERED: usize = 10_000;

/// Checks answers to challenges of ours. A nonce says itself when and for whom it was made; what
/// is remembered is only how often each was used, so that no answer can be played again.
#[derive(Debug)]
pub(crate) struct Verifier {
    key: [u8; 32],
    used: HashMap<String, u32>,
    order: VecDeque<String>,
}

/// What an answer is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Right,
    /// No answer, or a wrong one.
    Wrong,
    /// The nonce is too old, or was used before: ask again.
    Stale,
}

impl Verifier {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key, used: HashMap::new(), order: VecDeque::new() }
    }

    /// The challenges to send, the stronger one first (RFC 8760 §2.4).
    pub(crate) fn challenges(&self, realm: &str, ip: IpAddr, stale: bool, now: At) -> [String; 2] {
        let made = now.timestamp_millis();
        let nonce = format!("{made:x}.{}", self.seal(made, realm, ip));
        let stale = if stale { ", stale=true" } else { "" };
        [Algorithm::Sha256, Algorithm::Md5].map(|algorithm| {
            let algorithm = algorithm.name();
            format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\"{stale}")
        })
    }

    fn seal(&self, made: i64, realm: &str, ip: IpAddr) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any size");
        mac.update(format!("{made}|{realm}|{ip}").as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    /// Checks an Authorization header. Whoever is named, the same is computed.
    pub(crate) fn check(
        &mut self,
        answer: Option<&str>,
        method: &str,
        realm: &str,
        expected: &Credentials,
        ip: IpAddr,
        now: At,
    ) -> Outcome {
        let Some(pieces) = answer.and_then(pieces) else { return Outcome::Wrong };
        let piece = |name: &str| pieces.get(name).map_or("", String::as_str);
        let algorithm = Some(piece("algorithm")).filter(|name| !name.is_empty()).unwrap_or("MD5");
        let Some((algorithm, false)) = Algorithm::named(algorithm) else { return Outcome::Wrong };
        let nonce = piece("nonce");
        let made = nonce.split_once('.').and_then(|(made, _)| i64::from_str_radix(made, 16).ok());
        let Some(made) = made else { return Outcome::Wrong };
        let ours = format!("{made:x}.{}", self.seal(made, realm, ip));
        let secret = algorithm.secret(&expected.user, realm, &expected.password);
        // The URI as the answer names it: proxies on the way may have re-written the Request-URI.
        let request = algorithm.hash(&format!("{method}:{}", piece("uri")));
        let (nc, cnonce) = (piece("nc"), piece("cnonce"));
        let right = response(algorithm, &secret, nonce, nc, cnonce, &request);
        let same = |a: &str, b: &str| bool::from(a.as_bytes().ct_eq(b.as_bytes()));
        let checks = [
            same(nonce, &ours),
            same(piece("response"), &right),
            same(piece("username"), &expected.user),
            same(piece("realm"), realm),
            piece("qop").eq_ignore_ascii_case("auth"),
        ];
        let Ok(count) = u32::from_str_radix(nc, 16) else { return Outcome::Wrong };
        if checks.contains(&false) {
            return Outcome::Wrong;
        }
        let age = now.timestamp_millis() - made;
        if age > LIFE.num_milliseconds() || !self.first_use(nonce, count) {
            return Outcome::Stale;
        }
        Outcome::Right
    }

    fn first_use(&mut self, nonce: &str, count: u32) -> bool {
        if let Some(used) = self.used.get_mut(nonce) {
            let fresh = count > *used;
            *used = (*used).max(count);
            return fresh;
        }
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.used.remove(&oldest);
        }
        self.used.insert(nonce.to_owned(), count);
        self.order.push_back(nonce.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use base::{Clock, ManualClock};

    use super::*;

    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 9));

    /// An answer to a challenge, as a client would write it.
    fn answer(challenge: &str, password: &str, nc: &str) -> String {
        let of = pieces(challenge).unwrap();
        let (algorithm, _) = Algorithm::named(&of["algorithm"]).unwrap();
        let secret = algorithm.secret("carrier", &of["realm"], password);
        let request = algorithm.hash("INVITE:sip:12345@h");
        let word = response(algorithm, &secret, &of["nonce"], nc, "c", &request);
        format!(
            "Digest username=\"carrier\", realm=\"{}\", nonce=\"{}\", uri=\"sip:12345@h\", algorithm={}, \
             qop=auth, nc={nc}, cnonce=\"c\", response=\"{word}\"",
            of["realm"], of["nonce"], of["algorithm"]
        )
    }

    #[test]
    fn right_answers_are_right_once_for_a_while_and_for_their_sender() {
        let clock = ManualClock::default();
        let by = Credentials::new("carrier", "secret");
        let mut verifier = Verifier::new([7; 32]);
        for strength in 0..2 {
            let challenge =
                verifier.challenges("lianxin", IP, false, clock.now())[strength].clone();
            let mut check = |text: &str, ip: IpAddr| {
                verifier.check(Some(text), "INVITE", "lianxin", &by, ip, clock.now())
            };
            let good = answer(&challenge, "secret", "00000001");
            assert_eq!(check(&answer(&challenge, "wrong", "00000001"), IP), Outcome::Wrong);
            assert_eq!(check(&good.replace("carrier", "Carrier"), IP), Outcome::Wrong);
            assert_eq!(check(&good, [10, 0, 0, 8].into()), Outcome::Wrong);
            assert_eq!(check(&good, IP), Outcome::Right);
            assert_eq!(check(&good, IP), Outcome::Stale, "played again");
            // counters are hexadecimal: the tenth use is 0000000a
            assert_eq!(check(&answer(&challenge, "secret", "0000000a"), IP), Outcome::Right);
            assert_eq!(check(&answer(&challenge, "secret", "00000009"), IP), Outcome::Stale);
            clock.advance(TimeDelta::minutes(6));
            assert_eq!(check(&answer(&challenge, "secret", "0000000b"), IP), Outcome::Stale);
            assert_eq!(check("Digest", IP), Outcome::Wrong);
            assert_eq!(check("", IP), Outcome::Wrong);
        }
        assert_eq!(verifier.check(None, "INVITE", "lianxin", &by, IP, clock.now()), Outcome::Wrong);
    }

    #[test]
    fn the_nonce_of_another_house_is_wrong() {
        let clock = ManualClock::default();
        let by = Credentials::new("carrier", "secret");
        let [challenge, _] = Verifier::new([1; 32]).challenges("lianxin", IP, false, clock.now());
        let good = answer(&challenge, "secret", "00000001");
        let mut ours = Verifier::new([2; 32]);
        assert_eq!(
            ours.check(Some(&good), "INVITE", "lianxin", &by, IP, clock.now()),
            Outcome::Wrong
        );
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_header_makes_the_check_panic(text in "(Digest )?[ -~]{0,80}") {
            let by = Credentials::new("carrier", "secret");
            let now = ManualClock::default().now();
            let outcome = Verifier::new([7; 32]).check(Some(&text), "INVITE", "lianxin", &by, IP, now);
            proptest::prop_assert_eq!(outcome, Outcome::Wrong);
        }
    }
}
