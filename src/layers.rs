//! Where a setting comes from: the shipped file, the local file, the environment; and how a
//! mistake in one of them finds its file, line and key.
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use figment::providers::{Format, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use serde::de::DeserializeOwned;

use crate::settings::Settings;

/// Compiled in, so that a key without a default cannot ship.
const DEFAULTS: &str = include_str!("../sip-config/default.toml");
const PREFIX: &str = "LIANXIN_";

/// Something wrong in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The file, or the variable of the environment.
    pub(crate) place: String,
    pub(crate) line: Option<usize>,
    pub(crate) key: String,
    pub(crate) why: String,
}

impl Mistake {
    pub(crate) fn new(place: impl fmt::Display, why: impl fmt::Display) -> Self {
        let (place, why) = (place.to_string(), why.to_string());
        Self { place, line: None, key: String::new(), why }
    }

    pub(crate) fn key(self, key: impl Into<String>) -> Self {
        Self { key: key.into(), ..self }
    }

    pub(crate) fn line(self, line: Option<usize>) -> Self {
        Self { line, ..self }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.why)
    }
}

impl std::error::Error for Mistake {}

/// The program's environment, as far as it is ours.
pub(crate) type Environment = BTreeMap<String, String>;

/// `LIANXIN_…` of this process. A variable ending in `_FILE` is replaced by what the file holds,
/// except `LIANXIN_KEYS_FILE`, which names a file that stays one.
pub(crate) fn environment() -> Result<Environment, Vec<Mistake>> {
    let mut ours = Environment::new();
    let mut mistakes = Vec::new();
    for (name, value) in std::env::vars_os() {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        match key.strip_suffix("_FILE").filter(|_| key != "KEYS_FILE") {
            None => {
                ours.insert(key.to_owned(), value.to_owned());
            }
            Some(key) => match std::fs::read_to_string(value) {
                Ok(text) => {
                    ours.insert(key.to_owned(), text.trim_end_matches(['\r', '\n']).to_owned());
                }
                Err(error) => mistakes.push(Mistake::new(name, format!("{value}: {error}"))),
            },
        }
    }
    // Read by the tools around the program, not by the program.
    ours.retain(|key, _| !matches!(key.as_str(), "BIN" | "DEV_DB" | "MODEL_URL" | "LOG"));
    if mistakes.is_empty() { Ok(ours) } else { Err(mistakes) }
}

/// `LIANXIN_LOG`: which messages are logged, as `tracing` writes it (`debug,sip=trace`).
pub(crate) fn log_filter() -> Option<String> {
    std::env::var_os("LIANXIN_LOG")?.into_string().ok()
}

/// The user's cache folder (XDG Base Directory): where models lie unless the settings say otherwise.
pub(crate) fn cache_folder() -> PathBuf {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || named("HOME").unwrap_or_default().join(".cache");
    named("XDG_CACHE_HOME").unwrap_or_else(home)
}

/// Lays the three on top of each other.
pub(crate) fn settings(dir: &Path, environment: &Environment) -> Result<Settings, Vec<Mistake>> {
    let local = dir.join("local.toml");
    let mut figment = Figment::from(Toml::string(DEFAULTS));
    if local.exists() {
        figment = figment.merge(Toml::file_exact(&local));
    }
    let figment = figment.merge(Variables(environment));
    figment
        .extract()
        .map_err(|errors| errors.into_iter().map(|error| mistake(&error, &local)).collect())
}

/// Variables as settings: `HTTP__LISTEN` is `listen` in `[http]`. A value is read as the kind of
/// thing that the shipped file has there, so that the area code 0434 stays text.
struct Variables<'a>(&'a Environment);

impl Provider for Variables<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let defaults: toml::Table = toml::from_str(DEFAULTS).expect("a test reads it");
        let defaults = toml::Value::Table(defaults);
        let mut dict = Dict::new();
        for (name, text) in self.0.iter().filter(|(name, _)| !name.starts_with("TRUNK_")) {
            let path = name.to_lowercase();
            let path: Vec<&str> = path.split("__").collect();
            let default = path.iter().try_fold(&defaults, |at, key| at.get(key));
            put(&mut dict, &path, value(text, default));
        }
        Ok(Profile::Default.collect(dict))
    }
}

fn value(text: &str, default: Option<&toml::Value>) -> Value {
    let is_text = default.is_none_or(toml::Value::is_str);
    if !is_text && let Ok(table) = toml::from_str::<Dict>(&format!("value = {text}")) {
        return table.into_values().next().unwrap_or_else(|| Value::from(text));
    }
    // LIANXIN_SIP__LISTEN=a,b
    if default.is_some_and(toml::Value::is_array) {
        return Value::from(text.split(',').map(|one| Value::from(one.trim())).collect::<Vec<_>>());
    }
    Value::from(text)
}

fn put(dict: &mut Dict, path: &[&str], value: Value) {
    match path {
        [] => {}
        [last] => {
            dict.insert((*last).to_owned(), value);
        }
        [first, rest @ ..] => {
            let below = dict.entry((*first).to_owned()).or_insert_with(|| Dict::new().into());
            if let Value::Dict(_, below) = below {
                put(below, rest, value);
            }
        }
    }
}

/// Figment knows the key and the layer; the line is looked up.
fn mistake(error: &figment::Error, local: &Path) -> Mistake {
    let mut key = error.path.join(".");
    if let figment::error::Kind::UnknownField(field, _) = &error.kind
        && error.path.last() != Some(field)
    {
        key = if key.is_empty() { field.clone() } else { format!("{key}.{field}") };
    }
    let metadata = error.metadata.as_ref();
    let from_environment = metadata.is_some_and(|metadata| metadata.name == "environment");
    // An unknown key's error may come without its layer: the shipped file has none.
    let text = std::fs::read_to_string(local).unwrap_or_default();
    let line = line_of(&text, &key);
    let why = error.kind.to_string().trim().to_owned();
    if from_environment || (metadata.is_none() && line.is_none()) {
        let name = format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"));
        return Mistake::new(format!("环境变量 (environment) {name}"), why).key(key);
    }
    Mistake::new(local.display(), why).line(line).key(key)
}

/// The line of a dotted key in a TOML file: the last part under its table's heading.
pub(crate) fn line_of(text: &str, key: &str) -> Option<usize> {
    let mut table = String::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(heading) = line.strip_prefix('[') {
            heading.trim_start_matches('[').split(']').next()?.trim().clone_into(&mut table);
            if table == key {
                return Some(number + 1);
            }
        } else if let Some((name, _)) = line.split_once('=') {
            let name = name.trim();
            let full = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
            if full == key || key.strip_prefix(&full).is_some_and(|rest| rest.starts_with('.')) {
                return Some(number + 1);
            }
        }
    }
    None
}

/// Reads one TOML file as one thing.
pub(crate) fn file<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, Mistake> {
    let line_at = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    serde_path_to_error::deserialize(toml::Deserializer::new(text)).map_err(|error| {
        let key = error.path().to_string().trim_matches('.').to_owned();
        let inner = error.inner();
        let line = inner.span().map(|span| line_at(span.start));
        Mistake::new(path.display(), inner.message().trim()).line(line).key(key)
    })
}

/// The files of a folder with this ending, by name. A folder that is not there is empty.
pub(crate) fn files(dir: &Path, ending: &str) -> Result<BTreeMap<String, PathBuf>, Mistake> {
    let entries = match dir.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(Mistake::new(dir.display(), error)),
    };
    let mut found = BTreeMap::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.extension().is_some_and(|extension| extension == ending)
            && let Some(name) = path.file_stem().and_then(|stem| stem.to_str())
        {
            found.insert(name.to_owned(), path.clone());
        }
    }
    Ok(found)
}
