use super::{Algorithm, pieces, response};
use crate::Credentials;
use crate::message::{self, Reply};

/// What the other side wants to be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the header")]
pub(crate) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    sess: bool,
    /// `qop=auth` is offered; without, the old form of RFC 2069.
    auth: bool,
    /// The last answer was right, but for an old nonce.
    pub(crate) stale: bool,
    proxy: bool,
}

/// The topmost challenge we can answer (RFC 8760 §2.4).
pub(crate) fn challenge(reply: &Reply) -> Option<Challenge> {
    let proxy = reply.status == 407;
    let header = if proxy { "Proxy-Authenticate" } else { "WWW-Authenticate" };
    message::every(&reply.headers, header).find_map(|value| {
        let pieces = pieces(value)?;
        let piece = |name: &str| pieces.get(name).cloned();
        let (algorithm, sess) =
            Algorithm::named(&piece("algorithm").unwrap_or_else(|| "MD5".into()))?;
        let qop = piece("qop");
        let auth = qop
            .as_deref()
            .is_some_and(|qop| qop.split(',').any(|word| word.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some() && !auth {
            return None;
        }
        Some(Challenge {
            realm: piece("realm")?,
            nonce: piece("nonce")?,
            opaque: piece("opaque"),
            algorithm,
            sess,
            auth,
            stale: piece("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            proxy,
        })
    })
}

impl Challenge {
    pub(crate) fn answered_in(&self) -> &'static str {
        if self.proxy { "Proxy-Authorization" } else { "Authorization" }
    }

    /// The header value that answers it.
    pub(crate) fn answer(&self, by: &Credentials, method: &str, uri: &str, cnonce: &str) -> String {
        let hash = |text: &str| self.algorithm.hash(text);
        let mut secret = self.algorithm.secret(&by.user, &self.realm, &by.password);
        if self.sess {
            secret = hash(&format!("{secret}:{}:{cnonce}", self.nonce));
        }
        let request = hash(&format!("{method}:{uri}"));
        let quoted = |text: &str| crate::dialog::quote(text);
        let sess = if self.sess { "-sess" } else { "" };
        let (quality, word) = if self.auth {
            let nc = "00000001";
            let word = response(self.algorithm, &secret, &self.nonce, nc, cnonce, &request);
            (format!(", qop=auth, nc={nc}, cnonce=\"{cnonce}\""), word)
        } else {
            let cnonce = if self.sess { format!(", cnonce=\"{cnonce}\"") } else { String::new() };
            (cnonce, hash(&format!("{secret}:{}:{request}", self.nonce)))
        };
        let opaque = self.opaque.as_deref().map(|opaque| format!(", opaque={}", quoted(opaque)));
        format!(
            "Digest username={}, realm={}, nonce={}, uri={}, algorithm={}{sess}{quality}, \
             response=\"{word}\"{}",
            quoted(&by.user),
            quoted(&self.realm),
            quoted(&self.nonce),
            quoted(uri),
            self.algorithm.name(),
            opaque.unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use rsipstack::sip::headers::make_header;
    use rsipstack::sip::{Headers, Method};

    use super::*;
    use crate::message::{Head, Via};

    fn challenged(values: &[&str]) -> Option<Challenge> {
        let headers = values.iter().map(|value| make_header("WWW-Authenticate", (*value).into()));
        let via = Via::parse("SIP/2.0/UDP h;branch=z9hG4bKx").unwrap();
        let head = Head {
            via,
            call_id: "c".into(),
            from_tag: None,
            to_tag: None,
            cseq: 1,
            method: Method::Invite,
        };
        let headers = Headers::from(headers.collect::<Vec<_>>());
        challenge(&Reply { head, status: 401, reason: String::new(), headers, body: Vec::new() })
    }

    /// The example of RFC 7616 §3.9.1.
    #[test]
    fn the_answers_of_the_rfc_come_out() {
        let cases = [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ];
        for (algorithm, expected) in cases {
            let value = format!(
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe\""
            );
            let by = Credentials::new("Mufasa", "Circle of Life");
            let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
            let answer =
                challenged(&[&value]).unwrap().answer(&by, "GET", "/dir/index.html", cnonce);
            assert!(answer.contains(&format!("response=\"{expected}\"")), "{answer}");
        }
    }

    #[test]
    fn the_topmost_challenge_we_understand_is_taken() {
        let taken = challenged(&[
            "Basic realm=\"x\"",
            "Digest realm=\"a\", nonce=\"1\", algorithm=SHA-512-256",
            "Digest realm=\"b\", nonce=\"2\", algorithm=SHA-256-sess, qop=\"auth\", stale=TRUE",
            "Digest realm=\"c\", nonce=\"3\"",
        ]);
        let taken = taken.unwrap();
        assert_eq!(
            (taken.realm.as_str(), taken.algorithm, taken.sess),
            ("b", Algorithm::Sha256, true)
        );
        assert!(taken.stale && taken.auth);
        assert_eq!(challenged(&["Digest realm=\"a\", nonce=\"1\", qop=\"auth-int\""]), None);
        assert_eq!(challenged(&["Digest realm=\"a\", nonce=\"1\", nonce=\"2\""]), None);
        assert_eq!(challenged(&["Digest realm=\"a, nonce=1"]), None);
    }
}
