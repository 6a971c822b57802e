//! Digest authentication (RFC 7616, RFC 8760): SHA-256 and MD5, as the called and as the asking side.
//! rsipstack's own spells SHA-256 wrongly and compares in variable time.
mod client;
mod server;

use std::collections::HashMap;

use md5::Md5;
use sha2::{Digest, Sha256};

pub(crate) use client::challenge;
pub(crate) use server::{Outcome, Verifier};

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

/// The response of `qop=auth` (RFC 7616 §3.4.1).
fn response(
    algorithm: Algorithm,
    secret: &str,
    nonce: &str,
    nc: &str,
    cnonce: &str,
    request: &str,
) -> String {
    algorithm.hash(&format!("{secret}:{nonce}:{nc}:{cnonce}:auth:{request}"))
}
