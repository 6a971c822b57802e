//! Calls from trunks.
use super::{ANSWER, BY_HAND, CARRIER, Net, OFFER, by_hand, header, status, to_tag, trunk};
use crate::{Credentials, EndedBy, Event, NumberRule, Target};

fn hand_invite(more: &str) -> String {
    by_hand("INVITE", 1, "i1", "", more, OFFER)
}

#[test]
fn a_call_rings_is_answered_talks_and_ends() {
    let mut net = Net::new();
    let theirs = net.call(1, Target::Trunk { name: "hotline".into(), number: "12345".into() });
    let Event::Invite { dialog, from_trunk, caller, dialled, offer, peer, .. } = net.event(0)
    else {
        panic!("no INVITE")
    };
    assert_eq!((from_trunk.as_deref(), dialled.as_str()), (Some("carrier"), "12345"));
    assert_eq!(caller.number.unwrap().reveal(), "13800138000");
    assert_eq!((offer.as_deref(), peer), (Some(OFFER), CARRIER.parse().unwrap()));
    net.ring(0, dialog);
    assert_eq!(net.event(1), Event::Progress { dialog: theirs, status: 180, sdp: None });
    net.answer(0, dialog);
    assert_eq!(net.event(1), Event::Answered { dialog: theirs, sdp: ANSWER.into() });
    assert_eq!(net.event(0), Event::Confirmed { dialog, sdp: None });
    net.hang_up(1, theirs);
    let reason = Some("SIP;cause=200;text=\"done\"".into());
    assert_eq!(net.event(0), Event::Ended { dialog, by: EndedBy::Remote, reason });
    let reason = Some("done".into());
    assert_eq!(net.event(1), Event::Ended { dialog: theirs, by: EndedBy::Local, reason });
    net.quiet(0);
    net.nothing_is_left();
}

#[test]
fn a_caller_who_gives_up_is_cancelled_and_gets_487_with_the_tag_of_the_180() {
    let mut net = Net::new();
    net.write(BY_HAND, hand_invite(""));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.ring(0, dialog);
    assert_eq!(status(&net.read(BY_HAND)), 100);
    let tag = to_tag(&net.read(BY_HAND));
    net.write(BY_HAND, by_hand("CANCEL", 1, "i1", "", "", ""));
    assert_eq!(net.event(0), Event::Cancelled { dialog });
    let cancelled = net.read(BY_HAND);
    assert_eq!((status(&cancelled), to_tag(&cancelled)), (200, tag.clone()));
    let terminated = net.read(BY_HAND);
    assert_eq!((status(&terminated), to_tag(&terminated)), (487, tag.clone()));
    net.answer(0, dialog); // too late: nothing happens
    net.write(BY_HAND, by_hand("ACK", 1, "i1", &tag, "", ""));
    net.quiet(0);
    net.nothing_is_left();
    assert_eq!(net.unread(BY_HAND), 0);
}

#[test]
fn cancel_after_the_answer_changes_nothing() {
    let mut net = Net::new();
    net.write(BY_HAND, hand_invite(""));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.answer(0, dialog);
    net.write(BY_HAND, by_hand("CANCEL", 1, "i1", "", "", ""));
    assert_eq!(net.statuses(BY_HAND), [100, 200, 200]);
    net.quiet(0);
}

#[test]
fn cancel_of_nothing_is_481() {
    let mut net = Net::new();
    net.write(BY_HAND, by_hand("CANCEL", 1, "none", "", "", ""));
    assert_eq!(net.statuses(BY_HAND), [481]);
}

#[test]
fn a_repeated_invite_makes_one_call_and_repeats_the_last_response() {
    let mut net = Net::new();
    net.write(BY_HAND, hand_invite(""));
    net.write(BY_HAND, hand_invite(""));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.quiet(0);
    net.reject(0, dialog, 404);
    net.write(BY_HAND, hand_invite(""));
    assert_eq!(net.statuses(BY_HAND), [100, 100, 404, 404]);
    assert!(matches!(net.event(0), Event::Ended { by: EndedBy::Local, .. }));
}

#[test]
fn an_answer_is_repeated_until_the_ack_and_then_the_call_is_ended() {
    let mut net = Net::new();
    net.write(BY_HAND, hand_invite(""));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.answer(0, dialog);
    net.pass(8.0);
    // at 0, 0.5, 1.5, 3.5, 7.5 s
    assert_eq!(net.statuses(BY_HAND), [100, 200, 200, 200, 200, 200]);
    net.pass(25.0);
    let reason = Some("no ACK".into());
    assert_eq!(net.event(0), Event::Ended { dialog, by: EndedBy::Timeout, reason });
    let bye = std::iter::repeat_with(|| net.read(BY_HAND))
        .find(|letter| letter.starts_with("BYE"))
        .unwrap();
    assert_eq!(header(&bye, "To"), "<sip:13900139000@10.0.0.9>;tag=h");
    net.nothing_is_left();
}

#[test]
fn hanging_up_before_the_ack_waits_for_it() {
    let mut net = Net::new();
    net.write(BY_HAND, hand_invite(""));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.answer(0, dialog);
    net.hang_up(0, dialog);
    assert!(matches!(net.event(0), Event::Ended { by: EndedBy::Local, .. }));
    net.read(BY_HAND);
    let tag = to_tag(&net.read(BY_HAND));
    assert_eq!(net.unread(BY_HAND), 0, "BYE before ACK");
    net.write(BY_HAND, by_hand("ACK", 1, "a1", &tag, "", ""));
    assert!(net.read(BY_HAND).starts_with("BYE sip:h@10.0.0.9:5070 SIP/2.0"));
    net.quiet(0);
}

#[test]
fn an_offerless_invite_gets_the_answer_with_its_ack() {
    let mut net = Net::new();
    net.write(BY_HAND, by_hand("INVITE", 1, "i1", "", "", ""));
    let Event::Invite { dialog, offer: None, .. } = net.event(0) else { panic!("no INVITE") };
    net.answer(0, dialog);
    net.read(BY_HAND);
    let tag = to_tag(&net.read(BY_HAND));
    net.write(BY_HAND, by_hand("ACK", 1, "a1", &tag, "", ANSWER));
    assert_eq!(net.event(0), Event::Confirmed { dialog, sdp: Some(ANSWER.into()) });
}

#[test]
fn unlisted_sources_hear_nothing_and_are_counted() {
    let mut net = Net::new();
    net.write("203.0.113.7:5060", hand_invite(""));
    net.write("203.0.113.7:5060", "garbage");
    net.quiet(0);
    assert_eq!((net.stats(0).unlisted, net.log.len()), (2, 0));
}

#[test]
fn a_merged_invite_is_482_and_one_hop_too_many_483() {
    let mut net = Net::new();
    net.write(BY_HAND, hand_invite(""));
    net.write(BY_HAND, by_hand("INVITE", 1, "other-way", "", "", OFFER));
    assert_eq!(net.statuses(BY_HAND), [100, 100, 482]);
    let hops = hand_invite("")
        .replace("Max-Forwards: 70", "Max-Forwards: 0")
        .replace("i1", "i2")
        .replace("hand\r", "hop\r");
    net.write(BY_HAND, hops);
    assert_eq!(net.statuses(BY_HAND), [100, 483]);
}

#[test]
fn required_extensions_we_lack_are_420_with_their_names() {
    let mut net = Net::new();
    net.write(BY_HAND, hand_invite("Require: 100rel, timer, precondition\r\n"));
    net.read(BY_HAND);
    let refused = net.read(BY_HAND);
    assert_eq!((status(&refused), header(&refused, "Unsupported")), (420, "100rel, precondition"));
    net.quiet(0);
}

#[test]
fn a_full_house_is_503_with_retry_after() {
    let mut net = Net::with(|config| config.calls_at_most = 1);
    net.incoming();
    net.write(BY_HAND, hand_invite(""));
    net.read(BY_HAND);
    let refused = net.read(BY_HAND);
    assert_eq!(status(&refused), 503);
    assert!((5..=30).contains(&header(&refused, "Retry-After").parse::<u32>().unwrap()));
}

#[test]
fn a_rejection_carries_its_reason_and_headers() {
    let mut net = Net::new();
    net.write(BY_HAND, hand_invite(""));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    let extra =
        vec![("Retry-After".into(), "20".into()), ("Contact".into(), "<sip:evil@h>".into())];
    let reason = "Queue Full".into();
    net.command(0, crate::endpoint::Command::Reject { dialog, status: 480, reason, extra });
    net.read(BY_HAND);
    let refused = net.read(BY_HAND);
    assert!(refused.starts_with("SIP/2.0 480 Queue Full\r\n"), "{refused}");
    assert_eq!(header(&refused, "Retry-After"), "20");
    assert!(!refused.contains("evil"));
}

#[test]
fn the_caller_is_the_asserted_one_and_may_be_withheld() {
    let more = "P-Asserted-Identity: \"市民\" <sip:+8613800138000@ims>, <tel:+8613800138000>\r\n\
                Remote-Party-ID: <sip:110@x>\r\nPrivacy: id;critical\r\n";
    let mut net = Net::new();
    net.write(BY_HAND, hand_invite(more));
    let Event::Invite { caller, .. } = net.event(0) else { panic!("no INVITE") };
    assert_eq!(caller.number.unwrap().reveal(), "+8613800138000");
    assert_eq!((caller.withheld, caller.display.as_deref()), (true, Some("市民")));
}

#[test]
fn an_anonymous_caller_has_no_number() {
    let mut net = Net::new();
    let invite = hand_invite("")
        .replace("<sip:13900139000@10.0.0.9>", "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    net.write(BY_HAND, invite);
    let Event::Invite { caller, .. } = net.event(0) else { panic!("no INVITE") };
    assert_eq!((caller.number, caller.withheld), (None, true));
}

#[test]
fn the_dialled_number_is_found_by_the_rules_in_their_order() {
    let more = "Diversion: <sip:88880000@x>;reason=unconditional, <sip:12345@x>;reason=no-answer\r\n\
                History-Info: <sip:1001@x>;index=1.1;rc=1, <sip:96345@x>;index=1\r\n\
                P-Called-Party-ID: <sip:+8643412345@x>\r\n";
    let cases = [
        (vec![NumberRule::HistoryInfo, NumberRule::To], "", "12345"),
        (vec![NumberRule::HistoryInfo, NumberRule::DiversionLast], more, "96345"),
        (vec![NumberRule::DiversionLast], more, "12345"),
        (vec![NumberRule::CalledParty, NumberRule::HistoryInfo], more, "+8643412345"),
        (vec![NumberRule::DiversionLast], "", "12345"),
        (vec![], more, "12345"),
    ];
    for (rules, more, expected) in cases {
        let mut net = Net::with(|config| {
            let mut hand = trunk("hand", BY_HAND);
            hand.number_from.clone_from(&rules);
            config.trunks = vec![hand];
        });
        net.write(BY_HAND, hand_invite(more));
        let Event::Invite { dialled, .. } = net.event(0) else { panic!("no INVITE") };
        assert_eq!(dialled, expected, "{rules:?}");
    }
}

#[test]
fn a_ringing_call_is_kept_alive_each_minute() {
    let mut net = Net::new();
    net.write(BY_HAND, hand_invite(""));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.ring(0, dialog);
    net.pass(125.0);
    assert_eq!(net.statuses(BY_HAND), [100, 180, 180, 180]);
}

#[test]
fn responses_go_where_rport_says() {
    let mut net = Net::new();
    let invite = hand_invite("").replace("5070;branch", "5070;rport;branch");
    net.write("10.0.0.9:41000", invite);
    let trying = net.read("10.0.0.9:41000");
    assert!(header(&trying, "Via").ends_with(";received=10.0.0.9;rport=41000"), "{trying}");
}

#[test]
fn options_tell_that_we_are_alive() {
    let mut net = Net::new();
    net.write(BY_HAND, by_hand("OPTIONS", 1, "o1", "", "", ""));
    let answer = net.read(BY_HAND);
    assert_eq!(status(&answer), 200);
    assert!(header(&answer, "Allow").contains("INVITE"));
}

#[test]
fn a_trunk_that_is_challenged_may_call_with_the_right_password_only() {
    for (password, comes_in) in [("secret", true), ("guess", false)] {
        let mut net = Net::with(|config| {
            let mut carrier = trunk("carrier", CARRIER);
            let by = Credentials { challenge: true, ..Credentials::new("carrier", "secret") };
            carrier.digest = Some(by);
            config.trunks = vec![carrier];
        });
        net.theirs(|config| config.trunks[0].digest = Some(Credentials::new("carrier", password)));
        net.call(1, Target::Trunk { name: "hotline".into(), number: "12345".into() });
        assert_eq!(net.sent("SIP/2.0 401"), if comes_in { 1 } else { 2 });
        if comes_in {
            assert!(matches!(net.event(0), Event::Invite { .. }));
        } else {
            net.quiet(0);
            assert!(matches!(net.event(1), Event::Failed { status: 401, .. }));
        }
    }
}
