//! The two sockets that pages keep open, over a real port.
use std::net::SocketAddr;

use axum::http::{HeaderName, HeaderValue};
use call::AgentCard;
use call::testing::Switchboard;
use futures_util::{SinkExt, StreamExt};
use org::Role;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::live::Audience;
use crate::testing::{House, house_with_switchboard};

struct Open {
    house: House,
    address: SocketAddr,
    _board: Switchboard,
    _folder: tempfile::TempDir,
}

type Socket = WebSocketStream<TcpStream>;

impl Open {
    async fn new() -> Self {
        let (house, board, folder) = house_with_switchboard(|_| {}).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = crate::router(house.app.clone());
        let serving = crate::serve(listener, router, None, std::future::pending());
        house.app.tasks.spawn_passing("test", serving);
        Self { house, address, _board: board, _folder: folder }
    }

    /// A handshake as a page makes it; `from` is the page's origin.
    async fn connect(&self, path: &str, cookie: &str, from: &str) -> Result<Socket, u16> {
        let address = self.address;
        let mut request = format!("ws://{address}/api/v1{path}").into_client_request().unwrap();
        let headers = [("cookie", cookie), ("origin", from), ("sec-websocket-protocol", "sip")];
        for (name, value) in headers.iter().filter(|(name, value)| {
            !value.is_empty() && (*name != "sec-websocket-protocol" || path == "/phone")
        }) {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    async fn own(&self, path: &str, cookie: &str) -> Socket {
        let origin = format!("http://{}", self.address);
        self.connect(path, cookie, &origin).await.unwrap()
    }

    fn publish(&self, n: u32) {
        self.house.app.feed.publish("ticket", Audience::Everyone, &json!({ "n": n }));
    }
}

/// The next frame of the feed that is no ping.
async fn frame(socket: &mut Socket) -> Value {
    loop {
        let message = socket.next().await.expect("open").expect("whole");
        let Message::Text(text) = message else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        if frame["kind"] != "ping" {
            return frame;
        }
    }
}

#[tokio::test]
async fn a_page_of_another_site_gets_no_socket_and_nor_does_who_is_not_signed_in() {
    let open = Open::new().await;
    let (_, cookie) = open.house.signed_in("agent", Role::Agent, None).await;
    let own = format!("http://{}", open.address);
    for path in ["/live", "/phone"] {
        for from in ["http://evil.example", ""] {
            assert_eq!(open.connect(path, &cookie, from).await.err(), Some(403), "{path} {from}");
        }
        assert_eq!(open.connect(path, "", &own).await.err(), Some(401), "{path}");
    }
}

#[tokio::test]
async fn a_telephone_is_for_agents() {
    let open = Open::new().await;
    let (_, cookie) = open.house.signed_in("reviewer", Role::Reviewer, None).await;
    let own = format!("http://{}", open.address);
    assert_eq!(open.connect("/phone", &cookie, &own).await.err(), Some(403));
}

#[tokio::test]
async fn a_page_that_comes_back_gets_what_it_missed() {
    let open = Open::new().await;
    let (_, cookie) = open.house.signed_in("agent", Role::Agent, None).await;
    let mut first = open.own("/live", &cookie).await;
    let hello = frame(&mut first).await;
    assert_eq!(hello["kind"], "hello");
    open.publish(1);
    let seen = frame(&mut first).await;
    assert_eq!(seen["data"]["n"], 1);
    drop(first);
    open.publish(2);
    open.publish(3);
    let place = format!(
        "/live?epoch={}&after={}",
        seen["epoch"].as_str().unwrap(),
        seen["seq"].as_u64().unwrap()
    );
    let mut again = open.own(&place, &cookie).await;
    assert_eq!(frame(&mut again).await["kind"], "hello");
    assert_eq!(frame(&mut again).await["data"]["n"], 2);
    assert_eq!(frame(&mut again).await["data"]["n"], 3);
}

#[tokio::test]
async fn a_page_from_another_run_is_told_to_load_everything() {
    let open = Open::new().await;
    let (_, cookie) = open.house.signed_in("agent", Role::Agent, None).await;
    open.publish(1);
    let mut socket = open.own("/live?epoch=another&after=1", &cookie).await;
    assert_eq!(frame(&mut socket).await["kind"], "hello");
    assert_eq!(frame(&mut socket).await["kind"], "snapshot");
    open.publish(2);
    assert_eq!(frame(&mut socket).await["data"]["n"], 2);
}

fn register(number: &str, page: u8) -> Message {
    Message::text(format!(
        "REGISTER sip:lianxin SIP/2.0\r\nVia: SIP/2.0/WS p{page}.invalid;branch=z9hG4bKr{page}\r\n\
         Max-Forwards: 70\r\nTo: <sip:{number}@lianxin>\r\nFrom: <sip:{number}@lianxin>;tag=r{page}\r\n\
         Call-ID: r{page}\r\nCSeq: 1 REGISTER\r\nContact: <sip:x@p{page}.invalid;transport=ws>\r\n\
         Expires: 120\r\nContent-Length: 0\r\n\r\n"
    ))
}

/// The next thing that is said, or why the socket was closed.
async fn said(socket: &mut Socket) -> Result<String, String> {
    loop {
        match socket.next().await.expect("open").expect("whole") {
            Message::Text(text) => return Ok(text.to_string()),
            Message::Close(frame) => {
                return Err(frame.map(|frame| frame.reason.to_string()).unwrap_or_default());
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_second_page_takes_the_telephone_and_the_first_is_told() {
    let open = Open::new().await;
    let (agent, cookie) = open.house.signed_in("agent", Role::Agent, None).await;
    open.house.app.calls.as_ref().unwrap().roster(vec![AgentCard::from(&agent)]);
    let (mut first, mut second) =
        (open.own("/phone", &cookie).await, open.own("/phone", &cookie).await);
    first.send(register(&agent.number, 1)).await.unwrap();
    assert!(said(&mut first).await.unwrap().starts_with("SIP/2.0 200"));
    second.send(register(&agent.number, 2)).await.unwrap();
    assert!(said(&mut second).await.unwrap().starts_with("SIP/2.0 200"));
    assert_eq!(said(&mut first).await, Err("replaced".to_owned()));
    let desk = open.house.get("/api/v1/desk", &cookie).await.json();
    assert_eq!(desk["phone"], json!({ "registered": true, "replaced": true }));
}
