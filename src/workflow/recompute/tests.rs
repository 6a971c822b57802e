//! Clocks counted anew in the database.
use base::Clock;
use org::Role;

use super::*;
use crate::tests::{House, intake};

const OFFICE: &str = include_str!("../../../sip-config/calendar/office.toml");

/// The book with a closure added: 9 March 2026, the day on which the help is due.
fn typhoon() -> RuleBook {
    let folder = tempfile();
    let closure = "\n[[closure]]\nfrom = \"2026-03-09T09:00:00\"\nto = \"2026-03-09T17:30:00\"\nwhy = \"台风停工\"\n";
    std::fs::create_dir_all(folder.join("calendar")).unwrap();
    std::fs::write(folder.join("calendar/office.toml"), format!("{OFFICE}{closure}")).unwrap();
    let book = RuleBook::load(&folder).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    book
}

fn tempfile() -> PathBuf {
    std::env::temp_dir().join(format!("lianxin-calendar-{}", std::process::id()))
}

async fn accepted(house: &House, n: u128) -> Ticket {
    let agent = house.person(&format!("agent{n}"), Role::Agent, None).await;
    house.workflow.accept(&agent, intake(n)).await.unwrap().0
}

async fn read(house: &House, id: TicketId) -> Ticket {
    ticket::find(&mut house.db.acquire().await.unwrap(), id).await.unwrap()
}

async fn last_event(house: &House, id: TicketId) -> ticket::Event {
    let db = &mut *house.db.acquire().await.unwrap();
    ticket::history(db, id).await.unwrap().pop().unwrap()
}

#[tokio::test]
async fn a_closure_added_later_moves_open_clocks_with_one_event_a_ticket() {
    let house = House::new().await;
    let ticket = accepted(&house, 1).await;
    assert_eq!(house.workflow.catch_up().await.unwrap(), Counted::default());
    let before = ticket.life.promise;
    house.workflow.change_book(typhoon());
    let counted = house.workflow.catch_up().await.unwrap();
    assert_eq!((counted.tickets, counted.dues), (1, 1));
    let after = read(&house, ticket.id).await;
    assert_eq!(after.life.promise, before + TimeDelta::days(1));
    let event = last_event(&house, ticket.id).await;
    assert_eq!((event.action.as_str(), event.reason.as_str()), ("recount", "日历变更：OFFICE"));
    assert_eq!(event.details["dues"][0]["name"], "whole");
    assert_ne!(event.details["dues"][0]["before"], event.details["dues"][0]["after"]);
    // and once
    assert_eq!(house.workflow.catch_up().await.unwrap(), Counted::default());
    assert_eq!(read(&house, ticket.id).await.version, after.version);
}

#[tokio::test]
async fn open_tickets_keep_their_version_until_they_are_migrated() {
    let house = House::new().await;
    let ticket = accepted(&house, 1).await;
    let book = house.workflow.book();
    sqlx::query("update ticket set profile_version = 1").execute(&house.db).await.unwrap();
    let ticket = read(&house, ticket.id).await;
    assert_eq!(house.workflow.rules_of(&ticket).label(), "siping@1");
    let to = book.of("beijing-levels", 1).unwrap();
    let which = Which { from: None, migrate: Some(("siping".to_owned(), 1, to)) };
    let now = house.clock.now();
    let mut told = Vec::new();
    let mut tell = |_: &Ticket, moved: &[Recomputed]| told.extend_from_slice(moved);
    let run = recount(&house.db, &book, &which, "换版", now, false, &mut tell).await.unwrap();
    assert_eq!(run.tickets, 1);
    assert_eq!(read(&house, ticket.id).await, ticket, "a dry run writes nothing");
    let run = recount(&house.db, &book, &which, "换版", now, true, &mut |_, _| {}).await.unwrap();
    assert_eq!((run.tickets, run.dues), (1, 2), "dispatch and whole");
    let after = read(&house, ticket.id).await;
    assert_eq!((after.profile.as_str(), after.profile_version), ("beijing-levels", 1));
    let event = last_event(&house, ticket.id).await;
    assert_eq!(event.action, "migrate_flow");
    assert_eq!(event.details["flow"]["from"], "siping@1");
    let again = recount(&house.db, &book, &which, "换版", now, true, &mut |_, _| {}).await.unwrap();
    assert_eq!(again, Counted::default());
}

#[tokio::test]
async fn clocks_are_rebuilt_from_the_history_and_drift_is_found_and_put_right() {
    let house = House::new().await;
    let (ticket, _) = (accepted(&house, 1).await, accepted(&house, 2).await);
    let book = house.workflow.book();
    let now = house.clock.now();
    let check =
        async |fix| rebuild(&house.db, &book, None, now, fix, &mut |_, _| {}).await.unwrap();
    let clean = check(false).await;
    assert_eq!((clean.tickets, clean.drifted, clean.silent), (2, 0, 0));
    let spoil = "update timer set due_at = due_at + interval '3 days' where ticket_id = $1 and name = 'whole'";
    sqlx::query(spoil).bind(ticket.id.uuid()).execute(&house.db).await.unwrap();
    assert_eq!(check(false).await.drifted, 1);
    assert_eq!(check(true).await.drifted, 1);
    assert_eq!(check(false).await.drifted, 0);
    let back = read(&house, ticket.id).await;
    assert_eq!(back.life.timers, ticket.life.timers);
    assert_eq!(last_event(&house, ticket.id).await.action, "rebuild_clocks");
}
