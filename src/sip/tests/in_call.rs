//! What happens inside a call.
use super::{ANSWER, BY_HAND, Net, OFFER, by_hand, header, status, to_tag};
use crate::endpoint::Command;
use crate::{DialogId, EndedBy, Event};

/// A call by hand, answered and acknowledged; its dialog and our tag.
fn up(more: &str) -> (Net, DialogId, String) {
    let mut net = Net::new();
    net.write(BY_HAND, by_hand("INVITE", 1, "i1", "", more, OFFER));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.answer(0, dialog);
    net.read(BY_HAND);
    let tag = to_tag(&net.read(BY_HAND));
    net.write(BY_HAND, by_hand("ACK", 1, "a1", &tag, "", ""));
    assert_eq!(net.event(0), Event::Confirmed { dialog, sdp: None });
    (net, dialog, tag)
}

#[test]
fn a_reinvite_asks_the_owner_and_refreshes_the_target() {
    let (mut net, dialog, tag) = up("");
    let moved = by_hand("INVITE", 2, "i2", &tag, "", OFFER)
        .replace("<sip:h@10.0.0.9:5070>", "<sip:moved@10.0.0.9:5099>");
    net.write(BY_HAND, moved);
    assert_eq!(net.event(0), Event::Reinvite { dialog, offer: Some(OFFER.into()) });
    net.command(0, Command::AnswerReinvite { dialog, result: Ok(ANSWER.into()) });
    assert_eq!(net.statuses(BY_HAND), [100, 200]);
    net.write(BY_HAND, by_hand("ACK", 2, "a2", &tag, "", ""));
    assert_eq!(net.event(0), Event::Confirmed { dialog, sdp: None });
    net.hang_up(0, dialog);
    assert!(net.read("10.0.0.9:5099").starts_with("BYE sip:moved@10.0.0.9:5099 SIP/2.0"));
}

#[test]
fn a_second_offer_while_one_is_open_is_500_with_retry_after() {
    let (mut net, dialog, tag) = up("");
    net.write(BY_HAND, by_hand("INVITE", 2, "i2", &tag, "", OFFER));
    net.write(BY_HAND, by_hand("UPDATE", 3, "u1", &tag, "", OFFER));
    assert!(matches!(net.event(0), Event::Reinvite { .. }));
    net.read(BY_HAND);
    let refused = net.read(BY_HAND);
    assert_eq!(status(&refused), 500);
    assert!(header(&refused, "Retry-After").parse::<u32>().unwrap() <= 10);
    net.command(0, Command::AnswerReinvite { dialog, result: Err(488) });
    assert_eq!(net.statuses(BY_HAND), [488]);
    net.quiet(0);
}

#[test]
fn a_reinvite_before_the_ack_is_491() {
    let mut net = Net::new();
    net.write(BY_HAND, by_hand("INVITE", 1, "i1", "", "", OFFER));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.answer(0, dialog);
    net.read(BY_HAND);
    let tag = to_tag(&net.read(BY_HAND));
    net.write(BY_HAND, by_hand("INVITE", 2, "i2", &tag, "", OFFER));
    assert_eq!(net.statuses(BY_HAND), [100, 491]);
}

#[test]
fn a_reinvite_can_be_cancelled_without_ending_the_call() {
    let (mut net, dialog, tag) = up("");
    net.write(BY_HAND, by_hand("INVITE", 2, "i2", &tag, "", OFFER));
    net.write(BY_HAND, by_hand("CANCEL", 2, "i2", &tag, "", ""));
    assert_eq!(net.statuses(BY_HAND), [100, 200, 487]);
    assert!(matches!(net.event(0), Event::Reinvite { .. }));
    net.command(0, Command::AnswerReinvite { dialog, result: Ok(ANSWER.into()) });
    net.quiet(0);
    assert_eq!(net.stats(0).dialogs, 1);
}

#[test]
fn a_reinvite_nobody_answers_is_refused() {
    let (mut net, _, tag) = up("");
    net.write(BY_HAND, by_hand("INVITE", 2, "i2", &tag, "", OFFER));
    net.pass(20.4);
    assert_eq!(net.statuses(BY_HAND), [100, 500]);
}

#[test]
fn an_update_without_offer_is_answered_at_once_and_with_one_by_the_owner() {
    let (mut net, dialog, tag) = up("");
    net.write(BY_HAND, by_hand("UPDATE", 2, "u1", &tag, "", ""));
    assert_eq!(net.statuses(BY_HAND), [200]);
    net.write(BY_HAND, by_hand("UPDATE", 3, "u2", &tag, "", OFFER));
    assert_eq!(net.event(0), Event::Reinvite { dialog, offer: Some(OFFER.into()) });
    net.command(0, Command::AnswerReinvite { dialog, result: Ok(ANSWER.into()) });
    let answer = net.read(BY_HAND);
    assert!(status(&answer) == 200 && answer.ends_with(ANSWER));
    net.pass(2.0);
    assert_eq!(net.unread(BY_HAND), 0, "an UPDATE needs no ACK");
}

#[test]
fn an_early_update_is_answered() {
    let mut net = Net::new();
    net.write(BY_HAND, by_hand("INVITE", 1, "i1", "", "", OFFER));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.ring(0, dialog);
    net.read(BY_HAND);
    let tag = to_tag(&net.read(BY_HAND));
    net.write(BY_HAND, by_hand("UPDATE", 2, "u1", &tag, "", ""));
    net.write(BY_HAND, by_hand("UPDATE", 3, "u2", &tag, "", OFFER));
    assert_eq!(net.statuses(BY_HAND), [200, 500]);
}

#[test]
fn old_numbers_are_500_and_other_tags_481() {
    let (mut net, _, tag) = up("");
    net.write(BY_HAND, by_hand("OPTIONS", 5, "o5", &tag, "", ""));
    net.write(BY_HAND, by_hand("OPTIONS", 4, "o4", &tag, "", ""));
    net.write(BY_HAND, by_hand("OPTIONS", 6, "o6", "guess", "", ""));
    net.write(BY_HAND, by_hand("OPTIONS", 7, "o7", &tag, "", "").replace(";tag=h\r", ";tag=x\r"));
    net.write(BY_HAND, by_hand("REFER", 8, "r8", &tag, "", ""));
    net.write(BY_HAND, by_hand("PRACK", 9, "p9", &tag, "", ""));
    assert_eq!(net.statuses(BY_HAND), [200, 500, 481, 481, 405, 481]);
}

#[test]
fn keys_come_by_info_in_both_forms() {
    let (mut net, dialog, tag) = up("");
    let relay = "Content-Type: application/dtmf-relay\r\n";
    net.write(BY_HAND, by_hand("INFO", 2, "n2", &tag, relay, "Signal= 5\r\nDuration=160\r\n"));
    net.write(BY_HAND, by_hand("INFO", 3, "n3", &tag, "Content-Type: application/dtmf\r\n", "#"));
    net.write(BY_HAND, by_hand("INFO", 4, "n4", &tag, relay, "Signal=55\r\n"));
    net.write(BY_HAND, by_hand("INFO", 5, "n5", &tag, "Content-Type: text/plain\r\n", "hi"));
    assert_eq!(net.event(0), Event::Dtmf { dialog, digit: '5' });
    assert_eq!(net.event(0), Event::Dtmf { dialog, digit: '#' });
    assert_eq!(net.statuses(BY_HAND), [200, 200, 400, 415]);
    net.quiet(0);
}

#[test]
fn a_bye_for_an_unanswered_call_ends_its_invite_too() {
    let mut net = Net::new();
    net.write(BY_HAND, by_hand("INVITE", 1, "i1", "", "", OFFER));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.ring(0, dialog);
    net.read(BY_HAND);
    let tag = to_tag(&net.read(BY_HAND));
    net.write(BY_HAND, by_hand("BYE", 2, "b2", &tag, "", ""));
    assert_eq!(net.event(0), Event::Cancelled { dialog });
    assert_eq!(net.statuses(BY_HAND), [200, 487]);
}

#[test]
fn both_may_hang_up_at_once() {
    let mut net = Net::new();
    let (ours, theirs) = net.talking();
    net.lose = Box::new(|_| true); // both BYEs are on their way
    net.hang_up(0, ours);
    net.hang_up(1, theirs);
    net.lose = Box::new(|_| false);
    net.pass(5.0);
    assert!(matches!(net.event(0), Event::Ended { by: EndedBy::Local, .. }));
    assert!(matches!(net.event(1), Event::Ended { by: EndedBy::Local, .. }));
    net.quiet(0);
    net.quiet(1);
    net.nothing_is_left();
}

#[test]
fn a_session_timer_is_accepted_and_ends_a_call_nobody_refreshes() {
    let more = "Supported: timer\r\nSession-Expires: 90\r\n";
    let mut net = Net::new();
    net.write(BY_HAND, by_hand("INVITE", 1, "i1", "", more, OFFER));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.answer(0, dialog);
    net.read(BY_HAND);
    let ok = net.read(BY_HAND);
    assert_eq!(
        (header(&ok, "Session-Expires"), header(&ok, "Require")),
        ("90;refresher=uac", "timer")
    );
    let tag = to_tag(&ok);
    net.write(BY_HAND, by_hand("ACK", 1, "a1", &tag, "", ""));
    net.event(0);
    net.pass(50.0);
    let refresh = more.replace("90", "90;refresher=uac");
    net.write(BY_HAND, by_hand("UPDATE", 2, "u2", &tag, &refresh, ""));
    net.pass(59.0);
    net.quiet(0);
    net.pass(2.0);
    assert!(matches!(net.event(0), Event::Ended { by: EndedBy::Timeout, .. }));
}

#[test]
fn too_short_a_session_is_422() {
    let mut net = Net::new();
    let more = "Supported: timer\r\nSession-Expires: 60\r\n";
    net.write(BY_HAND, by_hand("INVITE", 1, "i1", "", more, OFFER));
    net.read(BY_HAND);
    let refused = net.read(BY_HAND);
    assert_eq!((status(&refused), header(&refused, "Min-SE")), (422, "90"));
}

#[test]
fn as_the_refresher_we_update_at_half_time_and_end_at_481() {
    let more =
        "Supported: timer\r\nSession-Expires: 100;refresher=uas\r\nAllow: INVITE, UPDATE\r\n";
    let (mut net, dialog, tag) = up(more);
    net.pass(49.0);
    assert_eq!(net.unread(BY_HAND), 0);
    net.pass(1.1);
    let update = net.read(BY_HAND);
    assert!(
        update.starts_with("UPDATE") && header(&update, "Session-Expires") == "100;refresher=uac",
        "{update}"
    );
    let answer = |request: &str, line: &str| {
        let names = ["Via", "From", "To", "Call-ID", "CSeq"];
        let lines = names.map(|n| format!("{n}: {}", header(request, n))).join("\r\n");
        format!("SIP/2.0 {line}\r\n{lines}\r\nContent-Length: 0\r\n\r\n")
    };
    net.write(BY_HAND, answer(&update, "200 OK"));
    net.pass(50.0);
    let update = net.read(BY_HAND);
    net.write(BY_HAND, answer(&update, "481 Gone"));
    assert!(
        matches!(net.event(0), Event::Ended { dialog: d, by: EndedBy::Timeout, .. } if d == dialog)
    );
    assert!(net.read(BY_HAND).starts_with("BYE"));
    drop(tag);
}

#[test]
fn during_our_own_reinvite_theirs_is_491() {
    let more = "Supported: timer\r\nSession-Expires: 100;refresher=uas\r\n";
    let (mut net, _, tag) = up(more);
    net.pass(50.1);
    assert!(net.read(BY_HAND).starts_with("INVITE"));
    net.write(BY_HAND, by_hand("INVITE", 2, "i2", &tag, "", OFFER));
    assert_eq!(net.statuses(BY_HAND), [100, 491]);
    net.quiet(0);
}

#[test]
fn a_lost_connection_is_dialled_again_where_the_contact_points() {
    let mut net = Net::new();
    let flow = net.connection("10.0.0.9:40123");
    net.browser_says(flow, by_hand("INVITE", 1, "i1", "", "", OFFER).replace("/UDP", "/TCP"));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.answer(0, dialog);
    net.browser_hears(flow);
    let tag = to_tag(&net.browser_hears(flow));
    net.browser_says(flow, by_hand("ACK", 1, "a1", &tag, "", ""));
    assert!(matches!(net.event(0), Event::Confirmed { .. }));
    net.browser_leaves(flow);
    net.hang_up(0, dialog);
    let (again, to) = net.dialled[0];
    assert_eq!(to, BY_HAND.parse().unwrap());
    assert!(net.browser_hears(again).starts_with("BYE sip:h@10.0.0.9:5070"));
    net.browser_leaves(again); // nobody there: the dialog ends all the same
    net.pass(1.0);
    assert_eq!(net.stats(0).dialogs, 0);
}

#[test]
fn a_caller_whose_connection_breaks_while_it_rings_has_hung_up() {
    let mut net = Net::new();
    let flow = net.connection("10.0.0.9:40123");
    net.browser_says(flow, by_hand("INVITE", 1, "i1", "", "", OFFER));
    let Event::Invite { dialog, .. } = net.event(0) else { panic!("no INVITE") };
    net.browser_leaves(flow);
    assert_eq!(net.event(0), Event::Cancelled { dialog });
    net.answer(0, dialog);
    net.quiet(0);
}
