//! Calls over a network that loses messages.
use super::Net;
use crate::{EndedBy, Event};
use proptest::prelude::*;

#[test]
fn one_lost_answer_is_sent_again_after_half_a_second() {
    let mut net = Net::new();
    let (ours, _) = net.incoming();
    let mut lost = 0;
    net.lose = Box::new(move |text| {
        lost += u32::from(text.starts_with("SIP/2.0 200"));
        lost == 1 && text.starts_with("SIP/2.0 200")
    });
    net.answer(0, ours);
    net.quiet(1);
    net.pass(0.6);
    assert!(matches!(net.event(1), Event::Answered { .. }));
    assert!(matches!(net.event(0), Event::Confirmed { .. }));
    net.nothing_is_left_but_the_call();
}

#[test]
fn one_lost_ack_is_sent_again_with_the_next_answer() {
    let mut net = Net::new();
    let (ours, _) = net.incoming();
    let mut acks = 0;
    net.lose = Box::new(move |text| {
        acks += u32::from(text.starts_with("ACK"));
        acks == 1 && text.starts_with("ACK")
    });
    net.answer(0, ours);
    net.quiet(0);
    net.pass(0.6);
    assert!(matches!(net.event(0), Event::Confirmed { .. }));
}

#[test]
fn a_lost_bye_ends_both_sides_in_time() {
    let mut net = Net::new();
    let (ours, _) = net.talking();
    net.lose = Box::new(|text| text.starts_with("BYE"));
    net.hang_up(0, ours);
    net.pass(10.0);
    net.lose = Box::new(|_| false);
    net.pass(10.0);
    assert!(matches!(net.event(1), Event::Ended { by: EndedBy::Remote, .. }));
    net.nothing_is_left();
}

impl Net {
    fn nothing_is_left_but_the_call(&mut self) {
        self.pass(40.0);
        assert_eq!((self.stats(0).dialogs, self.stats(0).transactions), (1, 0), "{:#?}", self.log);
    }
}

/// What owner and network do in a call, at random.
#[derive(Debug, Clone)]
enum Move {
    Ring,
    Answer,
    Reject,
    HangUp(usize),
    Wait(u32),
}

fn a_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        Just(Move::Ring),
        Just(Move::Answer),
        Just(Move::Reject),
        (0..2_usize).prop_map(Move::HangUp),
        (0..9_000_u32).prop_map(Move::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is lost and whoever does what when: each side is told one end, every answer is
    /// followed by ACK or BYE, and nothing stays behind.
    #[test]
    fn every_call_comes_to_one_end_on_both_sides(
        moves in prop::collection::vec(a_move(), 0..8),
        losses in prop::collection::vec(any::<bool>(), 0..60),
    ) {
        let mut net = Net::new();
        let mut losses = losses.into_iter();
        net.lose = Box::new(move |_| losses.next().is_some_and(|lost| lost));
        let theirs = net.call(1, crate::Target::Trunk { name: "hotline".into(), number: "12345".into() });
        net.pass(5.0);
        let mut ours = None;
        let mut ends = [0, 0];
        let mut take = |net: &mut Net, ours: &mut Option<crate::DialogId>| {
            for (side, ends) in ends.iter_mut().enumerate() {
                while let Some(event) = net.sides[side].events.pop_front() {
                    match event {
                        Event::Invite { dialog, .. } => *ours = Some(dialog),
                        Event::Ended { .. } | Event::Failed { .. } | Event::Cancelled { .. } => *ends += 1,
                        _ => prop_assert_eq!(*ends, 0, "an event after the end: {:?}", event),
                    }
                }
            }
            Ok(())
        };
        take(&mut net, &mut ours)?;
        for step in moves {
            match (step, ours) {
                (Move::Ring, Some(ours)) => net.ring(0, ours),
                (Move::Answer, Some(ours)) => net.answer(0, ours),
                (Move::Reject, Some(ours)) => net.reject(0, ours, 486),
                (Move::HangUp(0), Some(ours)) => net.hang_up(0, ours),
                (Move::HangUp(1), _) => net.hang_up(1, theirs),
                (Move::Wait(millis), _) => net.pass(f64::from(millis) / 1000.0),
                _ => {}
            }
            take(&mut net, &mut ours)?;
        }
        net.hang_up(1, theirs);
        net.pass(40.0);
        take(&mut net, &mut ours)?;
        if let Some(ours) = ours {
            net.hang_up(0, ours);
        }
        net.pass(120.0);
        take(&mut net, &mut ours)?;
        prop_assert_eq!(ends[1], 1, "{:#?}", net.log);
        prop_assert_eq!(ends[0], usize::from(ours.is_some()), "{:#?}", net.log);
        for side in 0..2 {
            let stats = net.stats(side);
            prop_assert_eq!((stats.dialogs, stats.transactions), (0, 0), "side {}: {:#?}", side, net.log);
        }
    }
}
