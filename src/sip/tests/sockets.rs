//! The same over real sockets on loopback.
use std::sync::Arc;
use std::time::Duration;

use base::{Drain, SystemClock, SystemDice, Tasks};
use tokio::sync::mpsc;

use super::{ANSWER, OFFER, header, status};
use crate::{
    Config, EndedBy, Endpoint, Event, LocalAddrs, Party, Target, ToBrowser, Transport, TrunkConfig,
};

struct Up {
    endpoint: Endpoint,
    events: Drain<Event>,
    local: LocalAddrs,
    tasks: Tasks,
}

fn up(trunks: Vec<TrunkConfig>) -> Up {
    let listen = vec![([127, 0, 0, 1], 0).into()];
    let config = Config { listen, trunks, ..Config::default() };
    let tasks = Tasks::default();
    let clock = Arc::new(SystemClock::default());
    let (endpoint, events, local) =
        Endpoint::start(config, clock, Arc::new(SystemDice), &tasks).unwrap();
    Up { endpoint, events, local, tasks }
}

fn loopback(proxy: Option<std::net::SocketAddr>, transport: Transport) -> TrunkConfig {
    let mut trunk = super::trunk("local", "127.0.0.1:5060");
    (trunk.proxy, trunk.transport) = (proxy, transport);
    trunk
}

impl Up {
    async fn next(&mut self) -> Event {
        tokio::time::timeout(Duration::from_secs(5), self.events.next()).await.unwrap().unwrap()
    }
}

async fn talk_over(transport: Transport) {
    let mut us = up(vec![loopback(None, transport)]);
    let mut them = up(vec![loopback(Some(us.local.udp[0]), transport)]);
    let target = Target::Trunk { name: "local".into(), number: "12345".into() };
    let theirs = them.endpoint.call(target, Party::new("13800138000"), OFFER.into(), Vec::new());
    let Event::Invite { dialog, .. } = us.next().await else { panic!("no INVITE") };
    us.endpoint.ring(dialog, None);
    us.endpoint.answer(dialog, ANSWER.into());
    assert!(matches!(them.next().await, Event::Progress { status: 180, .. }));
    assert_eq!(them.next().await, Event::Answered { dialog: theirs, sdp: ANSWER.into() });
    assert_eq!(us.next().await, Event::Confirmed { dialog, sdp: None });
    us.endpoint.hang_up(dialog, "");
    assert!(matches!(us.next().await, Event::Ended { by: EndedBy::Local, .. }));
    assert!(matches!(them.next().await, Event::Ended { by: EndedBy::Remote, .. }));
    assert_eq!((us.endpoint.stats().calls_in, them.endpoint.stats().calls_out), (1, 1));
    us.tasks.shut_down().await;
    them.tasks.shut_down().await;
}

#[tokio::test]
async fn a_call_over_udp() {
    talk_over(Transport::Udp).await;
}

#[tokio::test]
async fn a_call_over_tcp() {
    talk_over(Transport::Tcp).await;
}

#[tokio::test]
async fn the_end_of_the_house_ends_its_calls() {
    let us = up(vec![loopback(None, Transport::Udp)]);
    let mut them = up(Vec::new());
    let target = Target::Uri(format!("sip:12345@{}", us.local.udp[0]));
    them.endpoint.call(target, Party::new("1"), OFFER.into(), Vec::new());
    let mut us = us;
    assert!(matches!(us.next().await, Event::Invite { .. }));
    us.tasks.shut_down().await;
    assert!(matches!(them.next().await, Event::Failed { status: 480, .. }));
}

#[tokio::test]
async fn a_browser_over_its_channels() {
    let mut us = up(Vec::new());
    let open = |agent: &str| {
        let (say, heard) = mpsc::channel(16);
        let (tell, told) = mpsc::channel(16);
        (us.endpoint.websocket(agent.into(), heard, tell), say, told)
    };
    let register = "REGISTER sip:lianxin SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKr\r\n\
        To: <sip:1027@lianxin>\r\nFrom: <sip:1027@lianxin>;tag=t\r\nCall-ID: r\r\nCSeq: 1 REGISTER\r\n\
        Contact: <sip:a@x.invalid;transport=ws>\r\nContent-Length: 0\r\n\r\n";
    let (flow, say, mut told) = open("1027");
    let (second, say_too, _told_too) = open("1027");
    say.send(register.into()).await.unwrap();
    let Some(ToBrowser::Text(ok)) = told.recv().await else { panic!("no text") };
    assert_eq!((status(&ok), header(&ok, "Expires")), (200, "120"));
    assert!(matches!(us.next().await, Event::Registered { flow: f, .. } if f == flow));
    say_too.send(register.into()).await.unwrap();
    assert!(matches!(us.next().await, Event::Unregistered { flow: f, .. } if f == flow));
    assert!(matches!(us.next().await, Event::Registered { flow: f, .. } if f == second));
    assert_eq!(told.recv().await, Some(ToBrowser::Close("replaced")));
    drop(say_too);
    assert!(matches!(us.next().await, Event::Unregistered { flow: f, .. } if f == second));
    assert_eq!(us.endpoint.stats().registered, 0);
}
