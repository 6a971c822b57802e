//! The printed diagram of the two machines: what ARCHITECTURE shows is what the code allows.
use std::collections::BTreeMap;
use std::fmt::Write;

use crate::state::{LegMove, LegState, Move, Stage};

/// All ways from state to state, with the words on them.
fn drawn<S: Copy + Ord, M: Copy>(
    states: &[S],
    moves: &[(&'static str, M)],
    after: impl Fn(S, M) -> Option<S>,
    word: impl Fn(S) -> &'static str,
    label: impl Fn(S) -> &'static str,
) -> String {
    let mut ways: BTreeMap<(usize, usize), Vec<&str>> = BTreeMap::new();
    let place = |state: S| states.iter().position(|one| *one == state).unwrap_or_default();
    for from in states {
        for (name, step) in moves {
            if let Some(to) = after(*from, *step) {
                let words = ways.entry((place(*from), place(to))).or_default();
                if !words.contains(name) {
                    words.push(name);
                }
            }
        }
    }
    let mut text = String::from("```mermaid\nstateDiagram-v2\n");
    for state in states {
        writeln!(text, "    {}: {}", word(*state), label(*state)).unwrap();
    }
    for ((from, to), words) in ways {
        writeln!(text, "    {} --> {}: {}", word(states[from]), word(states[to]), words.join("、"))
            .unwrap();
    }
    text.push_str("```\n");
    text
}

fn diagram() -> String {
    let legs = [
        ("签收", LegMove::Sign),
        ("申请退单", LegMove::AskReturn),
        ("同意退单", LegMove::GrantReturn),
        ("不同意退单", LegMove::RefuseReturn),
        ("答复", LegMove::Reply),
        ("报签", LegMove::Submit),
        ("签批", LegMove::Approve),
        ("签批退回", LegMove::Disapprove),
        ("退回补正", LegMove::SendBack),
        ("完成", LegMove::Finish),
        ("收回", LegMove::Recall),
    ];
    let ticket = drawn(Stage::ALL, &Move::all(), Stage::after, Stage::word, Stage::label);
    let leg = drawn(LegState::ALL, &legs, LegState::after, LegState::word, LegState::label);
    format!("A ticket (工单):\n\n{ticket}\nA unit's part in it (办理环节):\n\n{leg}")
}

#[test]
fn the_architecture_shows_the_states_as_they_are() {
    let (from, to) = ("<!-- states: written by a test -->\n", "<!-- end of states -->");
    let told = include_str!("../../../../ARCHITECTURE.md");
    let shown = told.split_once(from).and_then(|(_, rest)| rest.split_once(to));
    let expected = diagram();
    assert!(
        shown.is_some_and(|(shown, _)| shown == expected),
        "between the marks in ARCHITECTURE.md has to stand:\n{from}{expected}{to}"
    );
}
