//! `kill -9` at each await of a transition. Whatever a transition awaits is an exchange with the
//! database: a child process takes it through a relay that ends the child at the n-th thing it sends,
//! before it arrives or after it was answered, for every n until the child comes to its end. Then
//! the transition is asked for again, as after a restart. However it was cut, nothing is missing,
//! nothing is there twice, and history, limits and notices are those of a life that nobody cut.
mod ground;
mod relay;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{SeededDice, StaffId, UnitId};
use db::jobs;
use db::objects::Objects;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use super::*;
use crate::errands;
use crate::webhooks::{Courier, Reach};
use ground::Ground;
use relay::Cut;

/// What is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Transition {
    Accept,
    Dispatch,
    Sign,
    Reply,
    Review,
    FollowUp,
    Add,
    /// A deadline is marked.
    Tick,
    /// A rung of the ladder is climbed.
    Climb,
    /// The outbox of notices.
    Send,
    /// A job of any kind.
    Work,
    /// A step for two tickets (批量办理).
    Bulk,
    /// The outbox of webhooks.
    Webhook,
}

/// Where the child begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Case {
    transition: Transition,
    socket: PathBuf,
    database: String,
    /// Minutes after nine o'clock.
    minutes: i64,
    key: u128,
    ticket: Option<TicketId>,
    version: i64,
    staff: StaffId,
    role: Role,
    post: Option<Post>,
    to: UnitId,
    errand: Option<Uuid>,
    folder: PathBuf,
}

const BEGINS: &str = "select 'the transition begins'";
const CASE: &str = "LIANXIN_TEST_CASE";

/// Both sides know the same citizens.
fn workflow(db: &PgPool, clock: &Arc<ManualClock>) -> (Workflow, Persons) {
    let dice = Arc::new(SystemDice);
    let keys = Arc::new(Keys::random(&SeededDice::new(5)));
    let persons = Persons::new(keys, clock.clone(), dice.clone());
    let notices = Notices::new(notice::Templates::built_in(), dice.clone(), false);
    let rules = ticket::RuleBook::built_in();
    let workflow = Workflow::new(db.clone(), clock.clone(), dice, persons.clone(), rules, notices);
    (workflow, persons)
}

/// Both sides open the same secrets.
fn secrets(folder: &Path) -> Objects {
    let keys = Arc::new(db::seal::Keys::random(&SeededDice::new(6)));
    Objects::new(folder.join("objects"), keys, Arc::new(SystemDice))
}

impl Case {
    fn actor(&self) -> Actor {
        let (staff, name) = (Some(self.staff), "某人".to_owned());
        Actor { staff, name, roles: [self.role].into(), post: self.post.clone() }
    }

    /// The step of the transition, where it is one.
    fn action(&self) -> Option<Action> {
        match self.transition {
            Transition::Dispatch => Some(Action::Dispatch { unit_id: self.to, assisting: vec![] }),
            Transition::Sign | Transition::Bulk => Some(Action::Sign {}),
            Transition::Reply => Some(reply()),
            Transition::Review => Some(passed()),
            Transition::FollowUp => Some(satisfied()),
            _ => None,
        }
    }
}

/// Takes the transition once, to its end.
async fn take(case: &Case, db: &PgPool) -> Result<(), Error> {
    let clock = Arc::new(ManualClock::default());
    clock.advance(TimeDelta::minutes(case.minutes));
    let (workflow, persons) = workflow(db, &clock);
    let actor = case.actor();
    sqlx::query(BEGINS).execute(db).await?;
    let ticket = || case.ticket.expect("prepared");
    match case.transition {
        Transition::Accept => drop(workflow.accept(&actor, intake(case.key)).await?),
        Transition::Add => {
            drop(workflow.add(&actor, ticket(), "还是不热", None).await?);
        }
        Transition::Tick | Transition::Climb => while workflow.fire_due().await? > 0 {},
        Transition::Send => {
            let config = notice::Config {
                sms: notice::Sms::Folder { path: case.folder.join("sms") },
                mail: notice::Mail::Folder {
                    path: case.folder.join("mail"),
                    from: "热线 <hotline@example.cn>".to_owned(),
                },
                quiet_hours: false,
            };
            let sender = notice::Sender::new(config, db.clone(), clock, persons)?;
            while sender.send_due().await? > 0 {}
        }
        Transition::Work => {
            let worker = jobs::Worker::new(db.clone(), clock, &["test"], jobs::Rules::default());
            let folder = case.folder.clone();
            let mut done = |job: jobs::Job| {
                let file = folder.join(job.payload["key"].to_string());
                std::future::ready(std::fs::write(file, "done").map_err(jobs::Failure::from))
            };
            while worker.step(&mut done).await? {}
        }
        Transition::Bulk => {
            let rules = jobs::Rules::default();
            let worker = jobs::Worker::new(db.clone(), clock, &[errands::BULK], rules);
            let mut done = |job: jobs::Job| {
                let errand = job.payload["errand"].as_str().and_then(|id| id.parse().ok());
                let workflow = workflow.clone();
                async move {
                    let done = workflow.bulk_run(errand.expect("an errand")).await;
                    done.map_err(|error| jobs::Failure::Retry(error.to_string()))
                }
            };
            while worker.step(&mut done).await? {}
        }
        Transition::Webhook => {
            drop(tokio_rustls::rustls::crypto::ring::default_provider().install_default());
            let reach = Reach { hosts: Vec::new(), loopback: true };
            let shared = case.folder.parent().expect("a folder for each case");
            let courier = Courier::new(db.clone(), clock, secrets(shared), reach);
            courier.expect("a client").send_due().await?;
        }
        _ => {
            let step = Step::because(case.action().expect("a step"), "按规定办理");
            drop(workflow.act(&actor, ticket(), case.version, &step).await?);
        }
    }
    Ok(())
}

/// Run by the tests below in a process of its own; alone it does nothing.
#[tokio::test]
#[ignore = "the other side of the tests in this file"]
async fn child() {
    #[expect(clippy::disallowed_methods, reason = "the parent passes the case")]
    let Ok(text) = std::env::var(CASE) else { return };
    let case: Case = serde_json::from_str(&text).unwrap();
    take(&case, &pool(&case.socket, &case.database)).await.unwrap();
}

fn pool(socket: &Path, database: &str) -> PgPool {
    let way = PgConnectOptions::new_without_pgpass().socket(socket);
    let way =
        way.username("lianxin_app").database(database).options([("lianxin.viewer", "system")]);
    PgPoolOptions::new().max_connections(2).connect_lazy_with(way)
}

async fn is_never_half_done(transition: Transition) {
    let ground = Box::pin(Ground::new(transition)).await;
    let mut number = 0;
    for cut in [Cut::Before, Cut::After] {
        let mut outcomes = Vec::new();
        for n in 1.. {
            number += 1;
            let case = Box::pin(ground.prepare(number)).await;
            let whole = ground.relay.run(&case, cut, n);
            ground.let_the_dead_go().await;
            ground.check(&case).await;
            // a second addition is another addition: its caller asks whether the first is there
            let is_done = transition == Transition::Add && ground.is_added(&case).await;
            if !(whole || is_done) {
                ground.again(&case).await;
                ground.check(&case).await;
            }
            outcomes.push(ground.outcome(&case).await);
            if whole {
                break;
            }
        }
        assert!(outcomes.len() > 3, "{transition:?} was cut {} times only", outcomes.len());
        let undisturbed = outcomes.last().unwrap();
        for (n, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome, undisturbed, "{cut:?} {}", n + 1);
        }
    }
}

/// One test for each transition, all of them cut at every exchange and on either side of it.
macro_rules! cut {
    ($($name:ident: $transition:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            is_never_half_done(Transition::$transition).await;
        })*
    };
}

cut! {
    a_killed_acceptance_is_never_half_done: Accept,
    a_killed_dispatch_is_never_half_done: Dispatch,
    a_killed_signature_is_never_half_done: Sign,
    a_killed_reply_is_never_half_done: Reply,
    a_killed_review_is_never_half_done: Review,
    a_killed_follow_up_is_never_half_done: FollowUp,
    a_killed_addition_is_never_half_done: Add,
    a_killed_deadline_fires_once: Tick,
    a_killed_climb_reaches_each_rung_once: Climb,
    a_killed_sender_loses_no_notice_and_writes_none_twice: Send,
    a_killed_worker_loses_no_job: Work,
    a_killed_bulk_job_takes_each_ticket_once: Bulk,
    a_killed_courier_loses_no_delivery: Webhook,
}
