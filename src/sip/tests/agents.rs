//! Agents' browsers over WebSocket.
use super::{ANSWER, Net, OFFER, header, status, to_tag};
use crate::{EndedBy, Event, FlowId, Gone, Target};

fn from_browser(method: &str, cseq: u32, user: &str, more: &str) -> String {
    format!(
        "{method} sip:lianxin SIP/2.0\r\nVia: SIP/2.0/WS x7.invalid;branch=z9hG4bK{method}{cseq}\r\n\
         Max-Forwards: 69\r\nTo: <sip:{user}@lianxin>\r\nFrom: \"甲\" <sip:{user}@lianxin>;tag=t{user}\r\n\
         Call-ID: reg\r\nCSeq: {cseq} {method}\r\n{more}Content-Length: 0\r\n\r\n"
    )
}

fn register(cseq: u32, user: &str, expires: u32) -> String {
    let contact = format!(
        "Contact: <sip:abc@x7.invalid;transport=ws>;+sip.ice;reg-id=1;+sip.instance=\"<urn:uuid:1>\";expires={expires}\r\nExpires: {expires}\r\n"
    );
    from_browser("REGISTER", cseq, user, &contact)
}

fn registered(net: &mut Net, agent: &str) -> FlowId {
    let flow = net.browser(agent);
    net.browser_says(flow, register(1, agent, 600));
    assert_eq!(status(&net.browser_hears(flow)), 200);
    assert_eq!(net.event(0), Event::Registered { agent: agent.into(), flow });
    flow
}

/// The browser's response to a request of ours.
fn reply(request: &str, line: &str, body: &str) -> String {
    let to = header(request, "To");
    let to = if to.contains("tag=") { to.to_owned() } else { format!("{to};tag=js") };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "SIP/2.0 {line}\r\nVia: {}\r\nFrom: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:abc@x7.invalid;transport=ws>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
        header(request, "Via"),
        header(request, "From"),
        header(request, "Call-ID"),
        header(request, "CSeq"),
        body.len()
    )
}

#[test]
fn a_browser_registers_for_two_minutes_at_most_and_keeps_its_parameters() {
    let mut net = Net::new();
    let flow = net.browser("1027");
    net.browser_says(flow, register(1, "1027", 600));
    let ok = net.browser_hears(flow);
    let contact = header(&ok, "Contact");
    assert_eq!((status(&ok), header(&ok, "Expires")), (200, "120"));
    assert!(
        contact.contains("+sip.instance=\"<urn:uuid:1>\"") && contact.ends_with(";expires=120"),
        "{contact}"
    );
    net.event(0);
    net.pass(60.0);
    net.browser_says(flow, register(2, "1027", 120));
    net.pass(120.0);
    net.quiet(0); // refreshed: told once
    net.pass(15.0);
    assert_eq!(
        net.event(0),
        Event::Unregistered { agent: "1027".into(), flow, why: Gone::Expired }
    );
}

#[test]
fn nobody_registers_as_somebody_else() {
    let mut net = Net::new();
    let flow = net.browser("1027");
    net.browser_says(flow, register(1, "1028", 120));
    assert_eq!(status(&net.browser_hears(flow)), 403);
    net.quiet(0);
}

#[test]
fn a_second_browser_replaces_the_first() {
    let mut net = Net::new();
    let first = registered(&mut net, "1027");
    let second = net.browser("1027");
    net.browser_says(second, register(1, "1027", 120));
    assert_eq!(
        net.event(0),
        Event::Unregistered { agent: "1027".into(), flow: first, why: Gone::Replaced }
    );
    assert_eq!(net.event(0), Event::Registered { agent: "1027".into(), flow: second });
    assert_eq!(net.closed, [(first, "replaced")]);
    net.browser_leaves(first);
    net.quiet(0);
    net.browser_leaves(second);
    assert_eq!(
        net.event(0),
        Event::Unregistered { agent: "1027".into(), flow: second, why: Gone::Closed }
    );
}

#[test]
fn signing_off_takes_the_binding_back() {
    for farewell in [
        register(2, "1027", 0),
        from_browser("REGISTER", 2, "1027", "Contact: *\r\nExpires: 0\r\n"),
    ] {
        let mut net = Net::new();
        let flow = registered(&mut net, "1027");
        net.browser_says(flow, farewell);
        assert_eq!(status(&net.browser_hears(flow)), 200);
        assert_eq!(
            net.event(0),
            Event::Unregistered { agent: "1027".into(), flow, why: Gone::SignedOff }
        );
    }
}

#[test]
fn an_agent_is_called_over_the_connection_and_both_can_end_it() {
    for agent_ends in [true, false] {
        let mut net = Net::new();
        let flow = registered(&mut net, "1027");
        let dialog = net.call(0, Target::Agent("1027".into()));
        let invite = net.browser_hears(flow);
        assert!(
            invite
                .starts_with("INVITE sip:abc@x7.invalid;transport=ws SIP/2.0\r\nVia: SIP/2.0/WS "),
            "{invite}"
        );
        assert!(!invite.contains("Session-Expires"));
        net.browser_says(flow, reply(&invite, "180 Ringing", ""));
        assert_eq!(net.event(0), Event::Progress { dialog, status: 180, sdp: None });
        net.browser_says(flow, reply(&invite, "200 OK", ANSWER));
        assert_eq!(net.event(0), Event::Answered { dialog, sdp: ANSWER.into() });
        let ack = net.browser_hears(flow);
        assert!(ack.starts_with("ACK sip:abc@x7.invalid") && to_tag(&ack) == "js");
        if agent_ends {
            let tag = header(&invite, "From").split(";tag=").nth(1).unwrap();
            let bye = from_browser("BYE", 9, "1027", "")
                .replace("To: <sip:1027@lianxin>", &format!("To: <sip:lianxin@lianxin>;tag={tag}"))
                .replace(";tag=t1027", ";tag=js")
                .replace("Call-ID: reg", &format!("Call-ID: {}", header(&invite, "Call-ID")));
            net.browser_says(flow, bye);
            assert!(matches!(net.event(0), Event::Ended { by: EndedBy::Remote, .. }));
            assert_eq!(status(&net.browser_hears(flow)), 200);
        } else {
            net.hang_up(0, dialog);
            let bye = net.browser_hears(flow);
            assert!(bye.starts_with("BYE sip:abc@x7.invalid"));
            net.browser_says(flow, reply(&bye, "200 OK", ""));
            assert!(matches!(net.event(0), Event::Ended { by: EndedBy::Local, .. }));
        }
        net.quiet(0);
        net.pass(40.0);
        assert_eq!(net.stats(0).dialogs, 0);
    }
}

#[test]
fn an_offer_is_withdrawn_with_cancel() {
    let mut net = Net::new();
    let flow = registered(&mut net, "1027");
    let dialog = net.call(0, Target::Agent("1027".into()));
    let invite = net.browser_hears(flow);
    net.browser_says(flow, reply(&invite, "180 Ringing", ""));
    net.hang_up(0, dialog);
    let cancel = net.browser_hears(flow);
    assert!(cancel.starts_with("CANCEL"));
    net.browser_says(flow, reply(&cancel, "200 OK", ""));
    net.browser_says(flow, reply(&invite, "487 Request Terminated", ""));
    assert!(net.browser_hears(flow).starts_with("ACK"));
    assert!(matches!(net.event(0), Event::Progress { .. }));
    assert!(matches!(net.event(0), Event::Ended { by: EndedBy::Local, .. }));
    net.quiet(0);
}

#[test]
fn a_browser_that_leaves_while_it_rings_fails_the_call() {
    let mut net = Net::new();
    let flow = registered(&mut net, "1027");
    let dialog = net.call(0, Target::Agent("1027".into()));
    net.browser_leaves(flow);
    assert!(matches!(net.event(0), Event::Unregistered { why: Gone::Closed, .. }));
    assert!(matches!(net.event(0), Event::Failed { dialog: d, status: 503, .. } if d == dialog));
    net.nothing_is_left();
}

#[test]
fn a_call_lives_on_over_the_next_connection_of_its_agent() {
    let mut net = Net::new();
    let flow = registered(&mut net, "1027");
    let dialog = net.call(0, Target::Agent("1027".into()));
    let invite = net.browser_hears(flow);
    net.browser_says(flow, reply(&invite, "200 OK", ANSWER));
    net.browser_leaves(flow);
    let again = net.browser("1027");
    net.browser_says(again, register(2, "1027", 120));
    net.browser_hears(again);
    net.hang_up(0, dialog);
    assert!(net.browser_hears(again).starts_with("BYE sip:abc@x7.invalid"));
}

#[test]
fn an_agent_can_call_from_the_browser_as_nobody_else() {
    let mut net = Net::new();
    let flow = registered(&mut net, "1027");
    let invite = |user: &str| {
        from_browser(
            "INVITE",
            1,
            user,
            "Contact: <sip:abc@x7.invalid;transport=ws>\r\nContent-Type: application/sdp\r\n",
        )
        .replace(
            "Content-Length: 0\r\n\r\n",
            &format!("Content-Length: {}\r\n\r\n{OFFER}", OFFER.len()),
        )
        .replace("sip:lianxin SIP", "sip:13800138000@lianxin SIP")
        .replace("Call-ID: reg", &format!("Call-ID: out{user}"))
        .replace("INVITE1", &format!("INVITE{user}"))
    };
    net.browser_says(flow, invite("1028"));
    assert_eq!(status(&net.browser_hears(flow)), 100);
    assert_eq!(status(&net.browser_hears(flow)), 403);
    net.browser_says(flow, invite("1027"));
    let Event::Invite { from_agent, from_trunk, dialled, .. } = net.event(0) else {
        panic!("no INVITE")
    };
    assert_eq!(
        (from_agent.as_deref(), from_trunk, dialled.as_str()),
        (Some("1027"), None, "13800138000")
    );
}

#[test]
fn a_trunk_cannot_speak_in_an_agent_s_call() {
    let mut net = Net::new();
    let flow = registered(&mut net, "1027");
    net.call(0, Target::Agent("1027".into()));
    let invite = net.browser_hears(flow);
    net.browser_says(flow, reply(&invite, "200 OK", ANSWER));
    net.event(0);
    let tag = header(&invite, "From").split(";tag=").nth(1).unwrap().to_owned();
    let bye = super::by_hand("BYE", 9, "b9", &tag, "", "")
        .replace("Call-ID: hand", &format!("Call-ID: {}", header(&invite, "Call-ID")))
        .replace(";tag=h", ";tag=js");
    net.write(super::BY_HAND, bye);
    assert_eq!(net.statuses(super::BY_HAND), [481]);
    net.quiet(0);
}
