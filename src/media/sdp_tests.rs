use super::*;
use proptest::prelude::*;

const G711: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];

fn local() -> Local {
    Local { address: [192, 0, 2, 1].into(), port: 4000, id: 7, version: 1 }
}

/// An offer with that audio line and those attributes.
fn offer_with(audio: &str, rest: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio {audio}\r\n{rest}"
    )
}

fn answer_to(offer: &str) -> Result<String, Error> {
    let offer = Description::parse(offer)?;
    offer.answer(&offer.agree(&G711)?, &local())
}

#[test]
fn a_carrier_that_offers_much_gets_pcma_and_its_own_event_type() {
    let offer = offer_with(
        "6000 RTP/AVP 18 0 8 97",
        "a=rtpmap:97 telephone-event/8000\r\na=fmtp:97 0-15\r\na=ptime:20\r\n",
    );
    assert_eq!(
        answer_to(&offer).unwrap(),
        "v=0\r\no=lianxin 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 8 97\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:97 telephone-event/8000\r\n\
         a=fmtp:97 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    let agreed = Description::parse(&offer).unwrap().agree(&G711).unwrap();
    assert_eq!(agreed.peer, Some("10.0.0.9:6000".parse().unwrap()));
    assert_eq!(agreed.peer_rtcp, Some("10.0.0.9:6001".parse().unwrap()));
}

#[test]
fn mu_law_alone_is_taken_and_g729_alone_is_488() {
    let agreed = Description::parse(&offer_with("6000 RTP/AVP 0", "")).unwrap().agree(&G711);
    assert_eq!(agreed.unwrap().codec, Codec::Pcmu);
    let refused = answer_to(&offer_with("6000 RTP/AVP 18", "a=rtpmap:18 G729/8000\r\n"));
    assert_eq!(refused.unwrap_err().sip_status(), 488);
}

#[test]
fn a_dynamic_payload_type_can_carry_pcma() {
    let offer = offer_with("6000 RTP/AVP 110", "a=rtpmap:110 pcma/8000/1\r\n");
    assert_eq!(Description::parse(&offer).unwrap().agree(&G711).unwrap().payload_type, 110);
}

#[test]
fn encrypted_media_without_keys_of_ours_are_488() {
    assert_eq!(answer_to(&offer_with("6000 RTP/SAVP 8", "")).unwrap_err().sip_status(), 488);
    assert_eq!(answer_to(&offer_with("0 RTP/AVP 8", "")).unwrap_err().sip_status(), 488);
}

#[test]
fn each_form_of_hold_gets_its_counterpart() {
    for (theirs, ours) in [
        ("sendrecv", Direction::SendRecv),
        ("sendonly", Direction::RecvOnly),
        ("recvonly", Direction::SendOnly),
        ("inactive", Direction::Inactive),
    ] {
        let offer = offer_with("6000 RTP/AVP 8", &format!("a={theirs}\r\n"));
        let agreed = Description::parse(&offer).unwrap().agree(&G711).unwrap();
        assert_eq!(agreed.direction, ours);
        assert!(answer_to(&offer).unwrap().ends_with(&format!("a={}\r\n", ours.name())));
    }
    let old = offer_with("6000 RTP/AVP 8", "c=IN IP4 0.0.0.0\r\n");
    let agreed = Description::parse(&old).unwrap().agree(&G711).unwrap();
    assert_eq!((agreed.direction, agreed.peer), (Direction::RecvOnly, None));
}

#[test]
fn a_direction_above_the_media_holds_for_them() {
    let offer = offer_with("6000 RTP/AVP 8", "").replace("t=0 0", "t=0 0\r\na=sendonly");
    let agreed = Description::parse(&offer).unwrap().agree(&G711).unwrap();
    assert_eq!(agreed.direction, Direction::RecvOnly);
}

#[test]
fn video_and_fax_are_refused_in_their_places() {
    let offer = offer_with("6000 RTP/AVP 8", "")
        .replace("m=audio", "m=video 5000 RTP/AVP 31\r\nm=image 5002 udptl t38\r\nm=audio");
    let answer = answer_to(&offer).unwrap();
    let lines: Vec<_> = answer.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(lines, ["m=video 0 RTP/AVP 31", "m=image 0 udptl t38", "m=audio 4000 RTP/AVP 8"]);
}

#[test]
fn our_offer_is_understood_by_ourselves() {
    let offer = Description::parse(&offer(&local(), &G711)).unwrap();
    let agreed = offer.agree(&G711).unwrap();
    assert_eq!((agreed.codec, agreed.telephone_event), (Codec::Pcma, Some(101)));
}

#[test]
fn ipv6_and_an_own_rtcp_port_are_read() {
    let offer = "v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 2001:db8::5\r\nt=0 0\r\n\
                 m=audio 6000 RTP/AVP 8\r\na=rtcp:7001 IN IP6 2001:db8::5\r\n";
    let agreed = Description::parse(offer).unwrap().agree(&G711).unwrap();
    assert_eq!(agreed.peer, Some("[2001:db8::5]:6000".parse().unwrap()));
    assert_eq!(agreed.peer_rtcp, Some("[2001:db8::5]:7001".parse().unwrap()));
}

#[test]
fn keys_of_another_clock_rate_are_taken_out_of_an_offer() {
    let offer = offer_with(
        "110 UDP/TLS/RTP/SAVPF 111 8 110 126",
        "a=rtpmap:111 opus/48000/2\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:110 telephone-event/48000\r\n\
         a=fmtp:110 0-15\r\na=rtpmap:126 telephone-event/8000\r\n",
    );
    let kept = with_events_at(&offer, 8000);
    assert!(kept.contains("m=audio 110 UDP/TLS/RTP/SAVPF 111 8 126\r\n"), "{kept}");
    assert!(!kept.contains("rtpmap:110") && !kept.contains("fmtp:110"));
    assert!(with_events_at(&offer, 48_000).contains(" 111 8 110\r\n"));
}

#[test]
fn what_is_no_description_is_400() {
    let long = format!("v=0\r\n{}", "a=x\r\n".repeat(4000));
    let many = offer_with("6000 RTP/AVP 8", &"m=audio 6000 RTP/AVP 8\r\n".repeat(9));
    for garbage in [
        "",
        "hello",
        "v=1\r\n",
        "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\n",
        "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\nm=audio x RTP/AVP 8\r\n",
        "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\nm=audio 6000 RTP/AVP\r\n",
        "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\nc=IN\r\nm=audio 6000 RTP/AVP 8\r\n",
        "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\nm=audio 6000 RTP/AVP 8\r\n", // no address
        "v=0\r\nnonsense\r\n",
        &long,
        &many,
    ] {
        let status = answer_to(garbage).map_err(|error| error.sip_status());
        assert_eq!(status, Err(400), "{garbage}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "(v=0\r\n)?([omcast]=[ -~]{0,40}\r\n){0,12}") {
        let _ = answer_to(&text);
    }

    #[test]
    fn no_damage_to_an_offer_panics(at in 0usize..200, byte in 0u8..128) {
        let mut text = offer_with("6000 RTP/AVP 0 8 97", "a=rtpmap:97 telephone-event/8000\r\n").into_bytes();
        let at = at % text.len();
        text[at] = byte;
        let _ = answer_to(&String::from_utf8(text).unwrap());
    }
}
