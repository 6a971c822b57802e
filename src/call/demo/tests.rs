use std::sync::Arc;

use base::{Clock, Dice, ManualClock, SeededDice, TicketId};
use chrono::{DateTime, TimeDelta, Utc};
use org::{Keys, Persons, Role};
use queue::Skills;
use speech::Track;
use sqlx::{PgPool, Row};

use super::{FromTicket, Laid, Means, lay, remove};
use crate::facts::Hotline;
use crate::figures::Today;

/// Tuesday 24 November 2026, 11:30 in Siping.
fn now() -> DateTime<Utc> {
    "2026-11-24T11:30:00+08:00".parse().unwrap()
}

fn hotlines() -> Vec<Hotline> {
    ["12345", "12319", "12315", "04340000001", "12310"]
        .map(|number| Hotline {
            number: number.to_owned(),
            name: format!("热线{number}"),
            needs: Skills::default(),
            priority: 0,
        })
        .to_vec()
}

pub(super) fn ticket(id: TicketId, at: DateTime<Utc>) -> FromTicket {
    let said = [(Track::Agent, "您好"), (Track::Citizen, "暖气不热"), (Track::Agent, "已经记录")];
    let said = said.map(|(track, words)| (track, words.to_owned())).to_vec();
    FromTicket { ticket: id, at, person: None, agent: None, said }
}

/// One every two hours, back from now.
fn tickets() -> Vec<FromTicket> {
    let at = |n: i64| now() - TimeDelta::minutes(n * 120);
    (0..1000).map(|n| ticket(TicketId::new(at(n), [1; 10]), at(n))).collect()
}

fn sealing() -> db::seal::Keys {
    db::seal::Keys::random(&SeededDice::new(8))
}

struct Hall {
    db: PgPool,
    clock: Arc<ManualClock>,
}

impl Hall {
    /// With eight agents of the demonstration, and one who is real.
    async fn open() -> Self {
        let db = db::testing::database().await;
        let clock = Arc::new(ManualClock::at(now()));
        let (dice, hall) = (SeededDice::new(1), Self { db, clock });
        for n in 0..9 {
            let name = format!("agent-{n}");
            let roles = [Role::Agent];
            org::testing::someone(&name, &roles, None, &hall.db, &*hall.clock, &dice).await;
        }
        let mark = sqlx::query("update staff set demo = true where name <> 'agent-0'");
        mark.execute(&hall.db).await.unwrap();
        hall
    }

    async fn lay(&self, days: u16) -> Laid {
        let dice: Arc<dyn Dice> = Arc::new(SeededDice::new(7));
        let keys = Arc::new(Keys::random(&SeededDice::new(3)));
        let persons = Persons::new(keys, self.clock.clone(), dice.clone());
        let (hotlines, tickets, sealing) = (hotlines(), tickets(), sealing());
        let (db, clock) = (&self.db, &*self.clock);
        let means = Means { persons: &persons, sealing: &sealing, db, clock, dice: &*dice };
        lay(days, &hotlines, &tickets, &means).await.unwrap()
    }

    async fn count(&self, what: &str) -> i64 {
        let sql = sqlx::AssertSqlSafe(format!("select count(*) {what}"));
        sqlx::query(sql).fetch_one(&self.db).await.unwrap().get(0)
    }
}

#[tokio::test]
async fn three_months_have_the_calls_of_a_city() {
    let hall = Hall::open().await;
    let laid = hall.lay(92).await;
    let calls = hall.count("from call_record where direction = 'in'").await;
    assert!((4500..7000).contains(&calls), "{calls}");
    assert!(laid.calls >= usize::try_from(calls).unwrap());
    let answered =
        hall.count("from call_record where direction = 'in' and answered_at is not null").await;
    assert!((94..=98).contains(&(answered * 100 / calls)), "{answered} of {calls}");
    let soon = hall
        .count("from call_record where direction = 'in' and answered_at - invite_at <= interval '15 s'")
        .await;
    assert!((85..=95).contains(&(soon * 100 / answered)), "{soon} of {answered}");
    let per_day =
        "from (select count(*) as n, (invite_at at time zone 'Asia/Shanghai')::date as day
        from call_record group by day) a where day < '2026-11-24'";
    assert_eq!(hall.count(per_day).await, 91);
    let odd = format!("{per_day} and n not between 35 and 110");
    assert_eq!(hall.count(&odd).await, 0);
    let busy = "from (select extract(hour from invite_at at time zone 'Asia/Shanghai') as hour, count(*) as n
        from call_record group by hour order by n desc limit 4) a where hour in (9, 10, 14, 15)";
    assert!(hall.count(busy).await >= 3); // tickets come at any hour here
    let main = hall.count("from call_record where hotline = '12345'").await;
    assert!(main * 2 > calls, "{main} of {calls}");
}

#[tokio::test]
async fn nothing_is_in_the_future_and_every_call_is_over() {
    let hall = Hall::open().await;
    hall.lay(30).await;
    let after = format!("> '{}'", hall.clock.now().to_rfc3339());
    for (table, column) in [
        ("call_record", "ended_at"),
        ("call_event", "at"),
        ("call_outcome", "at"),
        ("callback_attempt", "at"),
        ("callback_task", "missed_at"),
        ("callback_task", "done_at"),
    ] {
        assert_eq!(hall.count(&format!("from {table} where {column} {after}")).await, 0, "{table}");
    }
    assert_eq!(hall.count("from call_record where ended_at is null or not demo").await, 0);
}

#[tokio::test]
async fn every_answered_call_has_its_outcome_and_each_ticket_its_call() {
    let hall = Hall::open().await;
    hall.lay(30).await;
    let without = "from call_record c where answered_at is not null
        and not exists (select from call_outcome where call_id = c.id and agent_id = c.agent_id)";
    assert_eq!(hall.count(without).await, 0);
    let month = now() - TimeDelta::days(29);
    let of_the_month = tickets().iter().filter(|ticket| ticket.at >= month).count();
    let joined = super::joined(&hall.db).await.unwrap();
    assert!(joined.len() >= of_the_month, "{} {of_the_month}", joined.len());
    let outcomes = hall.count("from call_outcome where kind = 'ticket'").await;
    assert_eq!(usize::try_from(outcomes).unwrap(), joined.len());
    // and what was said stands beside it, within the talk
    let (_, call) = joined[0];
    let db = &mut *hall.db.acquire().await.unwrap();
    let said = speech::store::of_call(db, call, &sealing()).await.unwrap();
    let words: Vec<_> = said.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(words, ["您好", "暖气不热", "已经记录"]);
    let outside = "from transcript_segment s join call_record c on c.id = s.call_id
        where s.text is not null or s.to_ms > extract(epoch from c.talk_ended_at - c.answered_at) * 1000 + 1";
    assert_eq!(hall.count(outside).await, 0);
}

#[tokio::test]
async fn nobody_is_in_two_calls_at_once_and_only_the_demonstrations_agents_answer() {
    let hall = Hall::open().await;
    hall.lay(30).await;
    let overlapping =
        "from call_record a join call_record b on a.agent_id = b.agent_id and a.id < b.id
        and coalesce(a.answered_at, a.invite_at) < coalesce(b.talk_ended_at, b.ended_at)
        and coalesce(b.answered_at, b.invite_at) < coalesce(a.talk_ended_at, a.ended_at)";
    let overlaps = hall.count(overlapping).await;
    assert!(overlaps <= 3, "{overlaps}"); // all eight were busy
    let strangers = "from call_record join staff s on s.id = agent_id where not s.demo";
    assert_eq!(hall.count(strangers).await, 0);
}

#[tokio::test]
async fn whoever_was_missed_was_called_back_in_time_or_waits_until_later_today() {
    let hall = Hall::open().await;
    hall.lay(60).await;
    let done = hall.count("from callback_task where done_at is not null").await;
    assert!(done > 80, "{done}");
    for why in ["answered", "called_again", "two_attempts"] {
        let of_this = format!("from callback_task where done_why = '{why}'");
        assert!(hall.count(&of_this).await > 0, "{why}");
    }
    assert_eq!(hall.count("from callback_task where done_at > due_at").await, 0);
    let open = hall.count("from callback_task where done_at is null").await;
    assert!((3..=8).contains(&open), "{open}");
    let late = format!(
        "from callback_task where done_at is null and due_at not between '{}' and '2026-11-24T23:59:00+08:00'",
        now().to_rfc3339()
    );
    assert_eq!(hall.count(&late).await, 0);
    let attempts = "from callback_task t where done_why = 'two_attempts'
        and (select count(*) from callback_attempt where task_id = t.id) <> 2";
    assert_eq!(hall.count(attempts).await, 0);
}

#[tokio::test]
async fn what_was_laid_for_today_counts_as_after_a_restart() {
    let hall = Hall::open().await;
    let laid = hall.lay(2).await;
    let midnight = "2026-11-24T00:00:00+08:00".parse().unwrap();
    let within = TimeDelta::seconds(15);
    let read = crate::store::today(&hall.db, midnight, now(), within).await.unwrap();
    let figures = |today: &Today| (today.offered, today.answered, today.abandoned, today.within);
    assert_eq!(figures(&laid.today), figures(&read));
    assert!(read.offered > 20, "{read:?}");
    let served = |today: &Today| today.agents.values().map(|(count, _)| count).sum::<u32>();
    assert_eq!(served(&laid.today), served(&read));
}

#[tokio::test]
async fn laying_again_lays_nothing() {
    let hall = Hall::open().await;
    let calls = hall.lay(5).await.calls;
    assert_eq!(hall.lay(5).await, Laid::default());
    assert_eq!(usize::try_from(hall.count("from call_record").await).unwrap(), calls);
}

#[tokio::test]
async fn the_same_dice_lay_the_same_calls() {
    let (one, other) = (Hall::open().await, Hall::open().await);
    assert_eq!(one.lay(3).await, other.lay(3).await);
}

#[tokio::test]
async fn removal_leaves_nothing() {
    let hall = Hall::open().await;
    hall.lay(10).await;
    let recorded = "insert into recording select id, '/data/' || id || '.wav', repeat('0', 64), 1, now() \
         from call_record where demo limit 1";
    sqlx::query(recorded).execute(&hall.db).await.unwrap();
    let files = remove(&mut hall.db.acquire().await.unwrap()).await.unwrap();
    assert_eq!(files.len(), 1, "whoever tried it is heard in the file");
    for table in [
        "call_record",
        "call_event",
        "call_outcome",
        "callback_task",
        "callback_attempt",
        "transcript_segment",
    ] {
        assert_eq!(hall.count(&format!("from {table}")).await, 0, "{table}");
    }
    // and the people can go, too
    org::demo::remove(&mut hall.db.acquire().await.unwrap()).await.unwrap();
    assert_eq!(hall.count("from person where demo").await, 0);
}

#[tokio::test]
async fn without_agents_nobody_called() {
    let hall = Hall { db: db::testing::database().await, clock: Arc::new(ManualClock::at(now())) };
    assert_eq!(hall.lay(5).await, Laid::default());
}
