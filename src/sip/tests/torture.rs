//! Messages after the descriptions of RFC 4475: the right status where an answer has an address,
//! silence elsewhere.
use super::{BY_HAND, Net, OFFER, by_hand};
use crate::Event;

/// What we answer to one message: the final status, 0 for none.
pub(super) fn reaction(message: impl Into<Vec<u8>>) -> u16 {
    let mut net = Net::new();
    net.write(BY_HAND, message.into());
    let statuses: Vec<u16> = net.statuses(BY_HAND);
    statuses.into_iter().find(|status| *status >= 200).unwrap_or(0)
}

/// Whether the message becomes a call, with the number it dials.
pub(super) fn call(message: impl Into<Vec<u8>>) -> Option<String> {
    let mut net = Net::new();
    net.write(BY_HAND, message.into());
    match net.sides[0].events.pop_front() {
        Some(Event::Invite { dialled, .. }) => Some(dialled),
        _ => None,
    }
}

pub(super) fn invite() -> String {
    by_hand("INVITE", 1, "i1", "", "", OFFER)
}

pub(super) fn options() -> String {
    by_hand("OPTIONS", 1, "o1", "", "", "")
}

/// A message with one piece exchanged.
pub(super) fn with(message: &str, old: &str, new: &str) -> String {
    assert!(message.contains(old), "{old:?} is not in the message");
    message.replacen(old, new, 1)
}

#[test]
fn a_short_tortuous_invite_is_a_call() {
    // RFC 4475 §3.1.1.1: folding, odd case, compact names, unknown parameters, blanks everywhere
    let message = "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n\
         TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1\r\n\r\n";
    assert_eq!(reaction(message), 0, "no Via: no answer");
    let message = format!(
        "INVITE sip:12345@chair-dnrc.example.com;unknownparam SIP/2.0\r\n\
         TO :\r\n\x20sip:vivekg@chair-dnrc.example.com\r\n\
         from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n\
         MaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\nContent-Length   : {}\r\n\
         cseq: 0009\r\n  INVITE\r\nVia  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n\
         s :\r\nNewFangledHeader:   newfangled value\r\n continued newfangled value\r\n\
         UnknownHeaderWithUnusualValue: ;;,,;;,;\r\nContent-Type: application/sdp\r\n\
         Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n\
         v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n\
         \x20SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n\
         m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n\
         \x20 secondparam ; q = 0.33\r\n\r\n{OFFER}",
        OFFER.len()
    );
    assert_eq!(call(message).as_deref(), Some("12345"));
}

#[test]
fn methods_we_do_not_know_are_501() {
    // §3.1.1.2 intmeth, §3.1.1.5 esc02
    let odd = "!interesting-Method0123456789_*+`.%indeed'~";
    assert_eq!(reaction(options().replace("OPTIONS", odd)), 501);
    assert_eq!(reaction(options().replace("OPTIONS", "RE%47IST%45R")), 501);
    assert_eq!(
        reaction(options().replace("OPTIONS", "options")),
        501,
        "methods are case-sensitive"
    );
    assert_eq!(reaction(by_hand("MESSAGE", 1, "m", "", "", "")), 405);
}

#[test]
fn escapes_in_the_user_are_read_and_nul_stays_escaped() {
    // §3.1.1.3 esc01, §3.1.1.4 escnull
    assert_eq!(call(with(&invite(), "sip:12345@", "sip:%31%32345@")).as_deref(), Some("12345"));
    assert_eq!(
        call(with(&invite(), "sip:12345@", "sip:null-%00-null@")).as_deref(),
        Some("null-%00-null")
    );
}

#[test]
fn no_blank_is_needed_before_a_bracket() {
    // §3.1.1.6 lwsdisp
    assert_eq!(reaction(with(&options(), "From: <", "From: caller<")), 200);
}

#[test]
fn long_values_are_taken_up_to_the_limit() {
    // §3.1.1.7 longreq
    let long = "x".repeat(1500);
    assert_eq!(
        reaction(with(&options(), "CSeq:", &format!("Unknown-{long}: {long}\r\nCSeq:"))),
        200
    );
    assert_eq!(
        reaction(with(&options(), "CSeq:", &format!("L: {}\r\nCSeq:", "x".repeat(9000)))),
        0
    );
}

#[test]
fn octets_after_the_body_are_ignored() {
    // §3.1.1.8 dblreq
    assert_eq!(reaction(options() + &invite()), 200);
    assert_eq!(call(options() + &invite()), None);
}

#[test]
fn a_semicolon_in_the_user_part_stays_there() {
    // §3.1.1.9 semiuri
    let message = with(&options(), "sip:12345@10", "sip:user;par=u%40example.net@10");
    assert_eq!(reaction(message), 200);
}

#[test]
fn unknown_transports_in_vias_below_the_top_do_not_matter() {
    // §3.1.1.10 transports
    let more = "Via: SIP/2.0/SCTP t2;branch=z9hG4bKa, SIP/2.0/UNKNOWN t4;branch=z9hG4bKb\r\n";
    assert_eq!(reaction(by_hand("OPTIONS", 1, "o1", "", more, "")), 200);
}

#[test]
fn the_sdp_in_a_multipart_body_is_the_offer() {
    // §3.1.1.11 mpart01
    let body = format!(
        "--7a9\r\nContent-Type: application/sdp\r\n\r\n{OFFER}\r\n--7a9\r\nContent-Type: application/pkcs7-signature\r\n\r\n\u{fffd}\r\n--7a9--\r\n"
    );
    let kind = "Content-Type: multipart/signed; boundary=7a9\r\n";
    let mut net = Net::new();
    net.write(BY_HAND, by_hand("INVITE", 1, "i1", "", kind, &body));
    assert!(matches!(net.event(0), Event::Invite { offer: Some(offer), .. } if offer == OFFER));
}

#[test]
fn stray_separators_are_400() {
    // §3.1.2.1 badinv01
    assert_eq!(
        reaction(with(&invite(), "To: <sip:12345@10.0.0.1>", "To: <sip:12345@10.0.0.1>;;,;,,")),
        400
    );
    assert_eq!(reaction(with(&invite(), "CSeq:", ";;,;\r\nCSeq:")), 400);
}

#[test]
fn lengths_that_are_wrong_are_400() {
    // §3.1.2.2 clerr, §3.1.2.3 ncl, and what no number is
    for length in ["9999", "-999", "1e3", "+5", "", "99999999999999999999999"] {
        let message = with(&options(), "Content-Length: 0", &format!("Content-Length: {length}"));
        assert_eq!(reaction(message), 400, "{length:?}");
    }
}

#[test]
fn numbers_that_are_too_large_are_400() {
    // §3.1.2.4 scalar02
    assert_eq!(reaction(with(&options(), "CSeq: 1 ", "CSeq: 36893488147419103232 ")), 400);
    assert_eq!(reaction(with(&options(), "CSeq: 1 ", "CSeq: 2147483648 ")), 400);
    assert_eq!(reaction(with(&options(), "Max-Forwards: 70", "Max-Forwards: 300")), 400);
}

#[test]
fn responses_nobody_asked_for_are_dropped() {
    // §3.1.2.5 scalarlg, §3.1.2.19 bigcode, §3.3.10 bcast, §3.1.1.13 noreason
    let reply = |line: &str| with(&options(), "OPTIONS sip:12345@10.0.0.1 SIP/2.0", line);
    for line in [
        "SIP/2.0 503 Overlarge",
        "SIP/2.0 4294967301 better not break the receiver",
        "SIP/2.0 200 ",
        "SIP/2.0 99 x",
        "SIP/2.0 200",
    ] {
        assert_eq!(reaction(reply(line)), 0, "{line}");
    }
}

#[test]
fn unbalanced_quotes_are_400() {
    // §3.1.2.6 quotbal
    assert_eq!(reaction(with(&invite(), "To: <", "To: \"Mr. J. User <")), 400);
}

#[test]
fn request_lines_that_are_none_are_400() {
    // §3.1.2.7 ltgtruri, §3.1.2.8 lwsruri, §3.1.2.9 lwsstart, §3.1.2.11 escruri
    for line in [
        "INVITE <sip:12345@10.0.0.1> SIP/2.0",
        "INVITE sip:12345@10.0.0.1; lr SIP/2.0",
        "INVITE  sip:12345@10.0.0.1  SIP/2.0",
        "INVITE sip:12345@10.0.0.1?Route=%3Csip:x%3E SIP/2.0",
        "INVITE sip:12345@10.0.0.1",
        "INVITE",
        "INVITE 12345 SIP/2.0",
        "INVITE sip:12345@2001:db8::10 SIP/2.0",
    ] {
        assert_eq!(
            reaction(with(&invite(), "INVITE sip:12345@10.0.0.1 SIP/2.0", line)),
            400,
            "{line}"
        );
    }
    // §3.1.2.10 trws is tolerated
    assert_eq!(reaction(with(&options(), " SIP/2.0\r\n", " SIP/2.0  \r\n")), 200);
}

#[test]
fn a_bad_date_is_no_matter_and_a_bad_contact_is_400() {
    // §3.1.2.12 baddate, §3.1.2.13 regbadct
    let date = "Date: Fri, 01 Jan 2010 16:00:00 EST\r\n";
    assert_eq!(reaction(by_hand("OPTIONS", 1, "o1", "", date, "")), 200);
    assert_eq!(
        reaction(with(
            &invite(),
            "Contact: <sip:h@10.0.0.9:5070>",
            "Contact: \"x\" sip:h@10.0.0.9?Route=x"
        )),
        400
    );
}

#[test]
fn blanks_in_an_address_and_a_bare_odd_display_name() {
    // §3.1.2.14 badaspec, §3.1.2.15 baddn (tolerated)
    assert_eq!(
        reaction(with(
            &options(),
            "To: <sip:12345@10.0.0.1>",
            "To: \"Watson, Thomas\" < sip:t.watson@example.org >"
        )),
        400
    );
    assert_eq!(reaction(with(&options(), "From: <", "From: Bell, Alexander <")), 200);
}

#[test]
fn another_version_is_505() {
    // §3.1.2.16 badvers
    assert_eq!(reaction(with(&options(), " SIP/2.0\r\n", " SIP/7.0\r\n")), 505);
}

#[test]
fn a_cseq_of_another_method_is_400() {
    // §3.1.2.17 mismatch01, §3.1.2.18 mismatch02
    assert_eq!(reaction(with(&options(), "CSeq: 1 OPTIONS", "CSeq: 8 INVITE")), 400);
    assert_eq!(reaction(with(&options(), "OPTIONS sip", "NEWMETHOD sip")), 400);
}

#[test]
fn a_branch_without_a_word_names_the_transaction_by_the_old_rules() {
    // §3.2.1 badbranch, §3.4.1 inv2543
    let message = with(&invite(), "z9hG4bKi1", "z9hG4bK");
    let mut net = Net::new();
    net.write(BY_HAND, message.clone());
    net.write(BY_HAND, message);
    assert!(matches!(net.event(0), Event::Invite { .. }));
    net.quiet(0);
    let old = with(&with(&invite(), ";branch=z9hG4bKi1", ""), ";tag=h", "");
    assert_eq!(call(old).as_deref(), Some("12345"));
}

#[test]
fn missing_headers_are_400_while_there_is_a_via() {
    // §3.3.1 insuf
    for name in ["From", "To", "Call-ID", "CSeq"] {
        let message = options();
        let line = message.lines().find(|line| line.starts_with(name)).unwrap().to_owned() + "\r\n";
        assert_eq!(reaction(with(&message, &line, "")), 400, "{name}");
    }
    let message = options();
    let line = message.lines().find(|line| line.starts_with("Via")).unwrap().to_owned() + "\r\n";
    assert_eq!(reaction(with(&message, &line, "")), 0);
}

#[test]
fn unknown_schemes_are_416_in_the_request_uri_only() {
    // §3.3.2 unkscm, §3.3.3 novelsc, §3.3.4 unksm2
    assert_eq!(
        reaction(with(
            &options(),
            "sip:12345@10.0.0.1 SIP",
            "nobodyKnowsThisScheme:totallyopaque SIP"
        )),
        416
    );
    assert_eq!(
        reaction(with(&options(), "sip:12345@10.0.0.1 SIP", "soap.beep://192.0.2.103:3002 SIP")),
        416
    );
    assert_eq!(
        reaction(with(&options(), "To: <sip:12345@10.0.0.1>", "To: <isbn:2983792873>")),
        200
    );
    assert_eq!(
        call(with(&invite(), "sip:12345@10.0.0.1 SIP", "tel:12345;phone-context=+86 SIP"))
            .as_deref(),
        Some("12345")
    );
}

#[test]
fn unknown_requirements_are_420() {
    // §3.3.5 bext01
    assert_eq!(
        reaction(by_hand(
            "OPTIONS",
            1,
            "o1",
            "",
            "Require: nothingSupportsThis, nothingSupportsThisEither\r\n",
            ""
        )),
        420
    );
}

#[test]
fn bodies_we_cannot_read_are_415() {
    // §3.3.6 invut
    let kind = "Content-Type: application/unknownformat\r\n";
    assert_eq!(reaction(by_hand("INVITE", 1, "i1", "", kind, "<audio/>")), 415);
    let packed = "Content-Encoding: gzip\r\n";
    assert_eq!(reaction(by_hand("INVITE", 1, "i1", "", packed, OFFER)), 415);
}

#[test]
fn single_headers_given_twice_are_400() {
    // §3.3.8 multi01, §3.3.9 mcl01, also by their compact names
    for twice in [
        "Call-ID: other",
        "i: other",
        "CSeq: 9 OPTIONS",
        "From: <sip:x@h>;tag=y",
        "f: <sip:x@h>",
        "To: <sip:x@h>",
        "Max-Forwards: 5",
        "l: 0",
    ] {
        assert_eq!(
            reaction(by_hand("OPTIONS", 1, "o1", "", &format!("{twice}\r\n"), "")),
            400,
            "{twice}"
        );
    }
}

#[test]
fn options_with_no_hops_left_are_ours_to_answer() {
    // §3.3.11 zeromf
    assert_eq!(reaction(with(&options(), "Max-Forwards: 70", "Max-Forwards: 0")), 200);
}

#[test]
fn an_invite_that_accepts_no_sdp_is_406() {
    // §3.3.15 sdp01
    assert_eq!(
        reaction(by_hand("INVITE", 1, "i1", "", "Accept: text/nobodyKnowsThis\r\n", "")),
        406
    );
}

#[test]
fn registrations_from_trunks_are_405() {
    // §3.3.12–14 cparam01, cparam02, regescrt: nobody registers here but browsers
    assert_eq!(reaction(by_hand("REGISTER", 1, "r1", "", "", "")), 405);
}
