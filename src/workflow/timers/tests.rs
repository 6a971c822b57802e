//! Deadlines in the database: each mark once, whoever fires it, and many at once.
use base::Clock;
use chrono::TimeDelta;
use org::Role;
use sqlx::PgPool;
use ticket::{Action, Number, Ticket};

use crate::tests::{House, intake};

/// A ticket that was dispatched, and so many copies of it.
async fn dispatched(house: &House, copies: u32) -> Ticket {
    let agent = house.person("agent", Role::Agent, None).await;
    let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
    let ticket = house.workflow.accept(&agent, intake(1)).await.unwrap().0;
    let send = Action::Dispatch { unit_id: house.city.housing.unit, assisting: vec![] };
    let step = ticket::Step::because(send, "按规定办理");
    let ticket = house.workflow.act(&dispatcher, ticket.id, ticket.version, &step).await.unwrap();
    copy(&house.db, &ticket, house.clock.now().date_naive(), copies).await;
    ticket
}

async fn copy(db: &PgPool, ticket: &Ticket, day: chrono::NaiveDate, copies: u32) {
    let digits: Vec<String> = (1..=copies).map(|n| Number::new(day, 100 + n).digits()).collect();
    let ids = "('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid";
    let legs = "('00000000-0000-7000-9000-' || lpad(n::text, 12, '0'))::uuid";
    let numbers = "unnest($2::text[]) with ordinality as d(code, n)";
    for copy in [
        format!(
            "insert into ticket select r.* from ticket t, {numbers}, jsonb_populate_record(t,
                jsonb_build_object('id', {ids}, 'number', code, 'digits', code, 'key', {ids})) r
             where t.id = $1"
        ),
        format!(
            "insert into handling_leg select r.* from handling_leg t, {numbers}, jsonb_populate_record(t,
                jsonb_build_object('id', {legs}, 'ticket_id', {ids})) r where t.ticket_id = $1"
        ),
        format!(
            "insert into timer select r.* from timer t, {numbers}, jsonb_populate_record(t,
                jsonb_build_object('ticket_id', {ids}, 'leg_id',
                    case when t.leg_id is not null then {legs} end)) r where t.ticket_id = $1"
        ),
    ] {
        let query = sqlx::query(sqlx::AssertSqlSafe(copy)).bind(ticket.id.uuid()).bind(&digits);
        query.execute(db).await.unwrap();
    }
}

async fn count(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

const MARKS: &str = "select count(*) from ticket_history where action in ('warn', 'late')";
const RUNGS: &str = "select count(*) from ticket_history where action = 'escalate'";
const TOLD: &str = "select count(*) from notice where template in ('unit_soon_due', 'unit_late')";

#[tokio::test]
async fn two_who_fire_at_once_make_each_mark_once() {
    let house = House::new().await;
    dispatched(&house, 120).await;
    house.clock.advance(TimeDelta::days(30));
    let (one, other) = tokio::join!(house.workflow.fire_due(), house.workflow.fire_due());
    let mut fired = one.unwrap() + other.unwrap();
    while let more @ 1.. = house.workflow.fire_due().await.unwrap() {
        fired += more;
    }
    assert_eq!(fired, 121);
    // every sign, handling, first and whole clock of each ticket is late
    let late = count(&house.db, MARKS).await;
    assert_eq!(late % 121, 0, "{late}");
    // the ladder's orders wait for their answers
    let armed = "select count(*) from timer where fire_at is not null and name <> 'oversight'";
    assert_eq!(count(&house.db, armed).await, 0);
    assert_eq!(count(&house.db, RUNGS).await, 4 * 121);
    assert_eq!(house.workflow.fire_due().await.unwrap(), 0);
    assert_eq!(count(&house.db, MARKS).await, late);
}

#[tokio::test]
async fn a_mark_is_refused_by_the_database_the_second_time() {
    let house = House::new().await;
    dispatched(&house, 0).await;
    house.clock.advance(TimeDelta::days(30));
    house.workflow.fire_due().await.unwrap();
    let (marks, told) = (count(&house.db, MARKS).await, count(&house.db, TOLD).await);
    // as if the rows of the clocks had been lost by somebody who then fires again
    let forget = "update timer set late_at = null, fire_at = due_at where met_at is null and stopped_at is null";
    sqlx::query(forget).execute(&house.db).await.unwrap();
    house.workflow.fire_due().await.unwrap();
    assert_eq!((count(&house.db, MARKS).await, count(&house.db, TOLD).await), (marks, told));
}

#[tokio::test]
async fn a_rung_is_refused_by_the_database_the_second_time() {
    let house = House::new().await;
    dispatched(&house, 0).await;
    house.clock.advance(TimeDelta::days(30));
    house.workflow.fire_due().await.unwrap();
    assert_eq!(count(&house.db, RUNGS).await, 4);
    // as if a clock had forgotten what it climbed
    let forget = "update timer set fire_at = due_at,
        counted = counted || jsonb_build_object('climbed', 0, 'rungs', jsonb_build_array(due_at))
        where name = 'handling'";
    sqlx::query(forget).execute(&house.db).await.unwrap();
    assert_eq!(house.workflow.fire_due().await.unwrap(), 0);
    assert_eq!(count(&house.db, RUNGS).await, 4);
}

/// Who was told what by a ticket's newest notices in the console and by SMS, in words.
async fn told(house: &House, ticket: &Ticket, since: usize) -> Vec<String> {
    let db = &mut *house.db.acquire().await.unwrap();
    let filter = notice::Filter { ticket: Some(ticket.id), most: 100, ..Default::default() };
    let mut rows = notice::list(db, &filter).await.unwrap();
    rows.reverse();
    let words = rows.iter().skip(since).filter(|row| row.kind != "email");
    let mut words: Vec<_> =
        words.map(|row| format!("{} {} {}", row.template, row.kind, row.to_masked)).collect();
    words.sort();
    words
}

async fn so_far(house: &House, ticket: &Ticket) -> usize {
    let db = &mut *house.db.acquire().await.unwrap();
    let filter = notice::Filter { ticket: Some(ticket.id), most: 100, ..Default::default() };
    notice::list(db, &filter).await.unwrap().len()
}

/// Sets the clock, fires what is due, and gives who was told.
async fn at(house: &House, ticket: &Ticket, when: &str) -> Vec<String> {
    let before = so_far(house, ticket).await;
    let when = format!("{when}:00+08:00").parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    house.clock.advance(when - house.clock.now());
    while house.workflow.fire_due().await.unwrap() > 0 {}
    told(house, ticket, before).await
}

#[tokio::test]
async fn each_rung_tells_those_whom_the_profile_names() {
    let house = House::new().await;
    let clerk = house.person("clerk", Role::Clerk, Some(&house.city.housing)).await;
    let ticket = dispatched(&house, 0).await;
    let sign = ticket::Step::new(Action::Sign {});
    let ticket = house.workflow.act(&clerk, ticket.id, ticket.version, &sign).await.unwrap();
    let leader = |unit: &str, template: &str| {
        ["desk", "sms"].map(|kind| format!("leader_{template} {kind} {unit}分管领导"))
    };
    let housing = "市住房和城乡建设局";
    let yellow = at(&house, &ticket, "2026-03-09T09:00").await;
    let soon = vec![format!("unit_soon_due sms {housing}")];
    assert_eq!(yellow, [leader(housing, "soon_due").to_vec(), soon].concat());
    let red = at(&house, &ticket, "2026-03-09T17:31").await;
    let late = vec![format!("unit_late sms {housing}")];
    assert_eq!(
        red,
        [leader(housing, "late").to_vec(), late].concat(),
        "red and first rung are one"
    );
    let upper = at(&house, &ticket, "2026-03-10T17:31").await;
    assert_eq!(upper, leader("四平市人民政府", "late"));
    let order = at(&house, &ticket, "2026-03-12T17:31").await;
    let wants = vec![format!("unit_order sms {housing}")];
    let officers = vec!["leader_late desk 督办员".to_owned()];
    assert_eq!(order, [officers, leader(housing, "overseen").to_vec(), wants].concat());
    let meeting = at(&house, &ticket, "2026-03-16T17:31").await;
    let city = ["leader_late desk 班长", "leader_late desk 督办员"].map(str::to_owned).to_vec();
    let wants = vec![format!("unit_order sms {housing}")];
    assert_eq!(meeting, [city, leader(housing, "overseen").to_vec(), wants].concat());
    let db = &mut *house.db.acquire().await.unwrap();
    let found = ticket::examine(db, ticket.id).await.unwrap();
    assert!(found.wrong.is_empty(), "{found:?}");
}

#[tokio::test]
async fn whoever_has_the_role_finds_it_in_the_console_and_no_one_else() {
    let house = House::new().await;
    dispatched(&house, 0).await;
    house.clock.advance(TimeDelta::days(30));
    house.workflow.fire_due().await.unwrap();
    let lies = async |unit: Option<&org::Post>, role: Role| {
        let reader = notice::Reader { unit: unit.map(|post| post.unit), roles: vec![role] };
        let filter = notice::Filter { reader: Some(reader), most: 100, ..Default::default() };
        let rows = notice::list(&mut house.db.acquire().await.unwrap(), &filter).await.unwrap();
        rows.iter().map(|row| (row.kind.clone(), row.to_masked.clone())).collect::<Vec<_>>()
    };
    let officers = lies(None, Role::Oversight).await;
    assert!(
        !officers.is_empty() && officers.iter().all(|(kind, to)| kind == "desk" && to == "督办员")
    );
    assert_eq!(lies(None, Role::Agent).await, []);
    let housing = &house.city.housing;
    assert!(!lies(Some(housing), Role::Leader).await.is_empty());
    assert_eq!(lies(Some(housing), Role::Clerk).await, [], "a leader's own");
    assert_eq!(lies(Some(&house.city.education), Role::Leader).await, []);
}

#[tokio::test]
async fn the_leader_above_reads_what_lies_there_under_row_security() {
    let house = House::new().await;
    dispatched(&house, 0).await;
    house.clock.advance(TimeDelta::days(30));
    house.workflow.fire_due().await.unwrap();
    let mut db = house.db.acquire().await.unwrap();
    let above = org::unit::above(&mut db, &[house.city.housing.unit]).await.unwrap();
    let root: org::Post = above.into_values().next().unwrap().into();
    let seen = async |post: &org::Post, name: &str| {
        let leader = house.person(name, Role::Leader, Some(post)).await;
        let mut db = org::sight::begin(&house.db, &org::Sight::of(&leader)).await.unwrap();
        let reader = notice::Reader { unit: Some(post.unit), roles: vec![Role::Leader] };
        let filter = notice::Filter { reader: Some(reader), most: 100, ..Default::default() };
        notice::list(&mut db, &filter).await.unwrap().len()
    };
    assert!(seen(&root, "mayor").await > 0);
    assert_eq!(seen(&house.city.education, "other").await, 0);
}

#[tokio::test]
async fn one_ticket_that_cannot_be_read_holds_up_no_other() {
    let house = House::new().await;
    dispatched(&house, 5).await;
    sqlx::query("update timer set counted = '[1]' where ticket_id::text like '%000000000003'")
        .execute(&house.db)
        .await
        .unwrap();
    house.clock.advance(TimeDelta::days(30));
    assert_eq!(house.workflow.fire_due().await.unwrap(), 5);
    // the ladder's orders wait for their answers
    let armed = "select count(distinct ticket_id) from timer where fire_at is not null and name <> 'oversight'";
    assert_eq!(count(&house.db, armed).await, 1);
}

#[tokio::test]
#[ignore = "a measurement: cargo nextest run -p workflow --run-ignored only thousands"]
async fn thousands_that_are_due_together_are_drained_fast() {
    let house = House::new().await;
    dispatched(&house, 5_000).await;
    sqlx::query("analyze").execute(&house.db).await.unwrap();
    house.clock.advance(TimeDelta::days(30));
    let real = base::SystemClock::default();
    let begun = real.now();
    let mut fired = 0;
    while let more @ 1.. = house.workflow.fire_due().await.unwrap() {
        fired += more;
    }
    let took = real.now() - begun;
    let marks = count(&house.db, MARKS).await;
    let told = count(&house.db, TOLD).await;
    let took = took.num_milliseconds();
    eprintln!("{fired} tickets, {marks} marks, {told} notices in {took} ms");
    assert_eq!(fired, 5_001);
}
