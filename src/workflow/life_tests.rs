//! Tickets that touch each other, the catalogue, the citizen's page, filing: against the database.
use chrono::TimeDelta;
use org::Role;
use ticket::{Action, Solved};

use super::tests::{House, intake};
use super::*;

pub(crate) struct Desk {
    pub house: House,
    pub agent: Actor,
    pub dispatcher: Actor,
    other: Actor,
    pub clerk: Actor,
    pub reviewer: Actor,
    pub supervisor: Actor,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        let house = House::new().await;
        let unit = house.city.housing.clone();
        Self {
            agent: house.person("agent", Role::Agent, None).await,
            dispatcher: house.person("dispatcher", Role::Dispatcher, None).await,
            other: house.person("other", Role::Dispatcher, None).await,
            clerk: house.person("clerk", Role::Clerk, Some(&unit)).await,
            reviewer: house.person("reviewer", Role::Reviewer, None).await,
            supervisor: house.person("supervisor", Role::Supervisor, None).await,
            house,
        }
    }

    pub(crate) async fn accepted(&self, key: u128, number: &str) -> Ticket {
        let mut intake = intake(key);
        intake.draft.contact_number = number.to_owned();
        self.house.workflow.accept(&self.agent, intake).await.unwrap().0
    }

    pub(crate) async fn now(&self, ticket: &Ticket) -> Ticket {
        ticket::find(&mut self.house.db.acquire().await.unwrap(), ticket.id).await.unwrap()
    }

    async fn try_act(
        &self,
        actor: &Actor,
        ticket: &Ticket,
        action: Action,
    ) -> Result<Ticket, Error> {
        self.house.clock.advance(TimeDelta::minutes(1));
        let version = self.now(ticket).await.version;
        let step = Step::because(action, "按规定办理");
        self.house.workflow.act(actor, ticket.id, version, &step).await
    }

    pub(crate) async fn act(&self, actor: &Actor, ticket: &Ticket, action: Action) -> Ticket {
        self.try_act(actor, ticket, action).await.unwrap()
    }

    pub(crate) async fn replied(&self, ticket: &Ticket) {
        let unit_id = self.house.city.housing.unit;
        self.act(&self.dispatcher, ticket, Action::Dispatch { unit_id, assisting: vec![] }).await;
        self.act(&self.clerk, ticket, Action::Sign {}).await;
        let reply = Action::reply("已到现场检修管网，供热恢复正常。", Solved::Yes);
        self.act(&self.clerk, ticket, reply).await;
    }
}

#[tokio::test]
async fn a_parents_answer_brings_each_citizen_into_follow_up_and_asks_nobody_twice() {
    let desk = Desk::new().await;
    let parent = desk.accepted(1, "13800000001").await;
    let child = desk.accepted(2, "13800000002").await;
    let again = desk.accepted(3, "13800000001").await;
    for one in [&child, &again] {
        let after = desk.act(&desk.dispatcher, one, Action::Merge { parent_id: parent.id }).await;
        assert_eq!(after.life.stage, Stage::Merged);
    }
    assert_eq!(desk.now(&parent).await.life.side.children, [child.id, again.id]);
    desk.replied(&parent).await;
    desk.act(&desk.reviewer, &parent, Action::pass()).await;
    let child = desk.now(&child).await;
    assert_eq!(child.life.stage, Stage::InFollowUp, "each keeps its own follow-up");
    let again = desk.now(&again).await;
    assert_eq!(
        again.life.ending,
        Some(ticket::Ending::WithParent),
        "one citizen is not asked twice"
    );
    let refused = desk.try_act(
        &desk.reviewer,
        &child,
        Action::FollowUp {
            reached: true,
            contacted: None,
            solved: Some(Solved::Yes),
            satisfaction: Some(ticket::Satisfaction::Satisfied),
            words: "好了".to_owned(),
            not_true: false,
            call_id: None,
        },
    );
    assert!(refused.await.is_err(), "nor by who reviewed the parent");
}

#[tokio::test]
async fn a_ticket_leaves_its_parent_before_that_ends_and_is_dispatched_anew() {
    let desk = Desk::new().await;
    let parent = desk.accepted(1, "13800000001").await;
    let child = desk.accepted(2, "13800000002").await;
    desk.act(&desk.dispatcher, &child, Action::Merge { parent_id: parent.id }).await;
    let twice =
        desk.try_act(&desk.dispatcher, &parent, Action::Merge { parent_id: child.id }).await;
    assert!(twice.is_err(), "neither into a merged one nor with children");
    let after = desk.act(&desk.other, &child, Action::Unmerge {}).await;
    assert_eq!((after.life.stage, after.life.side.parent), (Stage::Accepted, None));
    assert_eq!(desk.now(&parent).await.life.side.children, []);
}

#[tokio::test]
async fn the_citizen_withdraws_by_number_and_code_and_somebody_confirms_it() {
    let desk = Desk::new().await;
    let ticket = desk.accepted(1, "13800000001").await;
    let (number, code) = (ticket.number.digits(), ticket.query_code.clone());
    let workflow = &desk.house.workflow;
    let wrong = if code == "0000" { "0001" } else { "0000" };
    assert_eq!(workflow.withdraw_by_page(&number, wrong, "不用了").await.unwrap(), None);
    let view = workflow.withdraw_by_page(&number, &code, "已经暖和了").await.unwrap().unwrap();
    assert_eq!((view.state, view.may_withdraw), ("撤回待核", false));
    let yes = Action::DecideWithdrawal { approve: true };
    let after = desk.act(&desk.supervisor, &ticket, yes).await;
    assert_eq!(after.life.stage, Stage::InFollowUp);
    assert!(desk.now(&ticket).await.life.side.is_withdrawn());
}

#[tokio::test]
async fn a_made_up_call_withdraws_nothing() {
    let desk = Desk::new().await;
    let ticket = desk.accepted(1, "13800000001").await;
    let call_id = Some(CallId::from_uuid(uuid::Uuid::from_u128(4711)));
    let action = Action::AskWithdrawal { call_id, words: "不用了".to_owned() };
    assert!(desk.try_act(&desk.agent, &ticket, action).await.is_err());
}

#[tokio::test]
async fn a_unit_that_is_complained_about_finds_no_such_ticket() {
    let desk = Desk::new().await;
    let mut complaint = intake(1);
    complaint.draft.against_unit_ids = vec![desk.house.city.housing.unit];
    let ticket = desk.house.workflow.accept(&desk.agent, complaint).await.unwrap().0;
    let unit_id = desk.house.city.education.unit;
    let both = vec![desk.house.city.housing.unit];
    let tried =
        desk.try_act(&desk.dispatcher, &ticket, Action::Dispatch { unit_id, assisting: both });
    assert!(matches!(tried.await, Err(Error::Refused(ticket::Refused::Recused(_)))));
    desk.act(&desk.dispatcher, &ticket, Action::Dispatch { unit_id, assisting: vec![] }).await;
    assert!(matches!(desk.house.workflow.page(&desk.clerk, ticket.id).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn what_ended_a_month_ago_is_filed_and_read_only() {
    let desk = Desk::new().await;
    let ticket = desk.accepted(1, "13800000001").await;
    let path = "请依法向人民法院起诉".to_owned();
    desk.act(&desk.dispatcher, &ticket, Action::NotAccept { path }).await;
    desk.house.clock.advance(TimeDelta::days(29));
    assert_eq!(desk.house.workflow.file_ended().await.unwrap(), 0);
    desk.house.clock.advance(TimeDelta::days(2));
    assert_eq!(desk.house.workflow.file_ended().await.unwrap(), 1);
    let filed = desk.now(&ticket).await;
    assert_eq!(filed.life.stage, Stage::Archived);
    assert!(desk.try_act(&desk.supervisor, &ticket, Action::Rework {}).await.is_err());
}
