//! For the tests of this room: a house with a database, a clock that stands still and a small city,
//! asked through the whole router.
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use base::{ManualClock, SeededDice};
use call::testing::{Switchboard, switchboard_with};
use http_body_util::BodyExt;
use org::login::Token;
use org::testing::City;
use org::{Keys, Post, Role, Staff};
use serde_json::Value;
use tower::ServiceExt;

use crate::App;
use crate::viewer::COOKIE;

pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) city: City,
    router: Router,
    objects: tempfile::TempDir,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
    /// Status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{}", self.text);
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        (self.status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
    }
}

/// The house with what the demonstration sets.
pub(crate) async fn house() -> House {
    house_with(|app| app.demo = true).await
}

/// The house, with the handles that the test puts in.
pub(crate) async fn house_with(set: impl FnOnce(&mut App)) -> House {
    house_of(db::testing::database().await, set).await
}

/// The house in this database.
pub(crate) async fn house_of(db: sqlx::PgPool, set: impl FnOnce(&mut App)) -> House {
    let (clock, dice) = (Arc::new(ManualClock::default()), Arc::new(SeededDice::new(12345)));
    let keys = Arc::new(Keys::random(&*dice));
    let city = org::testing::city(&db, &*clock, &*dice).await;
    let objects = tempfile::tempdir().unwrap();
    let seal = Arc::new(db::seal::Keys::random(&*dice));
    let mut app = App::new(db, clock.clone(), dice.clone(), keys);
    app.objects = Some(db::objects::Objects::new(objects.path().to_owned(), seal, dice));
    set(&mut app);
    House { objects, router: crate::router(app.clone()), app, clock, city }
}

/// The house with a switchboard, whose files lie in the folder.
pub(crate) async fn house_with_switchboard(
    set: impl FnOnce(&mut call::Config),
) -> (House, Switchboard, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut board = None;
    let house = house_with(|app| {
        app.demo = true;
        let (clock, dice, persons) = (app.clock.clone(), app.dice.clone(), app.persons.clone());
        let opened = switchboard_with(folder.path(), persons, clock, dice, set);
        app.calls = Some(opened.calls.clone());
        app.recordings = Some(opened.recordings.clone());
        app.sealing = opened.sealing.clone();
        board = Some(opened);
    })
    .await;
    (house, board.unwrap(), folder)
}

impl House {
    /// Someone with this role, and the cookie of a sign-in.
    pub(crate) async fn signed_in(
        &self,
        name: &str,
        role: Role,
        post: Option<&Post>,
    ) -> (Staff, String) {
        let app = &self.app;
        let staff =
            org::testing::someone(name, &[role], post, &app.db, &*app.clock, &*app.dice).await;
        let token: Token = org::testing::sign_in(&staff, &app.db, &*app.clock, &*app.dice).await;
        (staff, format!("{COOKIE}={}", token.reveal()))
    }

    pub(crate) async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask(Method::GET, path, &[("cookie", cookie)], None).await
    }

    pub(crate) async fn post(&self, path: &str, cookie: &str, body: Value) -> Answer {
        self.send(Method::POST, path, cookie, body).await
    }

    /// A changing request from a page of this server.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        cookie: &str,
        body: Value,
    ) -> Answer {
        let headers = [
            ("cookie", cookie),
            ("origin", "http://hotline.test"),
            ("content-type", "application/json"),
        ];
        self.ask(method, path, &headers, Some(body.to_string())).await
    }

    /// The same over the version that was seen.
    pub(crate) async fn send_over(
        &self,
        method: Method,
        path: &str,
        cookie: &str,
        version: i64,
        body: Value,
    ) -> Answer {
        let version = format!("\"{version}\"");
        let headers = [
            ("cookie", cookie),
            ("origin", "http://hotline.test"),
            ("content-type", "application/json"),
            ("if-match", version.as_str()),
        ];
        self.ask(method, path, &headers, Some(body.to_string())).await
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        self.ask_bytes(method, path, headers, body.unwrap_or_default().into()).await
    }

    /// Every file that lies among the objects.
    pub(crate) fn objects_on_disk(&self) -> Vec<Vec<u8>> {
        let (mut folders, mut files) = (vec![self.objects.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(std::fs::read(path).unwrap());
                }
            }
        }
        files
    }

    pub(crate) async fn ask_bytes(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(path).header("host", "hotline.test");
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status, headers: parts.headers, text }
    }
}
