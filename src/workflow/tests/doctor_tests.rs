//! Whatever was changed beside the program is found.
use super::*;

/// The names of what is wrong.
async fn wrong(db: &PgPool) -> Vec<&'static str> {
    let found = doctor::examine(db, &mut |_| {}).await.unwrap();
    found.iter().filter(|found| found.wrong > 0).map(|found| found.name).collect()
}

struct Ill {
    house: House,
    owner: PgPool,
    ticket: Ticket,
}

impl Ill {
    /// A ticket with a unit, and a way in for somebody who may do everything.
    async fn new() -> Self {
        let databases = db::testing::databases().await;
        let house = House::of(databases.app).await;
        let agent = house.person("agent", Role::Agent, None).await;
        let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
        let ticket = house.accepted(&agent, intake(1)).await;
        let ticket = house.act(&dispatcher, &ticket, send(&house.city.housing)).await;
        Self { house, owner: databases.owner, ticket }
    }

    async fn after(self, sql: &'static str) -> Vec<&'static str> {
        sqlx::query(sql).bind(self.ticket.id.uuid()).execute(&self.owner).await.unwrap();
        wrong(&self.house.db).await
    }
}

#[tokio::test]
async fn a_healthy_ticket_has_no_finding() {
    assert_eq!(wrong(&Ill::new().await.house.db).await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_changed_reason_breaks_the_chain() {
    let found =
        Ill::new().await.after("update ticket_history set reason = '' where ticket_id = $1");
    assert_eq!(found.await, ["history_chain"]);
}

#[tokio::test]
async fn a_missing_event_is_found() {
    let found =
        Ill::new().await.after("delete from ticket_history where ticket_id = $1 and seq = 2");
    assert_eq!(found.await, ["history_dense", "history_chain", "history_replay"]);
}

#[tokio::test]
async fn a_date_that_was_moved_is_found() {
    let moved = "update ticket set promise_at = promise_at + interval '1 day' where id = $1";
    assert_eq!(Ill::new().await.after(moved).await, ["history_replay"]);
}

#[tokio::test]
async fn a_clock_that_will_not_fire_is_found() {
    let unarmed = "update timer set fire_at = null where ticket_id = $1";
    assert_eq!(Ill::new().await.after(unarmed).await, ["clock_armed"]);
}

#[tokio::test]
async fn a_second_owner_is_found() {
    let second = "insert into handling_leg select gen_random_uuid(), ticket_id, 1, unit_id, lead, parent_id,
        cycle, state, dispatched_at, dispatched_by, sign_due, signed_at, auto_signed, return_due, return_asked,
        binding, due_at, replied_at, ended_at, reply from handling_leg where ticket_id = $1";
    let found = Ill::new().await.after(second).await;
    assert!(found.contains(&"one_owner") && found.contains(&"history_replay"), "{found:?}");
}
