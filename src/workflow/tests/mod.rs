//! Whole stories against the real database, as the application's own role.
mod again;
mod doctor_tests;
mod kill;

use std::sync::Arc;

use base::{Clock, ManualClock, SystemDice};
use chrono::TimeDelta;
use org::testing::{City, city, someone};
use org::{Actor, Keys, Persons, Post, Role};
use sqlx::PgPool;
use ticket::{Action, Channel, Kind, Satisfaction, Solved, Urgency};

use super::*;

/// A hotline with its people, at nine o'clock on a Monday.
pub(crate) struct House {
    pub workflow: Workflow,
    pub db: PgPool,
    pub clock: Arc<ManualClock>,
    pub city: City,
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::of(db::testing::database().await).await
    }

    async fn of(db: PgPool) -> Self {
        let clock = Arc::new(ManualClock::default());
        let dice = Arc::new(SystemDice);
        let persons = Persons::new(Arc::new(Keys::random(&*dice)), clock.clone(), dice.clone());
        let notices = Notices::new(notice::Templates::built_in(), dice.clone(), false);
        let city = city(&db, &*clock, &*dice).await;
        let rules = RuleBook::built_in();
        let workflow = Workflow::new(db.clone(), clock.clone(), dice, persons, rules, notices);
        Self { workflow, db, clock, city }
    }

    pub(crate) async fn person(&self, name: &str, role: Role, post: Option<&Post>) -> Actor {
        someone(name, &[role], post, &self.db, &*self.clock, &SystemDice).await.actor()
    }

    async fn accepted(&self, agent: &Actor, intake: Intake) -> Ticket {
        self.workflow.accept(agent, intake).await.unwrap().0
    }

    async fn act(&self, actor: &Actor, ticket: &Ticket, action: Action) -> Ticket {
        self.clock.advance(TimeDelta::minutes(1));
        let step = Step::because(action, "按规定办理");
        self.workflow.act(actor, ticket.id, ticket.version, &step).await.unwrap()
    }

    async fn notices(&self, ticket: &Ticket) -> Vec<String> {
        let db = &mut *self.db.acquire().await.unwrap();
        let filter = notice::Filter { ticket: Some(ticket.id), most: 100, ..Default::default() };
        let mut rows = notice::list(db, &filter).await.unwrap();
        rows.retain(|row| row.kind == "sms");
        rows.sort_by_key(|row| (row.at, row.template.clone()));
        rows.into_iter().map(|row| row.template).collect()
    }

    async fn history(&self, ticket: &Ticket) -> Vec<ticket::Event> {
        ticket::history(&mut self.db.acquire().await.unwrap(), ticket.id).await.unwrap()
    }
}

pub(crate) fn intake(key: u128) -> Intake {
    Intake {
        draft: Draft {
            title: "阳光小区3号楼供热不足".to_owned(),
            content: "室内温度只有14度，联系13800000001张先生。".to_owned(),
            kind: Kind::Help,
            urgency: Urgency::Normal,
            category_id: None,
            place_id: None,
            address: "铁西区仁兴街道阳光小区3号楼".to_owned(),
            contact_name: "张先生".to_owned(),
            contact_number: "13800000001".to_owned(),
            secrecy: false,
            wants_reply: true,
            against_unit_ids: vec![],
        },
        call_id: None,
        channel: Channel::Phone,
        source: None,
        outside_number: None,
        outside_due: None,
        direct_answer: None,
        key: uuid::Uuid::from_u128(key),
    }
}

fn send(post: &Post) -> Action {
    Action::Dispatch { unit_id: post.unit, assisting: vec![] }
}
fn reply() -> Action {
    Action::reply("已到现场检修管网，供热恢复正常。", Solved::Yes)
}
fn passed() -> Action {
    Action::pass()
}
fn satisfied() -> Action {
    Action::FollowUp {
        reached: true,
        contacted: Some(true),
        solved: Some(Solved::Yes),
        satisfaction: Some(Satisfaction::VerySatisfied),
        words: "屋里热了".to_owned(),
        not_true: false,
        call_id: None,
    }
}

#[tokio::test]
async fn a_ticket_walks_from_acceptance_to_its_end() {
    let house = House::new().await;
    let unit = house.city.housing.clone();
    let agent = house.person("agent", Role::Agent, None).await;
    let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
    let clerk = house.person("clerk", Role::Clerk, Some(&unit)).await;
    let reviewer = house.person("reviewer", Role::Reviewer, None).await;
    let caller = house.person("caller", Role::FollowUp, None).await;

    let ticket = house.accepted(&agent, intake(1)).await;
    assert_eq!(ticket.number.to_string(), "SP20260302-0001-8");
    let ticket = house.act(&dispatcher, &ticket, send(&unit)).await;
    let ticket = house.act(&clerk, &ticket, Action::Sign {}).await;
    let ticket = house.act(&clerk, &ticket, reply()).await;
    let ticket = house.act(&reviewer, &ticket, passed()).await;
    let ticket = house.act(&caller, &ticket, satisfied()).await;

    assert_eq!((ticket.life.stage, ticket.version), (Stage::Closed, 6));
    assert_eq!(
        house.notices(&ticket).await,
        ["accepted", "dispatched", "unit_dispatched", "rate_by_page", "closed"]
    );
    let history = house.history(&ticket).await;
    let actions: Vec<_> = history.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["accept", "dispatch", "sign", "reply", "review", "follow_up"]);
    assert!(ticket::is_unbroken(&history));
    // what is stored is what was computed
    let db = &mut *house.db.acquire().await.unwrap();
    assert_eq!(ticket::find(db, ticket.id).await.unwrap(), ticket);
    let rating = ticket::last_rating(db, ticket.id).await.unwrap().unwrap();
    assert_eq!(rating.satisfaction, Some(Satisfaction::VerySatisfied));
}

#[tokio::test]
async fn submitting_twice_gives_one_ticket() {
    let house = House::new().await;
    let agent = house.person("agent", Role::Agent, None).await;
    let (first, created) = house.workflow.accept(&agent, intake(7)).await.unwrap();
    let (second, again) = house.workflow.accept(&agent, intake(7)).await.unwrap();
    assert_eq!((first.id, created, again), (second.id, true, false));
    assert_eq!(house.notices(&first).await, ["accepted"]);
}

#[tokio::test]
async fn submitting_twice_at_the_same_moment_gives_one_ticket() {
    let house = House::new().await;
    let agent = house.person("agent", Role::Agent, None).await;
    let (one, two) = tokio::join!(
        house.workflow.accept(&agent, intake(8)),
        house.workflow.accept(&agent, intake(8))
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.0.id, two.0.id);
    assert!(one.1 != two.1);
}

#[tokio::test]
async fn the_slower_of_two_learns_what_changed() {
    let house = House::new().await;
    let agent = house.person("agent", Role::Agent, None).await;
    let one = house.person("one", Role::Dispatcher, None).await;
    let two = house.person("two", Role::Dispatcher, None).await;
    let ticket = house.accepted(&agent, intake(1)).await;
    house.act(&one, &ticket, send(&house.city.housing)).await;
    let step = Step::new(send(&house.city.education));
    let late = house.workflow.act(&two, ticket.id, ticket.version, &step).await;
    let Err(Error::Stale { version: 2, changed }) = late else { panic!("{late:?}") };
    assert_eq!(changed.len(), 1);
    assert_eq!((changed[0].action.as_str(), changed[0].actor.as_str()), ("dispatch", "one"));
}

#[tokio::test]
async fn a_sealed_reporter_stays_hidden_from_the_unit() {
    let house = House::new().await;
    let unit = house.city.housing.clone();
    let agent = house.person("agent", Role::Agent, None).await;
    let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
    let clerk = house.person("clerk", Role::Clerk, Some(&unit)).await;
    let mut report = intake(1);
    report.draft.kind = Kind::Report;
    let ticket = house.accepted(&agent, report).await;
    assert!(ticket.request.sealed, "举报 is sealed without being asked");
    let ticket = house.act(&dispatcher, &ticket, send(&unit)).await;
    let page = house.workflow.page(&clerk, ticket.id).await.unwrap();
    assert_eq!(page.contact, None);
    let shown = format!("{page:?}");
    assert!(!shown.contains("13800000001") && !shown.contains("张先生"), "{shown}");
    assert!(!page.notices.iter().any(|notice| notice.to_citizen));
    assert!(house.workflow.reveal(&clerk, ticket.id, "联系诉求人").await.is_err());
    let seen = house.workflow.reveal(&dispatcher, ticket.id, "核对地址").await.unwrap();
    assert_eq!(seen.name.as_deref(), Some("张先生"));
    assert_eq!(house.notices(&ticket).await, ["accepted", "unit_dispatched"]);
}

#[tokio::test]
async fn a_sealed_reporter_stays_hidden_in_what_changed_in_lists_and_in_searches() {
    let house = House::new().await;
    let unit = house.city.housing.clone();
    let agent = house.person("agent", Role::Agent, None).await;
    let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
    let clerk = house.person("clerk", Role::Clerk, Some(&unit)).await;
    let mut report = intake(1);
    report.draft.kind = Kind::Report;
    report.draft.title = "张先生举报3号楼供热不足".to_owned();
    let ticket = house.accepted(&agent, report).await;
    house.act(&dispatcher, &ticket, send(&unit)).await;
    house.workflow.add(&agent, ticket.id, "张先生13800000001又来电催问", None).await.unwrap();

    let stale = house.workflow.act(&clerk, ticket.id, 0, &Step::new(Action::Sign {})).await;
    let Err(Error::Stale { changed, .. }) = stale else { panic!("{stale:?}") };
    let told = format!("{changed:?}");
    assert!(!told.contains("13800000001") && !told.contains("张先生"), "{told}");

    let now = house.clock.now();
    let all = |viewer, text| ticket::Filter {
        text,
        ..ticket::Filter::new(viewer, ticket::Box::All, now)
    };
    let rows = house.workflow.list(&all(&clerk, "")).await.unwrap();
    assert_eq!(rows[0].title, "某举报3号楼供热不足");
    for text in ["张先生", "13800000001"] {
        assert!(house.workflow.list(&all(&clerk, text)).await.unwrap().is_empty(), "{text}");
        assert_eq!(house.workflow.list(&all(&dispatcher, text)).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_unit_sees_a_number_only_while_it_works_on_the_matter() {
    let house = House::new().await;
    let unit = house.city.housing.clone();
    let agent = house.person("agent", Role::Agent, None).await;
    let one = house.person("one", Role::Dispatcher, None).await;
    let two = house.person("two", Role::Dispatcher, None).await;
    let clerk = house.person("clerk", Role::Clerk, Some(&unit)).await;
    let ticket = house.accepted(&agent, intake(1)).await;
    let ticket = house.act(&one, &ticket, send(&unit)).await;
    let ticket = house.act(&clerk, &ticket, Action::Sign {}).await;
    house.workflow.reveal(&clerk, ticket.id, "联系诉求人").await.unwrap();
    let ticket = house.act(&clerk, &ticket, Action::Return { unit_id: None }).await;
    let ticket =
        house.act(&two, &ticket, Action::DecideReturn { approve: true, unit_id: None }).await;
    assert!(house.workflow.reveal(&clerk, ticket.id, "联系诉求人").await.is_err());
}

#[tokio::test]
async fn another_units_ticket_does_not_exist() {
    let house = House::new().await;
    let agent = house.person("agent", Role::Agent, None).await;
    let stranger = house.person("stranger", Role::Clerk, Some(&house.city.education)).await;
    let ticket = house.accepted(&agent, intake(1)).await;
    assert!(matches!(house.workflow.page(&stranger, ticket.id).await, Err(Error::NotFound)));
    let step = Step::new(Action::Sign {});
    let tried = house.workflow.act(&stranger, ticket.id, ticket.version, &step).await;
    assert!(matches!(tried, Err(Error::NotFound)), "{tried:?}");
}

#[tokio::test]
async fn deadlines_mark_warn_and_sign_exactly_once() {
    let house = House::new().await;
    let unit = house.city.housing.clone();
    let agent = house.person("agent", Role::Agent, None).await;
    let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
    let ticket = house.accepted(&agent, intake(1)).await;
    let ticket = house.act(&dispatcher, &ticket, send(&unit)).await;
    assert_eq!(house.workflow.fire_due().await.unwrap(), 0);
    house.clock.advance(TimeDelta::days(14));
    let (one, two) = tokio::join!(house.workflow.fire_due(), house.workflow.fire_due());
    assert_eq!(one.unwrap() + two.unwrap(), 1, "one of them had it");
    assert_eq!(house.workflow.fire_due().await.unwrap(), 0);
    let history = house.history(&ticket).await;
    let marks: Vec<_> = history.iter().skip(2).map(|event| event.action.as_str()).collect();
    assert_eq!(
        marks,
        ["late", "late", "late", "escalate", "escalate", "escalate", "late", "auto_sign"],
        "whole, sign, handling with three rungs of the ladder, contact"
    );
    assert!(ticket::is_unbroken(&history));
    let told = house.notices(&ticket).await;
    assert_eq!(told.iter().filter(|template| *template == "unit_late").count(), 2);
    let db = &mut *house.db.acquire().await.unwrap();
    let ticket = ticket::find(db, ticket.id).await.unwrap();
    assert!(ticket.life.legs[0].auto_signed && ticket.life.stage == Stage::Handling);
}

#[tokio::test]
async fn what_a_list_shows_is_what_a_page_opens() {
    let house = House::new().await;
    let agent = house.person("agent", Role::Agent, None).await;
    let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
    let city = &house.city;
    let viewers = [
        house.person("housing", Role::Clerk, Some(&city.housing)).await,
        house.person("education", Role::Clerk, Some(&city.education)).await,
        house.person("hub", Role::Hub, Some(&city.hub)).await,
        house.person("otherhub", Role::Hub, Some(&city.other_hub)).await,
        dispatcher.clone(),
    ];
    let mut tickets = Vec::new();
    for (key, to) in
        [(1, Some(&city.housing)), (2, Some(&city.hub)), (3, None), (4, Some(&city.other_hub))]
    {
        let ticket = house.accepted(&agent, intake(key)).await;
        if let Some(to) = to {
            house.act(&dispatcher, &ticket, send(to)).await;
        }
        tickets.push(ticket.id);
    }
    for viewer in &viewers {
        let filter = ticket::Filter::new(viewer, ticket::Box::All, house.clock.now());
        let db = &mut *house.db.acquire().await.unwrap();
        let listed: Vec<_> =
            ticket::list(db, &filter).await.unwrap().into_iter().map(|row| row.id).collect();
        for id in &tickets {
            let opens = house.workflow.page(viewer, *id).await.is_ok();
            assert_eq!(listed.contains(id), opens, "{}", viewer.name);
        }
    }
}

#[tokio::test]
async fn pages_of_a_list_join_without_gap_or_overlap() {
    let house = House::new().await;
    let agent = house.person("agent", Role::Agent, None).await;
    let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
    for key in 1..=7 {
        house.accepted(&agent, intake(key)).await;
    }
    for which in [ticket::Box::Todo, ticket::Box::All] {
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let all = ticket::Filter::new(&dispatcher, which, house.clock.now());
            let filter = ticket::Filter { text: "供热", after, most: 3, ..all };
            let db = &mut *house.db.acquire().await.unwrap();
            let rows = ticket::list(db, &filter).await.unwrap();
            let Some(last) = rows.last() else { break };
            let at = match filter.sort() {
                ticket::Sort::Due => last.due_at,
                ticket::Sort::Newest | ticket::Sort::Oldest => Some(last.accepted_at),
            };
            after = Some(ticket::Page { at, id: last.id });
            seen.extend(rows.iter().map(|row| row.id));
        }
        let all = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!((all, seen.len()), (7, 7), "{which:?}");
    }
}

#[tokio::test]
async fn the_citizen_finds_the_ticket_with_number_and_code_only() {
    let house = House::new().await;
    let agent = house.person("agent", Role::Agent, None).await;
    let ticket = house.accepted(&agent, intake(1)).await;
    let digits = ticket.number.digits();
    let look = async |number: &str, code: &str| house.workflow.look_up(number, code).await.unwrap();
    let view = look(&ticket.number.to_string(), &ticket.query_code).await.unwrap();
    assert_eq!((view.state, view.headline.as_str()), ("已受理", "阳光小区3号楼供热不足"));
    let wrong = if ticket.query_code == "0000" { "0001" } else { "0000" };
    assert_eq!(look(&digits, wrong).await, None);
    assert_eq!(look("2026030200013", &ticket.query_code).await, None);
    assert_eq!(look("drop table", "").await, None);
}

#[tokio::test]
async fn an_addition_reaches_the_unit_and_a_closed_ticket_takes_none() {
    let house = House::new().await;
    let unit = house.city.housing.clone();
    let agent = house.person("agent", Role::Agent, None).await;
    let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
    let clerk = house.person("clerk", Role::Clerk, Some(&unit)).await;
    let reviewer = house.person("reviewer", Role::Reviewer, None).await;
    let caller = house.person("caller", Role::FollowUp, None).await;
    let ticket = house.accepted(&agent, intake(1)).await;
    let ticket = house.act(&dispatcher, &ticket, send(&unit)).await;
    let ticket = house.workflow.add(&agent, ticket.id, "孩子发烧了", None).await.unwrap();
    assert!(house.notices(&ticket).await.contains(&"unit_addition".to_owned()));
    let ticket = house.act(&clerk, &ticket, Action::Sign {}).await;
    let ticket = house.act(&clerk, &ticket, reply()).await;
    let ticket = house.act(&reviewer, &ticket, passed()).await;
    house.act(&caller, &ticket, satisfied()).await;
    let refused = house.workflow.add(&agent, ticket.id, "还有", None).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
}

#[tokio::test]
async fn history_may_not_be_changed_by_the_application() {
    let house = House::new().await;
    let agent = house.person("agent", Role::Agent, None).await;
    house.accepted(&agent, intake(1)).await;
    for change in [
        "update ticket_history set reason = 'x'",
        "delete from ticket_history",
        "delete from ticket",
    ] {
        let tried = sqlx::Executor::execute(&house.db, change).await;
        assert!(tried.is_err(), "{change}");
    }
}

/// A small demonstration: the city of the tests, with some of its people.
async fn with_demo(days: u16) -> (House, usize) {
    let house = House::new().await;
    let laid = demo::lay(&house.workflow, days).await.unwrap();
    (house, laid)
}

#[tokio::test]
async fn the_demonstration_fills_every_desk_and_its_histories_hold() {
    let (house, laid) = with_demo(20).await;
    assert!(laid > 100, "{laid}");
    let supervisor = house.person("supervisor", Role::Supervisor, None).await;
    let db = &mut *house.db.acquire().await.unwrap();
    for state in Stage::ALL {
        let all = ticket::Filter::new(&supervisor, ticket::Box::All, house.clock.now());
        let rows = ticket::list(db, &ticket::Filter { state: Some(*state), most: 400, ..all })
            .await
            .unwrap();
        assert!(rows.len() >= 2, "{state:?}: {}", rows.len());
        for row in rows.iter().take(5) {
            assert!(row.demo);
            let history = ticket::history(db, row.id).await.unwrap();
            assert!(ticket::is_unbroken(&history), "{}", row.number);
            assert!(history.windows(2).all(|pair| pair[0].at <= pair[1].at), "{}", row.number);
        }
    }
    let late = ticket::Filter::new(&supervisor, ticket::Box::All, house.clock.now());
    let late = ticket::list(db, &ticket::Filter { late: true, most: 400, ..late }).await.unwrap();
    assert!(late.len() >= 4, "{}", late.len());
    assert_eq!(house.workflow.fire_due().await.unwrap(), 0, "the past was marked as it went");
}

#[tokio::test]
async fn the_demonstration_is_laid_once_and_goes_without_a_trace() {
    let (house, laid) = with_demo(3).await;
    assert!(laid > 0);
    assert_eq!(demo::lay(&house.workflow, 3).await.unwrap(), 0);
    let agent = house.person("agent", Role::Agent, None).await;
    let real = house.accepted(&agent, intake(1)).await;
    let db = &mut *house.db.acquire().await.unwrap();
    let from_calls = demo::without_call(db).await.unwrap();
    assert!(!from_calls.is_empty());
    let call = CallId::new(house.clock.now(), [7; 10]);
    demo::join_calls(db, &[(from_calls[0].ticket, call)]).await.unwrap();
    assert_eq!(demo::without_call(db).await.unwrap().len(), from_calls.len() - 1);
    assert!(demo::remove(db).await.unwrap() > 0);
    assert!(ticket::find(db, real.id).await.is_ok());
    let supervisor = house.person("supervisor", Role::Supervisor, None).await;
    let all = ticket::Filter::new(&supervisor, ticket::Box::All, house.clock.now());
    assert_eq!(ticket::list(db, &all).await.unwrap().len(), 1);
    let notices =
        notice::list(db, &notice::Filter { most: 50, ..Default::default() }).await.unwrap();
    assert!(notices.iter().all(|notice| notice.ticket == Some(real.id)));
}
