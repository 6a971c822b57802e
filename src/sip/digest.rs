//! Digest authentication (RFC 7616, RFC 8760): SHA-256 and MD5, as the called and as the asking side.
//! rsipstack's own spells SHA-256 wrongly and compares in variable time.
use std::collections::HashMap;

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::Credentials;
use crate::message::{self, Reply};

/// A hash a challenge may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Md5,
    Sha256,
}

impl Algorithm {
    fn named(name: &str) -> Option<(Self, bool)> {
        let (name, sess) = match name.len().checked_sub(5).map(|at| name.split_at_checked(at)) {
            Some(Some((head, tail))) if tail.eq_ignore_ascii_case("-sess") => (head, true),
            _ => (name, false),
        };
        match name {
            name if name.eq_ignore_ascii_case("MD5") => Some((Self::Md5, sess)),
            name if name.eq_ignore_ascii_case("SHA-256") => Some((Self::Sha256, sess)),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hex::encode(Md5::digest(text)),
            Self::Sha256 => hex::encode(Sha256::digest(text)),
        }
    }

    /// The hash of user, realm and password: what is stored in place of the password.
    pub(crate) fn secret(self, user: &str, realm: &str, password: &str) -> String {
        self.hash(&format!("{user}:{realm}:{password}"))
    }
}

/// The pieces of one `Digest a="x", b=y`.
fn pieces(value: &str) -> Option<HashMap<String, String>> {
    let (scheme, rest) = value.trim().split_once(char::is_whitespace)?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let mut pieces = HashMap::new();
    for piece in crate::address::split_list(rest) {
        let (name, value) = piece.split_once('=')?;
        let value = value.trim();
        let value = match value.strip_prefix('"') {
            Some(inner) => inner.strip_suffix('"')?.replace("\\\"", "\"").replace("\\\\", "\\"),
            None => value.to_owned(),
        };
        let name = name.trim().to_ascii_lowercase();
        if pieces.insert(name, value).is_some() {
            return None; // given twice: two readers could take two values
        }
    }
    Some(pieces)
}

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
        let (quality, response) = if self.auth {
            let text = format!("{secret}:{}:00000001:{cnonce}:auth:{request}", self.nonce);
            (format!(", qop=auth, nc=00000001, cnonce=\"{cnonce}\""), hash(&text))
        } else {
            let cnonce = if self.sess { format!(", cnonce=\"{cnonce}\"") } else { String::new() };
            (cnonce, hash(&format!("{secret}:{}:{request}", self.nonce)))
        };
        let opaque = self.opaque.as_deref().map(|opaque| format!(", opaque={}", quoted(opaque)));
        format!(
            "Digest username={}, realm={}, nonce={}, uri={}, algorithm={}{sess}{quality}, \
             response=\"{response}\"{}",
            quoted(&by.user),
            quoted(&self.realm),
            quoted(&self.nonce),
            quoted(uri),
            self.algorithm.name(),
            opaque.unwrap_or_default(),
        )
    }
}
