//! The timers of RFC 3261 table 4, machine by machine.
use base::{Clock, ManualClock};
use bytes::Bytes;
use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

const MESSAGE: Bytes = Bytes::from_static(b"message");
const ACK: Bytes = Bytes::from_static(b"ack");

fn pace() -> Pace {
    Timers::default().into()
}

fn start() -> At {
    ManualClock::default().now()
}

fn response(status: u16) -> ClientEvent {
    ClientEvent::Response { status, ack: (status >= 300).then_some(ACK) }
}

/// Lets a client wait for `millis`; when it did something, and what.
fn wait(client: &mut Client, from: i64, millis: i64) -> Vec<(i64, ClientOut)> {
    let mut seen = Vec::new();
    let end = start() + TimeDelta::milliseconds(from + millis);
    while let Some(at) = client.next_deadline().filter(|at| *at <= end) {
        let out = client.on(ClientEvent::Tick, at);
        seen.extend(out.into_iter().map(|out| ((at - start()).num_milliseconds(), out)));
    }
    seen
}

fn times(seen: &[(i64, ClientOut)]) -> Vec<i64> {
    seen.iter().map(|(at, _)| *at).collect()
}

#[test]
fn an_invite_is_sent_seven_times_at_doubled_distances() {
    let mut client = Client::new(true, false, pace(), MESSAGE, start());
    let seen = wait(&mut client, 0, 60_000);
    assert_eq!(times(&seen), [500, 1500, 3500, 7500, 15_500, 31_500, 32_000]);
    assert_eq!(seen.last().unwrap().1, ClientOut::TimedOut);
    assert!(client.is_over());
}

#[test]
fn another_request_is_sent_eleven_times_and_slowly_after_a_provisional_response() {
    let mut client = Client::new(false, false, pace(), MESSAGE, start());
    let seen = wait(&mut client, 0, 60_000);
    assert_eq!(
        times(&seen),
        [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500, 32_000]
    );
    let mut client = Client::new(false, false, pace(), MESSAGE, start());
    client.on(response(100), start());
    assert_eq!(
        times(&wait(&mut client, 0, 60_000)),
        [4000, 8000, 12_000, 16_000, 20_000, 24_000, 28_000, 32_000]
    );
}

#[test]
fn over_a_reliable_transport_nothing_is_sent_again() {
    for invite in [true, false] {
        let mut client = Client::new(invite, true, pace(), MESSAGE, start());
        assert_eq!(wait(&mut client, 0, 60_000), [(32_000, ClientOut::TimedOut)]);
    }
}

#[test]
fn a_ringing_invite_waits_as_long_as_its_owner() {
    let mut client = Client::new(true, false, pace(), MESSAGE, start());
    assert_eq!(client.on(response(180), start()), [ClientOut::Deliver]);
    assert_eq!(client.next_deadline(), None);
    client.on(ClientEvent::Cancelled, start());
    assert_eq!(wait(&mut client, 0, 60_000), [(32_000, ClientOut::TimedOut)]);
}

#[test]
fn a_refusal_is_acknowledged_each_time_and_told_once() {
    let mut client = Client::new(true, false, pace(), MESSAGE, start());
    assert_eq!(client.on(response(486), start()), [ClientOut::Send(ACK), ClientOut::Deliver]);
    assert_eq!(client.on(response(486), start()), [ClientOut::Repeat(ACK)]);
    assert_eq!(client.on(response(200), start()), []);
    assert_eq!(wait(&mut client, 0, 60_000), []);
    assert!(client.is_over());
}

#[test]
fn each_2xx_of_an_invite_is_told_until_timer_m() {
    let mut client = Client::new(true, false, pace(), MESSAGE, start());
    for _ in 0..3 {
        assert_eq!(client.on(response(200), start()), [ClientOut::Deliver]);
    }
    assert_eq!(client.next_deadline(), Some(start() + TimeDelta::seconds(32)));
}

#[test]
fn a_refused_invite_is_repeated_until_its_ack() {
    let mut server = Server::new(true, false, pace());
    let refuse = ServerEvent::Respond { status: 404, response: MESSAGE };
    assert_eq!(server.on(refuse, start()), Some(ServerOut::Send(MESSAGE)));
    let mut times = Vec::new();
    for _ in 0..5 {
        let at = server.next_deadline().unwrap();
        assert_eq!(server.on(ServerEvent::Tick, at), Some(ServerOut::Repeat(MESSAGE)));
        times.push((at - start()).num_milliseconds());
    }
    assert_eq!(times, [500, 1500, 3500, 7500, 11_500]);
    assert!(server.takes_ack());
    server.on(ServerEvent::Ack, start());
    assert_eq!(server.on(ServerEvent::Request, start()), None);
    server.on(ServerEvent::Tick, start() + TimeDelta::seconds(5));
    assert!(server.is_over());
}

#[test]
fn a_taken_invite_leaves_the_repeating_to_its_dialog() {
    let mut server = Server::new(true, false, pace());
    server.on(ServerEvent::Respond { status: 200, response: MESSAGE }, start());
    assert_eq!(server.on(ServerEvent::Request, start()), None);
    assert!(!server.takes_ack());
    assert_eq!(server.next_deadline(), Some(start() + TimeDelta::seconds(32)));
}

#[test]
fn the_answer_to_another_request_is_repeated_on_demand() {
    let mut server = Server::new(false, false, pace());
    assert_eq!(server.on(ServerEvent::Request, start()), None);
    server.on(ServerEvent::Respond { status: 200, response: MESSAGE }, start());
    assert_eq!(server.on(ServerEvent::Request, start()), Some(ServerOut::Repeat(MESSAGE)));
    // one answer only
    assert_eq!(server.on(ServerEvent::Respond { status: 500, response: ACK }, start()), None);
    assert_eq!(server.on(ServerEvent::Request, start()), Some(ServerOut::Repeat(MESSAGE)));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes when: one final response is told for all but a taken INVITE, and left alone,
    /// every transaction ends.
    #[test]
    fn every_client_ends(
        invite: bool,
        reliable: bool,
        steps in prop::collection::vec((0..70_000_i64, 100..700_u16), 0..12),
    ) {
        let mut client = Client::new(invite, reliable, pace(), MESSAGE, start());
        let (mut passed, mut finals, mut taken) = (0, 0, false);
        for (millis, status) in steps {
            finals += wait(&mut client, passed, millis).iter().filter(|(_, out)| *out == ClientOut::TimedOut).count();
            passed += millis;
            let told = client.on(response(status), start() + TimeDelta::milliseconds(passed)).contains(&ClientOut::Deliver);
            if told && status >= 200 {
                taken |= invite && status < 300;
                finals += usize::from(!taken || finals == 0);
            }
        }
        prop_assert!(finals <= 1);
        client.on(ClientEvent::Cancelled, start() + TimeDelta::milliseconds(passed));
        finals += wait(&mut client, passed, 80_000).iter().filter(|(_, out)| *out == ClientOut::TimedOut).count();
        prop_assert!(client.is_over());
        prop_assert_eq!(finals, 1);
    }

    /// An answered server transaction ends, and never says two different things.
    #[test]
    fn every_answered_server_ends(
        invite: bool,
        reliable: bool,
        steps in prop::collection::vec((0..20_000_i64, 0..3_u8, 100..700_u16), 0..12),
    ) {
        let mut server = Server::new(invite, reliable, pace());
        let mut now = start();
        let mut last = None;
        let mut end = steps;
        end.push((0, 2, 404));
        for (millis, kind, status) in end {
            now += TimeDelta::milliseconds(millis);
            server.on(ServerEvent::Tick, now);
            let answered = server.is_answered();
            let out = match kind {
                0 => server.on(ServerEvent::Request, now),
                1 => server.on(ServerEvent::Ack, now),
                _ => server.on(ServerEvent::Respond { status, response: status.to_string().into() }, now),
            };
            match out {
                Some(ServerOut::Send(bytes)) => {
                    prop_assert!(!answered);
                    last = Some(bytes);
                }
                Some(ServerOut::Repeat(bytes)) => prop_assert_eq!(Some(bytes), last.clone()),
                None => {}
            }
        }
        for _ in 0..200 {
            let Some(at) = server.next_deadline() else { break };
            now = now.max(at);
            server.on(ServerEvent::Tick, now);
        }
        prop_assert!(server.is_over());
    }
}
