//! What no carrier should send and some do, and bytes at random: never a panic, never an answer
//! that breaks its own lines.
use proptest::prelude::*;

use super::torture::{call, invite, options, reaction, with};
use super::{BY_HAND, Net, OFFER, by_hand, header, status};
use crate::Event;

#[test]
fn names_that_are_not_utf8_hide_no_header_behind_them() {
    let gbk =
        [&b"From: \"\xca\xd0\xc3\xf1\" <"[..], &b"sip:13900139000@10.0.0.9>;tag=h"[..]].concat();
    let message = invite();
    let at = message.find("From: <sip:13900139000@10.0.0.9>;tag=h").unwrap();
    let end = at + "From: <sip:13900139000@10.0.0.9>;tag=h".len();
    let bytes = [&message.as_bytes()[..at], &gbk, &message.as_bytes()[end..]].concat();
    assert_eq!(call(bytes).as_deref(), Some("12345"));
}

#[test]
fn a_datagram_without_length_has_its_body_to_the_end() {
    let message = invite();
    let line = format!("Content-Length: {}\r\n", OFFER.len());
    let mut net = Net::new();
    net.write(BY_HAND, with(&message, &line, ""));
    assert!(matches!(net.event(0), Event::Invite { offer: Some(offer), .. } if offer == OFFER));
}

#[test]
fn keep_alives_and_noise_are_silence() {
    for noise in [
        "\r\n\r\n",
        "\r\n",
        "\0\0\0\0",
        "hello",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\r\n\r\n\r\nx",
    ] {
        assert_eq!(reaction(noise), 0, "{noise:?}");
    }
}

#[test]
fn control_characters_and_bare_line_ends_are_400() {
    assert_eq!(reaction(with(&options(), "Call-ID: hand", "Call-ID: hand\0")), 400);
    assert_eq!(reaction(with(&options(), "Call-ID: hand", "Call-ID: hand\nX: y")), 400);
    assert_eq!(reaction(with(&options(), "Call-ID: hand", "Call-ID: ha\rnd")), 400);
    assert_eq!(reaction(with(&options(), "CSeq:", "No Name: x\r\nCSeq:")), 400);
}

#[test]
fn a_broken_ack_is_never_answered() {
    let ack = by_hand("ACK", 1, "a1", "", "", "");
    assert_eq!(reaction(with(&ack, "CSeq: 1 ACK", "CSeq: x ACK")), 0);
}

#[test]
fn ipv6_addresses_are_read_where_they_stand_in_brackets() {
    // RFC 5118
    let via = "Via: SIP/2.0/UDP [2001:db8::9:1]:5070;branch=z9hG4bKv6;rport";
    let message = with(&options(), "Via: SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKo1", via);
    assert_eq!(
        reaction(with(&message, "sip:12345@10.0.0.1 SIP", "sip:[2001:db8::10]:5070 SIP")),
        200
    );
}

#[test]
fn too_many_headers_and_hops_are_refused() {
    let many = "X-Y: z\r\n".repeat(120);
    assert_eq!(reaction(by_hand("OPTIONS", 1, "o1", "", &many, "")), 513);
    let hops = "Via: SIP/2.0/UDP h;branch=z9hG4bKx\r\n".repeat(25);
    assert_eq!(reaction(by_hand("OPTIONS", 1, "o1", "", &hops, "")), 483);
}

#[test]
fn an_error_carries_the_names_of_its_request() {
    let mut net = Net::new();
    net.write(BY_HAND, with(&options(), "CSeq: 1 OPTIONS", "CSeq: x OPTIONS"));
    let answer = net.read(BY_HAND);
    assert_eq!((status(&answer), header(&answer, "Call-ID")), (400, "hand"));
    assert_eq!(net.stats(0).malformed, 1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_us_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        Net::new().write(BY_HAND, bytes);
    }

    /// Real messages with pieces overwritten, cut out and put in twice; twice in a row, so that the
    /// second meets the transaction of the first.
    #[test]
    fn no_broken_message_makes_us_panic(
        which in 0..4_usize,
        edits in prop::collection::vec((any::<u16>(), 0..4_u8, any::<u8>(), 1..40_usize), 1..12),
    ) {
        let mut bytes = [invite(), options(), by_hand("REGISTER", 1, "r", "", "Expires: 5\r\n", ""),
            by_hand("CANCEL", 1, "i1", "x", "Require: timer\r\n", "")][which].clone().into_bytes();
        for (at, kind, byte, length) in edits {
            if bytes.is_empty() { break }
            let at = usize::from(at) % bytes.len();
            let end = (at + length).min(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => drop(bytes.splice(at..at, *b"\r\n;<\"@")),
            }
        }
        let mut net = Net::new();
        net.write(BY_HAND, bytes.clone());
        net.write(BY_HAND, bytes.clone());
        let flow = net.browser("1027");
        net.browser_says(flow, bytes);
        net.pass(40.0);
        for letter in net.letters.values().flatten() {
            prop_assert!(!letter.contains('\0') && letter.starts_with("SIP/2.0 "));
        }
    }
}
