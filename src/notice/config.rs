//! Where messages go.
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// All of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub sms: Sms,
    pub mail: Mail,
    /// No SMS to citizens from 21:00 to 08:00. Off in the demonstration.
    pub quiet_hours: bool,
}

/// Where SMS go.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Sms {
    /// Text files in a folder, shown as "sent in demo".
    Folder { path: PathBuf },
    /// Any HTTP gateway.
    Http(Gateway),
}

/// A gateway that takes one message by one request. `{to}`, `{text}` and `{id}` are filled into the
/// body, escaped as JSON or as a form, by its content type.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    pub url: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default = "json")]
    pub content_type: String,
    pub body: String,
    /// A 2xx answer counts only when it holds this text.
    #[serde(default)]
    pub success: Option<String>,
}

fn json() -> String {
    "application/json".to_owned()
}

/// Where e-mail goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mail {
    /// `.eml` files in a folder.
    Folder { path: PathBuf, from: String },
    /// `smtp://user:password@host:port` or `smtps://…`.
    Smtp { url: String, from: String },
}

impl Config {
    /// Folders below the data folder: what runs when nothing is configured.
    pub fn folders(data: &std::path::Path) -> Self {
        Self {
            sms: Sms::Folder { path: data.join("sms") },
            mail: Mail::Folder { path: data.join("mail"), from: "12345@siping.invalid".to_owned() },
            quiet_hours: false,
        }
    }
}
