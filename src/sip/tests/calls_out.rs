//! Calls we make over trunks and to plain addresses.
use super::{ANSWER, BY_HAND, Net, OFFER, header, status, to_tag, trunk};
use crate::{Credentials, EndedBy, Event, Rewrite, Target};

fn by_trunk(name: &str) -> Target {
    Target::Trunk { name: name.into(), number: "13800138000".into() }
}

/// A response by hand to a request of ours.
fn reply(request: &str, line: &str, tag: &str, more: &str, body: &str) -> String {
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let to = header(request, "To");
    let to = if to.contains(";tag=") || tag.is_empty() {
        to.to_owned()
    } else {
        format!("{to};tag={tag}")
    };
    format!(
        "SIP/2.0 {line}\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\n{more}{kind}Content-Length: {}\r\n\r\n{body}",
        header(request, "Via"),
        header(request, "From"),
        header(request, "Call-ID"),
        header(request, "CSeq"),
        body.len()
    )
}

const CONTACT: &str = "Contact: <sip:h@10.0.0.9:5070>\r\n";

#[test]
fn a_call_over_a_trunk_shows_the_trunk_s_number_and_rewrites_the_dialled_one() {
    let mut net = Net::with(|config| {
        let mut hand = trunk("hand", BY_HAND);
        hand.show_number = Some("043412345".into());
        hand.dial = vec![
            Rewrite { starts_with: "0".into(), put: "0".into() },
            Rewrite { starts_with: "1".into(), put: "99#1".into() },
        ];
        config.trunks = vec![hand];
    });
    net.call(0, by_trunk("hand"));
    let invite = net.read(BY_HAND);
    assert!(
        invite.starts_with("INVITE sip:99%2313800138000@10.0.0.9:5070 SIP/2.0\r\n"),
        "{invite}"
    );
    assert!(header(&invite, "From").starts_with("<sip:043412345@10.0.0.1>;tag="));
    assert!(invite.ends_with(OFFER));
}

#[test]
fn a_refused_call_fails_with_its_status_and_is_acknowledged_on_the_same_branch() {
    let mut net = Net::new();
    let dialog = net.call(0, by_trunk("hand"));
    let invite = net.read(BY_HAND);
    net.write(BY_HAND, reply(&invite, "486 Busy Here", "b", "", ""));
    let reason = "Busy Here".into();
    assert_eq!(net.event(0), Event::Failed { dialog, status: 486, reason });
    let ack = net.read(BY_HAND);
    assert_eq!((header(&ack, "Via"), to_tag(&ack).as_str()), (header(&invite, "Via"), "b"));
    net.write(BY_HAND, reply(&invite, "486 Busy Here", "b", "", ""));
    assert!(net.read(BY_HAND).starts_with("ACK"));
    net.nothing_is_left();
}

#[test]
fn nobody_there_is_seven_invites_and_408() {
    let mut net = Net::new();
    let dialog = net.call(0, by_trunk("hand"));
    net.pass(33.0);
    assert_eq!(net.sent("INVITE"), 7);
    assert!(matches!(net.event(0), Event::Failed { dialog: d, status: 408, .. } if d == dialog));
    net.nothing_is_left();
}

#[test]
fn cancel_waits_for_a_provisional_response() {
    let mut net = Net::new();
    let dialog = net.call(0, by_trunk("hand"));
    let invite = net.read(BY_HAND);
    net.hang_up(0, dialog);
    assert!(matches!(net.event(0), Event::Ended { by: EndedBy::Local, .. }));
    assert_eq!(net.unread(BY_HAND), 0);
    net.write(BY_HAND, reply(&invite, "100 Trying", "", "", ""));
    let cancel = net.read(BY_HAND);
    assert!(cancel.starts_with("CANCEL"));
    assert_eq!(header(&cancel, "Via"), header(&invite, "Via"));
    net.write(BY_HAND, reply(&cancel, "200 OK", "x", "", ""));
    net.write(BY_HAND, reply(&invite, "487 Request Terminated", "x", "", ""));
    assert!(net.read(BY_HAND).starts_with("ACK"));
    net.quiet(0);
    net.nothing_is_left();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut net = Net::new();
    let dialog = net.call(0, by_trunk("hand"));
    let invite = net.read(BY_HAND);
    net.write(BY_HAND, reply(&invite, "180 Ringing", "a", CONTACT, ""));
    net.hang_up(0, dialog);
    assert!(net.read(BY_HAND).starts_with("CANCEL"));
    net.write(BY_HAND, reply(&invite, "200 OK", "a", CONTACT, ANSWER));
    assert!(net.read(BY_HAND).starts_with("ACK sip:h@10.0.0.9:5070"));
    assert!(net.read(BY_HAND).starts_with("BYE sip:h@10.0.0.9:5070"));
    assert!(matches!(net.event(0), Event::Progress { .. }));
    assert!(matches!(net.event(0), Event::Ended { by: EndedBy::Local, .. }));
    net.quiet(0);
}

#[test]
fn a_cancelled_call_without_a_final_answer_is_dropped_in_the_end() {
    let mut net = Net::new();
    let dialog = net.call(0, by_trunk("hand"));
    let invite = net.read(BY_HAND);
    net.write(BY_HAND, reply(&invite, "180 Ringing", "a", "", ""));
    net.pass(300.0); // ringing has no end of its own
    net.hang_up(0, dialog);
    net.nothing_is_left();
}

#[test]
fn a_repeated_answer_gets_the_same_ack() {
    let mut net = Net::new();
    net.call(0, by_trunk("hand"));
    let invite = net.read(BY_HAND);
    let ok = reply(&invite, "200 OK", "a", CONTACT, ANSWER);
    net.write(BY_HAND, ok.clone());
    net.write(BY_HAND, ok);
    assert_eq!(net.read(BY_HAND), net.read(BY_HAND));
    assert!(matches!(net.event(0), Event::Answered { .. }));
    net.quiet(0);
}

#[test]
fn a_second_branch_that_answers_is_acknowledged_and_ended() {
    let mut net = Net::new();
    let dialog = net.call(0, by_trunk("hand"));
    let invite = net.read(BY_HAND);
    net.write(BY_HAND, reply(&invite, "183 Session Progress", "early", "", ANSWER));
    let sdp = Some(ANSWER.to_owned());
    assert_eq!(net.event(0), Event::Progress { dialog, status: 183, sdp });
    net.write(BY_HAND, reply(&invite, "200 OK", "first", CONTACT, ANSWER));
    assert!(matches!(net.event(0), Event::Answered { .. }));
    assert_eq!(to_tag(&net.read(BY_HAND)), "first");
    net.write(
        BY_HAND,
        reply(&invite, "200 OK", "second", "Contact: <sip:other@10.0.0.9:5070>\r\n", ANSWER),
    );
    let (ack, bye) = (net.read(BY_HAND), net.read(BY_HAND));
    assert!(ack.starts_with("ACK sip:other@") && to_tag(&ack) == "second", "{ack}");
    assert!(bye.starts_with("BYE sip:other@") && to_tag(&bye) == "second", "{bye}");
    net.quiet(0);
}

#[test]
fn routes_of_the_answer_are_kept_in_reverse() {
    let mut net = Net::new();
    let dialog = net.call(0, by_trunk("hand"));
    let invite = net.read(BY_HAND);
    let more = format!("{CONTACT}Record-Route: <sip:10.0.0.8;lr>, <sip:10.0.0.9:5070;lr>\r\n");
    net.write(BY_HAND, reply(&invite, "200 OK", "a", &more, ANSWER));
    let ack = net.read(BY_HAND);
    assert_eq!(header(&ack, "Route"), "<sip:10.0.0.9:5070;lr>");
    net.hang_up(0, dialog);
    assert!(
        net.read(BY_HAND).contains("Route: <sip:10.0.0.9:5070;lr>\r\nRoute: <sip:10.0.0.8;lr>\r\n")
    );
}

#[test]
fn a_challenge_is_answered_with_the_strongest_hash_offered_first() {
    let mut net = Net::with(|config| {
        let mut hand = trunk("hand", BY_HAND);
        hand.digest = Some(Credentials::new("hotline", "secret"));
        config.trunks = vec![hand];
    });
    let dialog = net.call(0, by_trunk("hand"));
    let invite = net.read(BY_HAND);
    let challenge = "Proxy-Authenticate: Digest realm=\"ims\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth,auth-int\", opaque=\"o\"\r\n\
                     Proxy-Authenticate: Digest realm=\"ims\", nonce=\"n2\", algorithm=MD5\r\n";
    net.write(BY_HAND, reply(&invite, "407 Proxy Authentication Required", "c", challenge, ""));
    assert!(net.read(BY_HAND).starts_with("ACK"));
    let again = net.read(BY_HAND);
    assert_eq!(header(&again, "CSeq"), "2 INVITE");
    assert_eq!(
        (header(&again, "Call-ID"), header(&again, "From")),
        (header(&invite, "Call-ID"), header(&invite, "From"))
    );
    let word = header(&again, "Proxy-Authorization");
    assert!(
        word.contains("nonce=\"n1\"")
            && word.contains("algorithm=SHA-256")
            && word.contains("opaque=\"o\""),
        "{word}"
    );
    net.quiet(0);
    net.write(BY_HAND, reply(&again, "407 Proxy Authentication Required", "c", challenge, ""));
    assert!(matches!(net.event(0), Event::Failed { dialog: d, status: 407, .. } if d == dialog));
}

#[test]
fn a_plain_address_can_be_called_and_may_hang_up_but_not_call() {
    let mut net = Net::new();
    let far = "192.0.2.50:5080";
    let dialog = net.call(0, Target::Uri(format!("sip:12345@{far}")));
    let invite = net.read(far);
    net.write(far, reply(&invite, "200 OK", "a", "Contact: <sip:x@192.0.2.50:5080>\r\n", ANSWER));
    assert!(matches!(net.event(0), Event::Answered { .. }));
    assert!(net.read(far).starts_with("ACK"));
    net.write(far, super::by_hand("INVITE", 1, "n", "", "", OFFER));
    net.quiet(0);
    let ours = header(&invite, "From").split(";tag=").nth(1).unwrap().to_owned();
    let bye = super::by_hand("BYE", 7, "b", &ours, "", "")
        .replace("Call-ID: hand", &format!("Call-ID: {}", header(&invite, "Call-ID")))
        .replace(";tag=h", ";tag=a");
    net.write(far, bye);
    assert!(
        matches!(net.event(0), Event::Ended { dialog: d, by: EndedBy::Remote, .. } if d == dialog)
    );
    assert_eq!(net.unread(far), 0);
    assert_eq!(status(&net.read("192.0.2.50:5070")), 200); // by the Via, which has no rport
}

#[test]
fn targets_that_cannot_be_reached_fail_at_once() {
    let cases = [
        (Target::Agent("1027".into()), 480),
        (by_trunk("none"), 404),
        (Target::Uri("sip:12345@carrier.example".into()), 400),
        (Target::Uri("12345".into()), 400),
    ];
    for (target, expected) in cases {
        let mut net = Net::new();
        net.call(0, target);
        assert!(matches!(net.event(0), Event::Failed { status, .. } if status == expected));
        assert_eq!(net.stats(0).dialogs, 0);
    }
}

#[test]
fn a_session_too_short_for_them_is_asked_again_longer() {
    let mut net = Net::new();
    let dialog = net.call(0, by_trunk("hand"));
    let invite = net.read(BY_HAND);
    assert_eq!(header(&invite, "Session-Expires"), "1800");
    let refuse = |request: &str| {
        reply(request, "422 Session Interval Too Small", "s", "Min-SE: 3600\r\n", "")
    };
    net.write(BY_HAND, refuse(&invite));
    net.read(BY_HAND);
    let again = net.read(BY_HAND);
    assert_eq!((header(&again, "Session-Expires"), header(&again, "CSeq")), ("3600", "2 INVITE"));
    net.quiet(0);
    net.write(BY_HAND, reply(&again, "486 Busy Here", "s", "", ""));
    assert!(matches!(net.event(0), Event::Failed { dialog: d, status: 486, .. } if d == dialog));
}
