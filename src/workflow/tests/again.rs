//! Whoever comes again with the same matter, and steps that name what is not there.
use base::CategoryId;

use super::*;

const NUMBER: &str = "13800000001";

struct Again {
    house: House,
    agent: Actor,
    entry: base::KnowledgeId,
    heating: CategoryId,
    water: CategoryId,
}

impl Again {
    async fn new() -> Self {
        let house = House::new().await;
        let agent = house.person("agent", Role::Agent, None).await;
        let keeper = house.person("keeper", Role::Supervisor, None).await;
        let text = org::knowledge::Text {
            title: "供热温度标准".to_owned(),
            answer: "供热期内居室温度不低于18摄氏度。".to_owned(),
            issuer: "市住房和城乡建设局".to_owned(),
            keywords: vec!["供热".to_owned()],
            valid_until: None,
        };
        let dice = SystemDice;
        let entry = org::knowledge::add(&keeper, text, &house.db, &*house.clock, &dice).await;
        let category = async |code: &str, name: &str| {
            let (code, name) = (code.to_owned(), name.to_owned());
            let text = org::category::Text { code, name, ..Default::default() };
            let saved =
                org::category::save(&keeper, None, text, &house.db, &*house.clock, &dice).await;
            saved.unwrap().id
        };
        let (heating, water) = (category("GR", "供热").await, category("GS", "供水").await);
        Self { agent, entry: entry.unwrap().id, heating, water, house }
    }

    /// Takes a request, answered at once or not.
    async fn call(&self, key: u128, number: &str, category: CategoryId, answered: bool) -> Ticket {
        let mut intake = intake(key);
        intake.draft.contact_number = number.to_owned();
        intake.draft.category_id = Some(category);
        let text = "供热期内居室温度不低于18摄氏度。".to_owned();
        intake.direct_answer = answered.then_some(Answer { knowledge_id: self.entry, text });
        self.house.accepted(&self.agent, intake).await
    }

    async fn now(&self, ticket: &Ticket) -> Ticket {
        ticket::find(&mut self.house.db.acquire().await.unwrap(), ticket.id).await.unwrap()
    }

    /// A ticket that was closed by a final reply.
    async fn ended_finally(&self, key: u128) -> Ticket {
        let house = &self.house;
        let unit = house.city.housing.clone();
        let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
        let clerk = house.person("clerk", Role::Clerk, Some(&unit)).await;
        let leader = house.person("leader", Role::Leader, Some(&unit)).await;
        let supervisor = house.person("supervisor", Role::Supervisor, None).await;
        let ticket = self.call(key, NUMBER, self.heating, false).await;
        let ticket = house.act(&dispatcher, &ticket, send(&unit)).await;
        let ticket = house.act(&clerk, &ticket, Action::Sign {}).await;
        let text = "经多次核查并告知，该诉求无政策依据，现作最终答复。".to_owned();
        let asked = Action::AskFinal { text, basis: "供热管理条例第十条".to_owned() };
        let ticket = house.act(&leader, &ticket, asked).await;
        house.act(&supervisor, &ticket, Action::DecideFinal { approve: true }).await
    }
}

#[tokio::test]
async fn a_second_call_within_thirty_days_makes_a_direct_answer_unsolved() {
    let again = Again::new().await;
    let first = again.call(1, NUMBER, again.heating, true).await;
    assert_eq!(first.life.side.called_again, None);
    again.house.clock.advance(TimeDelta::days(30));
    let second = again.call(2, NUMBER, again.heating, false).await;
    let after = again.now(&first).await;
    assert_eq!(after.life.side.called_again, Some(second.id));
    let last = again.house.history(&first).await.pop().unwrap();
    assert_eq!((last.action.as_str(), last.to), ("called_again", Stage::Closed));
    let db = &mut *again.house.db.acquire().await.unwrap();
    assert!(ticket::examine(db, first.id).await.unwrap().wrong.is_empty());
    // a third call does not put another in its place
    again.call(3, NUMBER, again.heating, false).await;
    assert_eq!(again.now(&first).await.life.side.called_again, Some(second.id));
}

#[tokio::test]
async fn a_call_later_of_another_matter_or_by_somebody_else_leaves_the_answer_as_it_was() {
    let again = Again::new().await;
    let first = again.call(1, NUMBER, again.heating, true).await;
    again.call(2, NUMBER, again.water, false).await;
    again.call(3, "13800000002", again.heating, false).await;
    again.house.clock.advance(TimeDelta::days(30) + TimeDelta::seconds(1));
    again.call(4, NUMBER, again.heating, false).await;
    assert_eq!(again.now(&first).await.life.side.called_again, None);
}

#[tokio::test]
async fn answering_the_second_call_at_once_too_does_not_hide_it() {
    let again = Again::new().await;
    let first = again.call(1, NUMBER, again.heating, true).await;
    again.house.clock.advance(TimeDelta::days(3));
    let second = again.call(2, NUMBER, again.heating, true).await;
    assert_eq!(again.now(&first).await.life.side.called_again, Some(second.id));
    assert_eq!(again.now(&second).await.life.side.called_again, None);
}

#[tokio::test]
async fn a_matter_that_had_its_final_reply_is_flagged_when_it_comes_again() {
    let again = Again::new().await;
    let ended = Box::pin(again.ended_finally(1)).await;
    again.house.clock.advance(TimeDelta::days(90));
    let back = again.call(2, NUMBER, again.heating, false).await;
    assert_eq!(back.life.side.final_before, Some(ended.id));
    assert_eq!(again.now(&back).await.life.side.final_before, Some(ended.id), "and it is kept");
    assert_eq!(again.house.history(&back).await.pop().unwrap().action, "final_before");
    for (key, number, category) in [(3, NUMBER, again.water), (4, "13800000002", again.heating)] {
        let other = again.call(key, number, category, false).await;
        assert_eq!(other.life.side.final_before, None, "another matter, somebody else's");
    }
    again.house.clock.advance(TimeDelta::days(300));
    let late = again.call(5, NUMBER, again.heating, false).await;
    assert_eq!(late.life.side.final_before, None, "more than a year later");
}

#[tokio::test]
async fn a_category_or_place_that_is_not_there_is_told_by_its_field() {
    let again = Again::new().await;
    let ticket = again.call(1, NUMBER, again.heating, false).await;
    let nowhere = uuid::Uuid::from_u128(4711);
    let (unknown, place) = (CategoryId::from_uuid(nowhere), base::PlaceId::from_uuid(nowhere));
    for (category_id, place_id, wrong) in
        [(unknown, None, "category_id"), (again.water, Some(place), "place_id")]
    {
        let step = Step::because(Action::Recategorise { category_id, place_id }, "分类有误");
        let tried = again.house.workflow.act(&again.agent, ticket.id, ticket.version, &step).await;
        let Err(Error::NoSuch { field, .. }) = tried else { panic!("{tried:?}") };
        assert_eq!(field, wrong);
    }
    let right = Action::Recategorise { category_id: again.water, place_id: None };
    let after = again.house.act(&again.agent, &ticket, right).await;
    assert_eq!(after.request.category, Some(again.water));
}
