//! What citizens say of the outcome by the page (网页评价), against the database.
use chrono::TimeDelta;
use ticket::{Action, Ending, Satisfaction, Solved};

use super::life_tests::Desk;
use super::tests::intake;
use super::*;

const HERE: &str = "192.0.2.7";

fn content() -> PageAnswer {
    PageAnswer {
        contacted: Some(true),
        solved: Solved::Yes,
        satisfaction: Satisfaction::Satisfied,
        words: String::new(),
        not_true: false,
    }
}

impl Desk {
    /// The reply of its unit passed; the citizen is to be asked.
    async fn in_follow_up(&self, key: u128) -> Ticket {
        let ticket = self.accepted(key, &format!("138000{key:05}")).await;
        self.to_follow_up(&ticket).await
    }

    async fn to_follow_up(&self, ticket: &Ticket) -> Ticket {
        self.replied(ticket).await;
        self.act(&self.reviewer, ticket, Action::pass()).await
    }

    async fn rate(&self, ticket: &Ticket, from: &str, answer: PageAnswer) -> PublicView {
        self.try_rate(ticket, from, answer).await.unwrap().expect("number and code are right")
    }

    async fn try_rate(
        &self,
        ticket: &Ticket,
        from: &str,
        answer: PageAnswer,
    ) -> Result<Option<PublicView>, Error> {
        self.house.clock.advance(TimeDelta::minutes(1));
        let (number, code) = (ticket.number.digits(), &ticket.query_code);
        self.house.workflow.rate_by_page(&number, code, from, answer).await
    }

    async fn last_rating(&self, ticket: &Ticket) -> ticket::Rating {
        let db = &mut *self.house.db.acquire().await.unwrap();
        ticket::last_rating(db, ticket.id).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn who_is_content_closes_the_ticket_by_the_page() {
    let desk = Desk::new().await;
    let ticket = desk.in_follow_up(1).await;
    let view = desk.rate(&ticket, HERE, content()).await;
    assert_eq!((view.state, view.may_rate), ("已办结", false));
    let ticket = desk.now(&ticket).await;
    assert_eq!(ticket.life.ending, Some(Ending::FollowedUp));
    let rating = desk.last_rating(&ticket).await;
    assert!(rating.page.is_some() && rating.by.is_none(), "the citizen's own");
}

#[tokio::test]
async fn nobody_rates_before_the_reply_or_twice() {
    let desk = Desk::new().await;
    let ticket = desk.accepted(1, "13800000001").await;
    let early = desk.try_rate(&ticket, HERE, content()).await;
    assert!(matches!(early, Err(Error::Refused(ticket::Refused::WrongState { .. }))), "{early:?}");
    let ticket = desk.to_follow_up(&ticket).await;
    desk.rate(&ticket, HERE, content()).await;
    let twice = desk.try_rate(&ticket, HERE, content()).await;
    assert!(matches!(twice, Err(Error::Refused(ticket::Refused::WrongState { .. }))), "{twice:?}");
}

#[tokio::test]
async fn a_wrong_code_rates_nothing() {
    let desk = Desk::new().await;
    let ticket = desk.in_follow_up(1).await;
    let number = ticket.number.digits();
    let wrong = if ticket.query_code == "0000" { "0001" } else { "0000" };
    let found = desk.house.workflow.rate_by_page(&number, wrong, HERE, content()).await.unwrap();
    assert_eq!(found, None);
    assert_eq!(desk.now(&ticket).await.life.stage, Stage::InFollowUp);
}

#[tokio::test]
async fn what_is_not_solved_by_the_page_is_worked_on_again() {
    let desk = Desk::new().await;
    let ticket = desk.in_follow_up(1).await;
    let answer = PageAnswer {
        contacted: Some(false),
        solved: Solved::No,
        satisfaction: Satisfaction::Dissatisfied,
        words: "还是冷".to_owned(),
        ..content()
    };
    let view = desk.rate(&ticket, HERE, answer).await;
    assert_eq!(view.state, "办理中");
    let life = desk.now(&ticket).await.life;
    assert_eq!((life.stage, life.cycle), (Stage::Dispatched, 2));
}

#[tokio::test]
async fn a_reworked_ticket_is_rated_anew() {
    let desk = Desk::new().await;
    let ticket = desk.in_follow_up(1).await;
    let no = PageAnswer { solved: Solved::No, ..content() };
    desk.rate(&ticket, HERE, no).await;
    desk.act(&desk.clerk, &ticket, Action::Sign {}).await;
    desk.act(&desk.clerk, &ticket, Action::reply("又检修了一次管网，供热恢复正常。", Solved::Yes))
        .await;
    desk.act(&desk.reviewer, &ticket, Action::pass()).await;
    let view = desk.rate(&ticket, HERE, content()).await;
    assert_eq!(view.state, "已办结");
}

#[tokio::test]
async fn a_sealed_ticket_is_rated_and_its_page_shows_nothing_more() {
    let desk = Desk::new().await;
    let mut report = intake(1);
    report.draft.secrecy = true;
    let ticket = desk.house.workflow.accept(&desk.agent, report).await.unwrap().0;
    let ticket = desk.to_follow_up(&ticket).await;
    let (number, code) = (ticket.number.digits(), &ticket.query_code);
    let before = desk.house.workflow.look_up(&number, code).await.unwrap().unwrap();
    assert!(before.sealed && before.may_rate);
    let after = desk.rate(&ticket, HERE, content()).await;
    assert_eq!((after.headline.as_str(), after.reply, after.steps), ("您登记的事项", None, vec![]));
}

#[tokio::test]
async fn many_tickets_rated_from_one_address_are_all_called_again() {
    let desk = Desk::new().await;
    let mut tickets = Vec::new();
    for key in 1..=6 {
        tickets.push(desk.in_follow_up(key).await);
    }
    for ticket in &tickets[..5] {
        desk.rate(ticket, HERE, content()).await;
        assert_eq!(desk.now(ticket).await.life.stage, Stage::Closed);
    }
    let view = desk.rate(&tickets[5], HERE, content()).await;
    assert!(!view.may_rate, "once, all the same");
    for ticket in &tickets {
        let ticket = desk.now(ticket).await;
        assert_eq!(ticket.life.stage, Stage::InFollowUp);
        assert!(ticket.life.side.is_rating_doubted() && ticket.life.faults().is_empty());
        let history = {
            let db = &mut *desk.house.db.acquire().await.unwrap();
            ticket::history(db, ticket.id).await.unwrap()
        };
        assert_eq!(ticket::drift(&ticket.life, &history).unwrap(), Vec::<String>::new());
    }
    assert!(desk.last_rating(&tickets[5]).await.page.unwrap().doubted);
}

#[tokio::test]
async fn ratings_from_several_addresses_or_over_several_days_stand() {
    let desk = Desk::new().await;
    for key in 1..=8 {
        let ticket = desk.in_follow_up(key).await;
        let from = if key % 2 == 0 { HERE } else { "192.0.2.8" };
        desk.rate(&ticket, from, content()).await;
        assert_eq!(desk.now(&ticket).await.life.stage, Stage::Closed, "{key}");
    }
    desk.house.clock.advance(TimeDelta::hours(24));
    for key in 9..=13 {
        let ticket = desk.in_follow_up(key).await;
        desk.rate(&ticket, HERE, content()).await;
        assert_eq!(desk.now(&ticket).await.life.stage, Stage::Closed, "{key}");
    }
}

#[tokio::test]
async fn whom_the_page_left_in_doubt_is_asked_by_a_call() {
    let desk = Desk::new().await;
    let caller = desk.house.person("caller", org::Role::FollowUp, None).await;
    let mut last = None;
    for key in 1..=6 {
        let ticket = desk.in_follow_up(key).await;
        desk.rate(&ticket, HERE, content()).await;
        last = Some(ticket);
    }
    let said = Action::FollowUp {
        reached: true,
        contacted: Some(true),
        solved: Some(Solved::Yes),
        satisfaction: Some(Satisfaction::Fairly),
        words: "是我评的".to_owned(),
        not_true: false,
        call_id: None,
    };
    let after = desk.act(&caller, &last.unwrap(), said).await;
    assert_eq!(after.life.stage, Stage::Closed);
}
