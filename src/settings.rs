//! The settings as the program knows them. What each means, and its default, stands in
//! `sip-config/default.toml`.
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `default.toml` ← `local.toml` ← environment.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) models: String,
    pub(crate) keys_file: String,
    pub(crate) database: Database,
    pub(crate) http: Http,
    pub(crate) sip: Sip,
    pub(crate) media: Media,
    pub(crate) call: Call,
    pub(crate) speech: Speech,
    pub(crate) notices: Notices,
    pub(crate) webhooks: Webhooks,
    pub(crate) flow: Flow,
    pub(crate) demo: Demo,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    pub(crate) url: Secret,
    pub(crate) app_password: Secret,
    pub(crate) connections: u32,
    pub(crate) programs: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Webhooks {
    pub(crate) hosts: Vec<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Flow {
    pub(crate) profile: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) listen: SocketAddr,
    pub(crate) public_address: String,
    pub(crate) certificate: String,
    pub(crate) private_key: String,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) metrics_token: Secret,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sip {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) public_host: String,
    pub(crate) domain: String,
    pub(crate) calls_at_most: usize,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Media {
    #[serde(with = "maybe_empty")]
    pub(crate) address: Option<IpAddr>,
    #[serde(with = "maybe_empty")]
    pub(crate) public_address: Option<IpAddr>,
    #[serde(with = "maybe_empty")]
    pub(crate) browser_address: Option<IpAddr>,
    pub(crate) rtp_ports: (u16, u16),
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    pub(crate) main_number: String,
    pub(crate) main_name: String,
    pub(crate) main_queue: String,
    pub(crate) area_code: String,
    pub(crate) ring_secs: u32,
    pub(crate) wrap_up_secs: u32,
    pub(crate) answer_within_secs: u32,
    pub(crate) phone_grace_secs: u32,
    pub(crate) phone_lost_secs: u32,
    pub(crate) rating_secs: u32,
    pub(crate) callback_agent_secs: u32,
    pub(crate) callback_citizen_secs: u32,
    pub(crate) out_trunk: String,
    pub(crate) opus: bool,
    pub(crate) greeting: String,
    pub(crate) callback_greeting: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Speech {
    pub(crate) enabled: bool,
    pub(crate) model: String,
    pub(crate) model_url: String,
    pub(crate) threads: u16,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notices {
    pub(crate) sms_url: String,
    pub(crate) sms_token: Secret,
    pub(crate) smtp_url: Secret,
    pub(crate) mail_from: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Demo {
    pub(crate) days: u16,
    pub(crate) fixtures: PathBuf,
}

/// A waiting line (队列): `queues/NAME.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Queue {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) skills: Vec<String>,
    #[serde(default)]
    pub(crate) priority: u8,
    pub(crate) max_wait_secs: u32,
}

/// A line of `hotlines.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hotline {
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) department: String,
    pub(crate) merge_mode: MergeMode,
    pub(crate) queue: String,
    pub(crate) number_source: String,
    /// Needed besides those of the queue; separated by `;`.
    #[serde(deserialize_with = "words")]
    pub(crate) skills: Vec<String>,
    /// The calendar (`calendar/NAME.toml`) in which it is served; empty: always.
    pub(crate) hours: String,
}

/// How a line was merged into 12345 (归并方式).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MergeMode {
    /// The number is gone; its calls are ours (整体并入).
    Merged,
    /// Both numbers ring here (双号并行).
    DualNumber,
    /// A centre of its own that works as a part of ours (设分中心).
    SubCentre,
}

/// Never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_empty() { "(empty)" } else { "(set)" })
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(if self.is_empty() { "" } else { "(set)" })
    }
}

fn words<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let text = String::deserialize(from)?;
    let words = text.split(';').map(str::trim).filter(|word| !word.is_empty());
    Ok(words.map(str::to_owned).collect())
}

/// An address, or nothing.
mod maybe_empty {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = String::deserialize(from)?;
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|error| D::Error::custom(format!("{text:?}: {error}")))
    }

    #[expect(clippy::ref_option, reason = "the shape that serde asks for")]
    pub(super) fn serialize<T: Display, S: Serializer>(
        value: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_str(""),
        }
    }
}
