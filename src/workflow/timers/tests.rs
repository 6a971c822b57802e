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
    assert_eq!(count(&house.db, "select count(*) from timer where fire_at is not null").await, 0);
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
async fn one_ticket_that_cannot_be_read_holds_up_no_other() {
    let house = House::new().await;
    dispatched(&house, 5).await;
    sqlx::query("update timer set counted = '[1]' where ticket_id::text like '%000000000003'")
        .execute(&house.db)
        .await
        .unwrap();
    house.clock.advance(TimeDelta::days(30));
    assert_eq!(house.workflow.fire_due().await.unwrap(), 5);
    let armed = "select count(distinct ticket_id) from timer where fire_at is not null";
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
