//! The texts as citizens get them, and the way through the outbox as the application's own role.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base::{Clock, ManualClock, PhoneNumber, SystemDice};
use chrono::TimeDelta;
use org::{Keys, Persons};
use sqlx::PgPool;

use super::*;

fn fill() -> Vec<(&'static str, String)> {
    [
        ("subject", "供热"),
        ("number", "2026112304526"),
        ("code", "7391"),
        ("date", "11月30日"),
        ("unit", "市热力有限公司"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

#[test]
fn the_citizen_reads_what_the_carrier_knows() {
    let texts = Templates::built_in();
    assert_eq!(
        texts.render(Template::Accepted, false, &fill()).unwrap(),
        "【四平12345】您反映的供热问题已受理，编号2026112304526，查询码7391，11月30日前答复。补充或查询请拨12345。"
    );
    assert_eq!(
        texts.render(Template::RateSolved, false, &fill()).unwrap(),
        "【四平12345】您的诉求（供热）已答复。问题是否解决？请回复：1已解决 2部分解决 3未解决。"
    );
}

#[test]
fn a_sealed_reporter_learns_no_unit_no_subject_no_result() {
    let texts = Templates::built_in();
    assert_eq!(
        texts.render(Template::Accepted, true, &fill()).unwrap(),
        "【四平12345】您的来电已登记，编号2026112304526，查询码7391。如需查询请拨12345。"
    );
    assert_eq!(texts.render(Template::Dispatched, true, &fill()), None);
    assert_eq!(texts.render(Template::RateSolved, true, &fill()), None);
    for template in [Template::Closed, Template::Rework, Template::Extended] {
        let text = texts.render(template, true, &fill()).unwrap();
        assert!(!text.contains("供热") && !text.contains("热力"), "{text}");
    }
}

#[test]
fn seventy_characters_are_one_message_and_more_are_parts_of_67() {
    assert_eq!(segments(&"字".repeat(70)), 1);
    assert_eq!(segments(&"字".repeat(71)), 2);
    assert_eq!(segments(&"字".repeat(134)), 2);
    assert_eq!(segments(&"字".repeat(135)), 3);
}

#[test]
fn a_file_with_an_unknown_name_or_brace_is_refused() {
    let shipped = include_str!("../../sip-config/notices/sms.toml");
    for (from, to) in
        [("{code}", "{codes}"), ("[citizen.closed]", "[citizen.done]"), ("{unit}办理", "{unit办理")]
    {
        assert!(Templates::parse(&shipped.replacen(from, to, 1)).is_err(), "{to}");
    }
}

#[test]
fn at_night_a_citizen_is_told_in_the_morning() {
    let at = |text: &str| format!("{text}:00+08:00").parse::<DateTime<Utc>>().unwrap();
    assert_eq!(template::after_quiet(at("2026-03-02T21:00")), at("2026-03-03T08:00"));
    assert_eq!(template::after_quiet(at("2026-03-03T07:59")), at("2026-03-03T08:00"));
    assert_eq!(template::after_quiet(at("2026-03-03T12:00")), at("2026-03-03T12:00"));
}

/// An outbox in a database of its own, with one citizen.
struct Outbox {
    db: PgPool,
    clock: Arc<ManualClock>,
    persons: Persons,
    notices: Notices,
    folder: tempfile::TempDir,
}

impl Outbox {
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        let keys = Arc::new(Keys::random(&SystemDice));
        Self {
            db: db::testing::database().await,
            persons: Persons::new(keys, clock.clone(), Arc::new(SystemDice)),
            notices: Notices::new(Templates::built_in(), Arc::new(SystemDice), false),
            clock,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    async fn queue(&self, event: &str) {
        let mut db = self.db.acquire().await.unwrap();
        let number: PhoneNumber = "13800000001".parse().unwrap();
        let id = self.persons.find_or_add(&mut db, &number, None).await.unwrap();
        let new = New {
            template: Template::Accepted,
            to: To::Person { id, masked: number.masked() },
            ticket: None,
            call: None,
            sealed: false,
            fill: &fill(),
            event: event.to_owned(),
            at: self.clock.now(),
            demo: false,
            past: false,
        };
        self.notices.queue(&mut db, &new).await.unwrap();
    }

    fn sender(&self, config: Config) -> Sender {
        drop(rustls::crypto::ring::default_provider().install_default());
        Sender::new(config, self.db.clone(), self.clock.clone(), self.persons.clone()).unwrap()
    }

    fn gateway(&self, url: String) -> Config {
        let gateway = Gateway {
            url,
            headers: [("x-key".to_owned(), "secret".to_owned())].into(),
            content_type: "application/json".to_owned(),
            body: r#"{"to":"{to}","text":"{text}","out_id":"{id}"}"#.to_owned(),
            success: Some("\"ok\"".to_owned()),
        };
        Config { sms: Sms::Http(gateway), ..Config::folders(self.folder.path()) }
    }

    async fn only(&self) -> Row {
        let filter = Filter { most: 10, ..Filter::default() };
        let rows = list(&mut self.db.acquire().await.unwrap(), &filter).await.unwrap();
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.into_iter().next().unwrap()
    }
}

#[tokio::test]
async fn a_message_becomes_a_file_and_is_shown_as_sent_in_demo() {
    let outbox = Outbox::new().await;
    outbox.queue("e1").await;
    let sender = outbox.sender(Config::folders(outbox.folder.path()));
    assert_eq!(sender.send_due().await.unwrap(), 1);
    assert_eq!(sender.send_due().await.unwrap(), 0);
    let row = outbox.only().await;
    assert_eq!((row.state.as_str(), row.to_masked.as_str()), ("sent_in_demo", "138****0001"));
    let file = outbox.folder.path().join("sms").join(format!("{}.txt", row.id));
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.starts_with("to: 13800000001\n") && text.contains("查询码7391"), "{text}");
}

#[tokio::test]
async fn one_event_is_told_once() {
    let outbox = Outbox::new().await;
    outbox.queue("same").await;
    outbox.queue("same").await;
    outbox.only().await;
}

#[tokio::test]
async fn the_outbox_holds_no_telephone_number() {
    let outbox = Outbox::new().await;
    outbox.queue("e1").await;
    let row = outbox.only().await;
    assert!(!format!("{row:?}").contains("13800000001"));
}

#[tokio::test]
async fn a_gateway_that_is_away_is_tried_again_later_and_given_up_at_last() {
    let outbox = Outbox::new().await;
    outbox.queue("e1").await;
    let sender = outbox.sender(outbox.gateway("http://127.0.0.1:9/".to_owned()));
    assert_eq!(sender.send_due().await.unwrap(), 1);
    assert_eq!(sender.send_due().await.unwrap(), 0, "not again at once");
    assert_eq!(outbox.only().await.state, "queued");
    for _ in 0..6 {
        outbox.clock.advance(TimeDelta::minutes(241));
        assert_eq!(sender.send_due().await.unwrap(), 1);
    }
    let row = outbox.only().await;
    assert_eq!(row.state, "failed");
    assert!(row.why.is_some());
}

#[tokio::test]
async fn a_gateway_gets_the_message_once_with_its_headers() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let take = move |headers: axum::http::HeaderMap, body: String| async move {
        counter.fetch_add(1, Ordering::Relaxed);
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(headers["x-key"], "secret");
        assert_eq!(body["to"], "13800000001");
        assert!(body["text"].as_str().unwrap().starts_with("【四平12345】"));
        r#"{"code":"ok"}"#
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/send", listener.local_addr().unwrap());
    let tasks = base::Tasks::default();
    let app = axum::Router::new().route("/send", axum::routing::post(take));
    tasks.spawn("gateway", async move { axum::serve(listener, app).await.unwrap() });
    let outbox = Outbox::new().await;
    outbox.queue("e1").await;
    let sender = outbox.sender(outbox.gateway(url));
    sender.send_due().await.unwrap();
    sender.send_due().await.unwrap();
    assert_eq!((outbox.only().await.state.as_str(), asked.load(Ordering::Relaxed)), ("sent", 1));
}

#[tokio::test]
async fn whoever_dies_with_a_message_gives_it_back_when_the_lease_ends() {
    let outbox = Outbox::new().await;
    outbox.queue("e1").await;
    let mut db = outbox.db.acquire().await.unwrap();
    let claim = async |db: &mut PgConnection| {
        store::claim(db, outbox.clock.now(), TimeDelta::minutes(2), 9).await.unwrap().len()
    };
    assert_eq!(claim(&mut db).await, 1);
    assert_eq!(claim(&mut db).await, 0);
    outbox.clock.advance(TimeDelta::minutes(3));
    assert_eq!(claim(&mut db).await, 1);
}
