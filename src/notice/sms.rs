//! Handing over an SMS: to a folder or to a gateway.
use std::path::PathBuf;
use std::time::Duration;

use base::NoticeId;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use crate::config::{Gateway, Sms};
use crate::error::{Error, Refusal};

/// Where SMS go, ready to use.
#[derive(Debug)]
pub(crate) enum Line {
    Folder(PathBuf),
    Http { client: reqwest::Client, gateway: Gateway, headers: HeaderMap },
}

impl Line {
    pub(crate) fn open(config: Sms) -> Result<Self, Error> {
        match config {
            Sms::Folder { path } => Ok(Self::Folder(path)),
            Sms::Http(gateway) => {
                let bad = |why: String| Error::BadConfig(format!("notices.sms: {why}"));
                let mut headers = HeaderMap::new();
                for (name, value) in &gateway.headers {
                    let name: HeaderName =
                        name.parse().map_err(|_| bad(format!("header {name:?}")))?;
                    let value: HeaderValue =
                        value.parse().map_err(|_| bad(format!("value of header {name}")))?;
                    headers.insert(name, value);
                }
                let kind =
                    gateway.content_type.parse().map_err(|_| bad("content_type".to_owned()))?;
                headers.insert(CONTENT_TYPE, kind);
                let client = reqwest::Client::builder()
                    .timeout(Duration::from_secs(20))
                    .build()
                    .map_err(|error| bad(error.to_string()))?;
                Ok(Self::Http { client, gateway, headers })
            }
        }
    }

    /// The state that a message has when it was handed over here.
    pub(crate) fn done(&self) -> &'static str {
        match self {
            Self::Folder(_) => "sent_in_demo",
            Self::Http { .. } => "sent",
        }
    }

    pub(crate) async fn send(&self, id: NoticeId, to: &str, text: &str) -> Result<(), Refusal> {
        match self {
            Self::Folder(path) => {
                let written = async {
                    tokio::fs::create_dir_all(path).await?;
                    let body = format!("to: {to}\n\n{text}\n");
                    tokio::fs::write(path.join(format!("{id}.txt")), body).await
                };
                written.await.map_err(|error| Refusal::Later(error.to_string()))
            }
            Self::Http { client, gateway, headers } => {
                let body = fill(gateway, id, to, text);
                let sent =
                    client.post(&gateway.url).headers(headers.clone()).body(body).send().await;
                // the address may hold a secret: it is not repeated in the reason
                let answer =
                    sent.map_err(|error| Refusal::Later(error.without_url().to_string()))?;
                let status = answer.status();
                let said = answer.text().await.unwrap_or_default();
                let known = gateway.success.as_ref().is_none_or(|word| said.contains(word));
                if status.is_success() && known {
                    return Ok(());
                }
                let why = format!("{status} {}", said.chars().take(200).collect::<String>());
                let for_good =
                    status.is_client_error() && status.as_u16() != 429 && status.as_u16() != 408;
                Err(if for_good { Refusal::Never(why) } else { Refusal::Later(why) })
            }
        }
    }
}

/// The gateway's body with the message in it. The id lets the gateway know a repeated request.
fn fill(gateway: &Gateway, id: NoticeId, to: &str, text: &str) -> String {
    let json = gateway.content_type.contains("json");
    let escape = |value: &str| {
        if json {
            let quoted = serde_json::Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        } else {
            form(value)
        }
    };
    let mut body = String::new();
    let mut rest = gateway.body.as_str();
    while let Some(at) = rest.find('{') {
        body.push_str(&rest[..at]);
        rest = &rest[at..];
        let known =
            [("{to}", to), ("{text}", text)].into_iter().find(|(name, _)| rest.starts_with(name));
        if let Some((name, value)) = known {
            body.push_str(&escape(value));
            rest = &rest[name.len()..];
        } else if let Some(tail) = rest.strip_prefix("{id}") {
            body.push_str(&id.to_string());
            rest = tail;
        } else {
            body.push('{'); // a brace of the body's own JSON
            rest = &rest[1..];
        }
    }
    body + rest
}

fn form(value: &str) -> String {
    use std::fmt::Write;
    let mut escaped = String::new();
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}"); // writing to a string cannot fail
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(content_type: &str, body: &str) -> Gateway {
        Gateway {
            url: "http://127.0.0.1:1/".to_owned(),
            headers: std::collections::BTreeMap::new(),
            content_type: content_type.to_owned(),
            body: body.to_owned(),
            success: None,
        }
    }

    fn id() -> NoticeId {
        NoticeId::from_uuid("00000000-0000-8000-8000-000000000001".parse().unwrap())
    }

    #[test]
    fn the_text_is_escaped_as_json() {
        let body = fill(
            &gateway("application/json", r#"{"t":"{text}","p":["{to}"]}"#),
            id(),
            "138",
            "a\"b\n{to}",
        );
        assert_eq!(body, r#"{"t":"a\"b\n{to}","p":["138"]}"#);
    }

    #[test]
    fn the_text_is_escaped_as_a_form() {
        let kind = "application/x-www-form-urlencoded";
        assert_eq!(
            fill(&gateway(kind, "m={to}&c={text}"), id(), "138", "好 &"),
            "m=138&c=%E5%A5%BD%20%26"
        );
    }
}
