//! Somebody at work over HTTP, as a browser would be.
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::program::Program;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// Somebody who has signed in.
#[derive(Clone)]
pub(crate) struct Desk {
    http: String,
    cookie: String,
}

impl Desk {
    /// Signs in as the first of the demonstration's people with this role.
    pub(crate) fn of(program: &Program, role: &str) -> Self {
        let accounts = program.accounts();
        let account = accounts.iter().find(|account| account["role"] == role).unwrap();
        let mut desk = Self { http: program.http.clone(), cookie: String::new() };
        let words = json!({ "name": account["name"], "password": account["password"] });
        let answer = desk.ask("POST", "/api/v1/login", "", &words).unwrap();
        let cookie = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        desk.cookie = cookie.unwrap().split(';').next().unwrap().into();
        desk
    }

    pub(crate) fn get(&self, path: &str) -> Option<Answer> {
        self.ask("GET", path, "", &Value::Null)
    }

    /// A new ticket; the same key makes the same one.
    pub(crate) fn accept(&self, key: u128) -> Option<Answer> {
        let draft = json!({
            "title": format!("暖气不热 {key}"), "content": "室温只有14度，请尽快处理。", "kind": "help",
            "urgency": "normal", "contact_name": "王先生", "contact_number": "13800000001",
        });
        let ticket =
            json!({ "draft": draft, "channel": "phone", "key": uuid::Uuid::from_u128(key) });
        self.ask("POST", "/api/v1/tickets", "", &ticket)
    }

    pub(crate) fn act(&self, id: &str, version: i64, step: &Value) -> Option<Answer> {
        let path = format!("/api/v1/tickets/{id}/actions");
        self.ask("POST", &path, &format!("if-match: \"{version}\"\r\n"), step)
    }

    /// `None` when the connection broke before there was an answer.
    fn ask(&self, method: &str, path: &str, more: &str, body: &Value) -> Option<Answer> {
        let (host, cookie) = (&self.http, &self.cookie);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(host).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nhost: {host}\r\norigin: http://{host}\r\ncookie: {cookie}\r\n\
             content-type: application/json\r\n{more}content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some(Answer {
            status: head.split(' ').nth(1)?.parse().ok()?,
            body: serde_json::from_str(body).unwrap_or_default(),
            head: head.to_owned(),
        })
    }
}
