//! The live feed: what changes on screens, over one WebSocket, resumable after a break.
//!
//! A ring of the last frames with (epoch, sequence). A client that comes back with a known place
//! gets what it missed; with an unknown epoch, or too late, it is told to load everything afresh.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base::{Clock, Dice, StaffId};
use org::Role;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::Problem;
use crate::viewer::signed_in;
use crate::{App, Error, Query, Viewer, same_origin};

/// Frames that a client may have missed.
const KEPT: usize = 4096;
const PING_EVERY: Duration = Duration::from_secs(20);
/// Without any sign of life for so long, a client is gone.
const DEAD_AFTER: Duration = Duration::from_secs(50);

/// Who a frame is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Everyone who is signed in. Only for what says no more than that something changed.
    Everyone,
    Staff(StaffId),
    /// Anyone with one of these roles.
    Roles(&'static [Role]),
    /// This member of staff, and anyone with one of these roles.
    StaffAnd(Option<StaffId>, &'static [Role]),
}

impl Audience {
    fn includes(&self, viewer: &Viewer) -> bool {
        let any = |roles: &[Role]| roles.iter().any(|role| viewer.has(*role));
        match self {
            Self::Everyone => true,
            Self::Staff(staff) => *staff == viewer.staff.id,
            Self::Roles(roles) => any(roles),
            Self::StaffAnd(staff, roles) => *staff == Some(viewer.staff.id) || any(roles),
        }
    }
}

#[derive(Debug)]
struct Kept {
    seq: u64,
    to: Audience,
    text: Arc<str>,
}

/// The ring. Publishing never waits; cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed {
    ring: Arc<Mutex<VecDeque<Kept>>>,
    newest: Arc<watch::Sender<u64>>,
    epoch: Arc<str>,
}

#[derive(Serialize)]
struct Frame<'a> {
    epoch: &'a str,
    seq: u64,
    kind: &'a str,
    data: &'a Value,
}

impl Feed {
    /// A new ring under a new epoch: places of an earlier run are not known in it.
    pub fn new(clock: &dyn Clock, dice: &dyn Dice) -> Self {
        let epoch = format!("{:x}-{}", clock.now().timestamp(), hex::encode(dice.bytes::<4>()));
        Self { ring: Arc::default(), newest: Arc::new(watch::Sender::new(0)), epoch: epoch.into() }
    }

    /// Tells everyone in `to`.
    pub fn publish(&self, kind: &str, to: Audience, data: &Value) {
        let mut ring = self.ring.lock().expect("nobody panics while holding it");
        let seq = *self.newest.borrow() + 1;
        let text = self.frame(seq, kind, data);
        ring.push_back(Kept { seq, to, text: text.into() });
        if ring.len() > KEPT {
            ring.pop_front();
        }
        drop(ring);
        self.newest.send_replace(seq);
    }

    fn frame(&self, seq: u64, kind: &str, data: &Value) -> String {
        let frame = Frame { epoch: &self.epoch, seq, kind, data };
        serde_json::to_string(&frame).expect("a frame is plain JSON")
    }

    /// The frames after `seq` for this viewer, and where that leads; `None` when some were lost.
    fn after(&self, seq: u64, viewer: &Viewer) -> Option<(Vec<Arc<str>>, u64)> {
        let ring = self.ring.lock().expect("nobody panics while holding it");
        let newest = *self.newest.borrow();
        let oldest = ring.front().map_or(newest + 1, |kept| kept.seq);
        if seq + 1 < oldest || seq > newest {
            return None;
        }
        let fresh = ring.iter().filter(|kept| kept.seq > seq);
        let mine = fresh.filter(|kept| kept.to.includes(viewer)).map(|kept| kept.text.clone());
        Some((mine.collect(), newest))
    }
}

impl Error {
    /// A WebSocket that another site's page opens.
    pub(crate) fn foreign_origin() -> Self {
        Self::Refused {
            status: StatusCode::FORBIDDEN,
            code: "foreign_origin",
            detail: "连接必须来自本系统页面（Origin 与 Host 一致）".to_owned(),
        }
    }
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(live))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Place {
    epoch: Option<String>,
    after: Option<u64>,
}

/// Live updates over a WebSocket 实时推送
///
/// Frames `{epoch, seq, kind, data}`; first `hello`, then what was missed since `after`, or `snapshot`.
#[utoipa::path(get, path = "/live", tag = "live", params(Place),
    responses((status = 101, description = "frames follow"), (status = 403, body = Problem)))]
async fn live(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    Query(place): Query<Place>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Error> {
    if !same_origin(&headers) {
        return Err(Error::foreign_origin());
    }
    Ok(upgrade.max_message_size(4096).on_upgrade(move |socket| async move {
        let stopping = app.tasks.clone();
        tokio::select! {
            () = stopping.stopping() => {}
            () = stream(socket, app, viewer, place) => {}
        }
    }))
}

async fn stream(mut socket: WebSocket, app: App, viewer: Viewer, place: Place) {
    let feed = app.feed.clone();
    let mut news = feed.newest.subscribe();
    let mut at = *news.borrow_and_update();
    let hello = feed.frame(at, "hello", &json!({}));
    if socket.send(Message::text(hello)).await.is_err() {
        return;
    }
    if let (Some(epoch), Some(after)) = (place.epoch, place.after) {
        let known = *epoch == *feed.epoch;
        if known && feed.after(after, &viewer).is_some() {
            at = after;
        } else if !start_afresh(&mut socket, &feed, at).await {
            return;
        }
    }
    let mut pings = tokio::time::interval(PING_EVERY);
    let mut heard = app.clock.now();
    loop {
        if let Some((frames, newest)) = feed.after(at, &viewer) {
            for frame in frames {
                if socket.send(Message::text(&*frame)).await.is_err() {
                    return;
                }
            }
            at = newest;
        } else {
            at = *feed.newest.borrow();
            if !start_afresh(&mut socket, &feed, at).await {
                return;
            }
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            _ = pings.tick() => {
                let silent = (app.clock.now() - heard).to_std().unwrap_or_default();
                let gone = !matches!(signed_in(&viewer.token, &app).await, Ok(Some(_)));
                let ping = feed.frame(at, "ping", &json!({}));
                if gone || silent > DEAD_AFTER
                    || socket.send(Message::text(ping)).await.is_err()
                    || socket.send(Message::Ping(Vec::new().into())).await.is_err()
                {
                    return;
                }
            }
            message = socket.recv() => match message {
                None | Some(Err(_) | Ok(Message::Close(_))) => return,
                Some(Ok(_)) => heard = app.clock.now(),
            },
        }
    }
}

/// Tells a client that it missed something; false when it is gone.
async fn start_afresh(socket: &mut WebSocket, feed: &Feed, at: u64) -> bool {
    socket.send(Message::text(feed.frame(at, "snapshot", &json!({})))).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{ManualClock, SeededDice};
    use org::login::Token;
    use std::collections::BTreeSet;

    fn viewer(n: u8, role: Role) -> Viewer {
        let clock = ManualClock::default();
        let staff = org::Staff {
            id: StaffId::new(clock.now(), [n; 10]),
            number: format!("10{n:02}"),
            name: "someone".into(),
            display_name: "某人".into(),
            post: None,
            roles: BTreeSet::from([role]),
            skills: Vec::new(),
            disabled: false,
            demo: false,
            version: 1,
        };
        Viewer { staff, token: Token::received("token") }
    }

    fn feed() -> Feed {
        Feed::new(&ManualClock::default(), &SeededDice::new(1))
    }

    fn seqs(frames: &[Arc<str>]) -> Vec<u64> {
        let seq =
            |text: &Arc<str>| serde_json::from_str::<Value>(text).unwrap()["seq"].as_u64().unwrap();
        frames.iter().map(seq).collect()
    }

    #[test]
    fn a_client_gets_what_it_missed_and_only_what_is_for_it() {
        let (feed, me, other) = (feed(), viewer(1, Role::Agent), viewer(2, Role::Supervisor));
        feed.publish("desk", Audience::Staff(me.staff.id), &json!({}));
        feed.publish("floor", Audience::Roles(&[Role::Supervisor]), &json!({}));
        feed.publish("ticket", Audience::Everyone, &json!({}));
        assert_eq!(seqs(&feed.after(0, &me).unwrap().0), [1, 3]);
        assert_eq!(seqs(&feed.after(1, &other).unwrap().0), [2, 3]);
        assert_eq!(feed.after(3, &me).unwrap(), (Vec::new(), 3));
    }

    #[test]
    fn whoever_was_away_too_long_or_knows_the_future_starts_afresh() {
        let (feed, me) = (feed(), viewer(1, Role::Agent));
        for _ in 0..KEPT + 2 {
            feed.publish("callbacks", Audience::Everyone, &json!({}));
        }
        assert!(feed.after(1, &me).is_none());
        assert!(feed.after(2, &me).is_some());
        assert!(feed.after(u64::try_from(KEPT).unwrap() + 3, &me).is_none());
    }

    #[test]
    fn two_runs_have_two_epochs() {
        let one = Feed::new(&ManualClock::default(), &SeededDice::new(1));
        let two = Feed::new(&ManualClock::default(), &SeededDice::new(2));
        assert_ne!(one.epoch, two.epoch);
    }
}
