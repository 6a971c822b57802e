//! Reading an administrator's file: a mistake names its file, line and key.
use std::fmt;

use serde::de::DeserializeOwned;

use super::Error;

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub file: String,
    pub line: Option<usize>,
    pub key: String,
    pub why: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.why)
    }
}

/// Reads one TOML file as one thing.
pub(crate) fn read_toml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Error> {
    let line_at = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    serde_path_to_error::deserialize(toml::Deserializer::new(text)).map_err(|error| {
        let inner = error.inner();
        Error::Mistake(Mistake {
            file: file.to_owned(),
            line: inner.span().map(|span| line_at(span.start)),
            key: error.path().to_string().trim_matches('.').to_owned(),
            why: inner.message().trim().to_owned(),
        })
    })
}
