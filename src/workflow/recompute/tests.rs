//! Clocks counted anew in the database.
use base::Clock;
use org::Role;

use super::*;
use crate::tests::{House, intake};

const OFFICE: &str = include_str!("../../../sip-config/calendar/office.toml");

/// The book with a closure added: 9 March 2026, the day on which the help is due.
fn typhoon() -> RuleBook {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let closure = "\n[[closure]]\nfrom = \"2026-03-09T09:00:00\"\nto = \"2026-03-09T17:30:00\"\nwhy = \"台风停工\"\n";
    std::fs::create_dir_all(folder.join("calendar")).unwrap();
    std::fs::write(folder.join("calendar/office.toml"), format!("{OFFICE}{closure}")).unwrap();
    RuleBook::load(folder).unwrap()
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

/// What was told because a date moved.
async fn told_of(house: &House, ticket: &Ticket) -> Vec<String> {
    let filter = notice::Filter { ticket: Some(ticket.id), most: 100, ..Default::default() };
    let db = &mut *house.db.acquire().await.unwrap();
    let rows = notice::list(db, &filter).await.unwrap();
    let rows = rows.iter().filter(|row| row.template.ends_with("recounted"));
    let words =
        |row: &notice::Row| format!("{} {} {} {}", row.template, row.kind, row.to_masked, row.text);
    let mut rows: Vec<_> = rows.map(words).collect();
    rows.sort();
    rows
}

/// Counts the open clocks by the calendar with the closure.
async fn close_for_the_typhoon(house: &House) {
    house.workflow.catch_up().await.unwrap();
    house.workflow.change_book(typhoon());
    house.workflow.catch_up().await.unwrap();
}

#[tokio::test]
async fn citizen_and_unit_are_told_of_the_date_that_moved_and_why() {
    let house = House::new().await;
    let ticket = accepted(&house, 1).await;
    let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
    let send = ticket::Action::Dispatch { unit_id: house.city.housing.unit, assisting: vec![] };
    let send = ticket::Step::because(send, "按规定办理");
    house.workflow.act(&dispatcher, ticket.id, ticket.version, &send).await.unwrap();
    close_for_the_typhoon(&house).await;
    let citizen = "recounted sms 138****0001 【四平12345】您的诉求（编号2026030200018）因工作日安排变动，答复日期调整为3月10日前。查询请拨12345。";
    let unit = "unit_recounted desk 市住房和城乡建设局 【四平12345】【时限调整】工单SP20260302-0001-8（阳光小区3号楼供热不足）因工作日安排变动调整为3月10日17:30前办结。";
    assert_eq!(told_of(&house, &ticket).await, [citizen, unit]);
    house.workflow.catch_up().await.unwrap();
    assert_eq!(told_of(&house, &ticket).await.len(), 2, "once a run");
}

#[tokio::test]
async fn nobody_is_told_of_a_ticket_whose_date_stays() {
    let house = House::new().await;
    let agent = house.person("agent", Role::Agent, None).await;
    let mut inquiry = intake(1);
    inquiry.draft.kind = ticket::Kind::Inquiry; // due on the 5th, before the closure
    let ticket = house.workflow.accept(&agent, inquiry).await.unwrap().0;
    close_for_the_typhoon(&house).await;
    assert_eq!(told_of(&house, &ticket).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_sealed_reporter_is_not_told_and_neither_is_who_wants_no_reply() {
    let house = House::new().await;
    let agent = house.person("agent", Role::Agent, None).await;
    let mut sealed = intake(1);
    sealed.draft.secrecy = true;
    let mut silent = intake(2);
    silent.draft.wants_reply = false;
    for intake in [sealed, silent] {
        let ticket = house.workflow.accept(&agent, intake).await.unwrap().0;
        close_for_the_typhoon(&house).await;
        house.workflow.change_book(RuleBook::built_in());
        house.workflow.catch_up().await.unwrap();
        assert_eq!(told_of(&house, &ticket).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_ticket_that_is_set_aside_keeps_quiet() {
    let house = House::new().await;
    let ticket = accepted(&house, 1).await;
    let aside =
        "update ticket set side = side || jsonb_build_object('suspension', jsonb_build_object(
        'until', promise_at, 'review_at', promise_at, 'cause', '历史遗留', 'since', promise_at))";
    sqlx::query(aside).execute(&house.db).await.unwrap();
    close_for_the_typhoon(&house).await;
    let moved = read(&house, ticket.id).await;
    assert_ne!(moved.life.promise, ticket.life.promise);
    assert_eq!(told_of(&house, &ticket).await, Vec::<String>::new());
}

#[tokio::test]
async fn at_night_the_citizen_hears_of_it_in_the_morning() {
    let mut house = House::new().await;
    let ticket = accepted(&house, 1).await;
    let dice = Arc::new(base::SystemDice);
    let persons = house.workflow.0.persons.clone();
    let notices = notice::Notices::new(notice::Templates::built_in(), dice.clone(), true);
    let (db, clock) = (house.db.clone(), house.clock.clone());
    let book = RuleBook::built_in();
    house.workflow = Workflow::new(db, clock, dice, persons, book, notices);
    house.clock.advance(TimeDelta::hours(13)); // ten in the evening
    close_for_the_typhoon(&house).await;
    assert_eq!(told_of(&house, &ticket).await.len(), 1);
    let morning: DateTime<Utc> = "2026-03-03T08:00:00+08:00".parse().unwrap();
    let run_at = "select run_at from notice where template = 'recounted'";
    let run_at: DateTime<Utc> = sqlx::query_scalar(run_at).fetch_one(&house.db).await.unwrap();
    assert_eq!(run_at, morning);
}

#[tokio::test]
async fn rebuilding_and_moving_see_every_ticket_though_the_pool_names_no_viewer() {
    let mut house = House::new().await;
    let ticket = accepted(&house, 1).await;
    sqlx::query("update ticket set profile_version = 1").execute(&house.db).await.unwrap();
    let door = db::door(&house.db);
    let seen: i64 =
        sqlx::query_scalar("select count(*) from ticket").fetch_one(&door).await.unwrap();
    assert_eq!(seen, 0, "row security hides them from a pool that names no viewer");
    let (book, now) = (house.workflow.book(), house.clock.now());
    let all = rebuild(&door, &book, None, now, false, &mut |_, _| {}).await.unwrap();
    assert_eq!((all.tickets, all.silent), (1, 0));
    let one = rebuild(&door, &book, Some(ticket.number), now, true, &mut |_, _| {}).await.unwrap();
    assert_eq!(one.tickets, 1);
    let dice = Arc::new(base::SystemDice);
    let persons = house.workflow.0.persons.clone();
    let notices = notice::Notices::new(notice::Templates::built_in(), dice.clone(), false);
    let clock = house.clock.clone();
    house.workflow = Workflow::new(door, clock, dice, persons, (*book).clone(), notices);
    let to = book.of("beijing-levels", 1).unwrap();
    let which = Which { from: None, migrate: Some(("siping".to_owned(), 1, to)) };
    let moved = house.workflow.recount(&which, "换版", true, &mut |_, _| {}).await.unwrap();
    assert_eq!(moved.tickets, 1);
    assert_eq!(read(&house, ticket.id).await.profile, "beijing-levels");
}

/// The calendar's file as it lies in a folder, with or without the closure.
fn write_calendar(folder: &std::path::Path, more: &str) {
    std::fs::create_dir_all(folder.join("calendar")).unwrap();
    std::fs::write(folder.join("calendar/office.toml"), format!("{OFFICE}{more}")).unwrap();
}

/// Looks again and again, each time half a minute later, until the ticket has another promise.
async fn until_moved(house: &House, ticket: &Ticket) -> DateTime<Utc> {
    let mut changes = house.workflow.changes();
    loop {
        house.clock.advance(LOOK);
        tokio::task::yield_now().await;
        while let Ok(change) = changes.try_recv() {
            if change.id == ticket.id {
                return read(house, ticket.id).await.life.promise;
            }
        }
    }
}

#[tokio::test]
async fn a_calendar_file_that_changes_counts_while_the_house_is_open() {
    let house = House::new().await;
    let ticket = accepted(&house, 1).await;
    house.workflow.catch_up().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_calendar(folder.path(), "");
    let tasks = base::Tasks::default();
    house.workflow.watch(folder.path().to_owned(), &tasks);
    let closure = "\n[[closure]]\nfrom = \"2026-03-09T09:00:00\"\nto = \"2026-03-09T17:30:00\"\nwhy = \"台风停工\"\n";
    // seen only after the watch has looked once
    tokio::task::yield_now().await;
    write_calendar(folder.path(), closure);
    let moved = until_moved(&house, &ticket).await;
    assert_eq!(moved, ticket.life.promise + TimeDelta::days(1));
    write_calendar(folder.path(), "\n[[closure]]\nfrom = \"never\"\n");
    for _ in 0..50 {
        house.clock.advance(LOOK);
        tokio::task::yield_now().await;
    }
    assert_eq!(
        read(&house, ticket.id).await.life.promise,
        moved,
        "a file with a mistake changes nothing"
    );
    write_calendar(folder.path(), "");
    assert_eq!(until_moved(&house, &ticket).await, ticket.life.promise);
    tasks.shut_down().await;
}

#[tokio::test]
async fn what_changed_while_the_house_was_closed_counts_at_its_start() {
    let house = House::new().await;
    let ticket = accepted(&house, 1).await;
    house.workflow.catch_up().await.unwrap();
    house.workflow.change_book(typhoon());
    let folder = tempfile::tempdir().unwrap();
    let tasks = base::Tasks::default();
    let mut changes = house.workflow.changes();
    house.workflow.watch(folder.path().to_owned(), &tasks);
    assert_eq!(changes.recv().await.unwrap().id, ticket.id);
    assert_eq!(
        read(&house, ticket.id).await.life.promise,
        ticket.life.promise + TimeDelta::days(1)
    );
    tasks.shut_down().await;
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
    let mut told = Vec::new();
    let mut tell = |_: &Ticket, moved: &[Recomputed]| told.extend_from_slice(moved);
    let run = house.workflow.recount(&which, "换版", false, &mut tell).await.unwrap();
    assert_eq!(run.tickets, 1);
    assert_eq!(read(&house, ticket.id).await, ticket, "a dry run writes nothing");
    assert_eq!(told_of(&house, &ticket).await, Vec::<String>::new(), "and tells nobody");
    let run = house.workflow.recount(&which, "换版", true, &mut |_, _| {}).await.unwrap();
    assert_eq!((run.tickets, run.dues), (1, 2), "dispatch and whole");
    let after = read(&house, ticket.id).await;
    assert_eq!((after.profile.as_str(), after.profile_version), ("beijing-levels", 1));
    let event = last_event(&house, ticket.id).await;
    assert_eq!(event.action, "migrate_flow");
    assert_eq!(event.details["flow"]["from"], "siping@1");
    let again = house.workflow.recount(&which, "换版", true, &mut |_, _| {}).await.unwrap();
    assert_eq!(again, Counted::default());
    let citizen = "recounted sms 138****0001 【四平12345】您的诉求（编号2026030200018）因办理时限规定调整，答复日期调整为3月10日前。查询请拨12345。";
    assert_eq!(told_of(&house, &ticket).await, [citizen], "once");
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

#[tokio::test]
async fn who_may_act_on_a_ticket_is_what_the_version_says_that_it_began_with() {
    const SHIPPED: &str = include_str!("../../../sip-config/flow/siping-v2.toml");
    let house = House::new().await;
    let old = accepted(&house, 1).await;
    let text = SHIPPED.replacen("version = 2", "version = 3", 1).replacen(
        "decide_suspension = [\"supervisor\"]",
        "decide_suspension = [\"oversight\"]",
        1,
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("flow")).unwrap();
    std::fs::write(folder.path().join("flow/siping-v3.toml"), text).unwrap();
    house.workflow.change_book(RuleBook::load(folder.path()).unwrap());
    let new = accepted(&house, 2).await;
    assert_eq!((old.profile_version, new.profile_version), (2, 3));
    let officer = house.person("officer", Role::Oversight, None).await;
    let supervisor = house.person("supervisor", Role::Supervisor, None).await;
    for (ticket, theirs) in [(&old, &supervisor), (&new, &officer)] {
        for person in [&officer, &supervisor] {
            let page = house.workflow.page(person, ticket.id).await.unwrap();
            let knows = page.offers.iter().any(|offer| offer.name == "decide_suspension");
            assert_eq!(knows, person == theirs, "{} {}", ticket.number, person.name);
        }
    }
}
