//! The agent's telephone in the browser: SIP over a WebSocket of this port.
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use call::{CALLERS, ToBrowser};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::openapi::Problem;
use crate::{App, Error, Json, Viewer, same_origin};

/// A SIP message is smaller.
const LARGEST: usize = 64 * 1024;
/// Messages of one page that wait for the switchboard, and the other way.
const WAITING: usize = 64;
const PING_EVERY: Duration = Duration::from_secs(15);
/// Without any sign of life for so long, a telephone is gone.
const DEAD_AFTER: Duration = Duration::from_secs(40);
/// Our own closing, with a reason: RFC 6455 §7.4.2 leaves these to us.
const CLOSED_BY_US: u16 = 4000;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(account)).routes(routes!(phone))
}

#[derive(Serialize, ToSchema)]
struct PhoneAccount {
    /// `sip:1027@lianxin`
    uri: String,
    user: String,
    ws: &'static str,
    codecs: [&'static str; 2],
}

/// How one's own telephone registers: agents, and who calls a ticket's citizen 话机
#[utoipa::path(get, path = "/phone/account", tag = "desk",
    responses((status = 200, body = PhoneAccount), (status = 403, body = Problem)))]
async fn account(State(app): State<App>, viewer: Viewer) -> Result<Json<PhoneAccount>, Error> {
    viewer.require_any(&CALLERS)?;
    app.telephones()?;
    let user = viewer.staff.number;
    let uri = format!("sip:{user}@lianxin");
    Ok(Json(PhoneAccount { uri, user, ws: "/api/v1/phone", codecs: ["PCMA", "opus"] }))
}

/// SIP over WebSocket (RFC 7118) 话机连接
#[utoipa::path(get, path = "/phone", tag = "desk",
    responses((status = 101, description = "SIP follows"), (status = 403, body = Problem)))]
async fn phone(
    State(app): State<App>,
    viewer: Viewer,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Error> {
    viewer.require_any(&CALLERS)?;
    if !same_origin(&headers) {
        return Err(Error::foreign_origin());
    }
    let calls = app.telephones()?.clone();
    let upgrade = upgrade.protocols(["sip"]).max_message_size(LARGEST).max_frame_size(LARGEST);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let (to_switch, from_page) = mpsc::channel(WAITING);
        let (to_page, from_switch) = mpsc::channel(WAITING);
        calls.phone(&viewer.staff.number, from_page, to_page);
        let (sink, stream) = socket.split();
        tokio::select! {
            () = app.tasks.stopping() => {}
            () = read(stream, to_switch) => {}
            () = write(sink, from_switch) => {}
        }
    }))
}

/// Hands the page's messages over. What is not text is no SIP.
async fn read(mut from: SplitStream<WebSocket>, to: mpsc::Sender<String>) {
    while let Ok(Some(Ok(message))) = timeout(DEAD_AFTER, from.next()).await {
        match message {
            Message::Text(text) if text.trim().is_empty() => {} // keep-alive
            Message::Text(text) => {
                // A page that sends faster than the switchboard reads waits here, on its own socket.
                if to.send(text.to_string()).await.is_err() {
                    return;
                }
            }
            Message::Close(_) => return,
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
        }
    }
}

async fn write(mut to: SplitSink<WebSocket, Message>, mut from: mpsc::Receiver<ToBrowser>) {
    let mut pings = tokio::time::interval(PING_EVERY);
    loop {
        let message = tokio::select! {
            _ = pings.tick() => Message::Ping(Vec::new().into()),
            said = from.recv() => match said {
                Some(ToBrowser::Text(text)) => Message::text(text),
                Some(ToBrowser::Close(reason)) => {
                    let close = CloseFrame { code: CLOSED_BY_US, reason: reason.into() };
                    drop(to.send(Message::Close(Some(close))).await);
                    return;
                }
                None => return,
            },
        };
        if to.send(message).await.is_err() {
            return;
        }
    }
}
