//! Search through the conductor.
use base::{Clock, TicketId};
use org::Role;
use ticket::{Box, Filter};

#[tokio::test]
async fn a_ticket_is_found_by_two_characters_and_by_words_run_together() {
    let house = crate::tests::House::new().await;
    let agent = house.person("agent", Role::Agent, None).await;
    let first = house.workflow.accept(&agent, crate::tests::intake(1)).await.unwrap().0;
    let mut other = crate::tests::intake(2);
    other.draft.title = "路灯不亮".to_owned();
    other.draft.address = "平东街道".to_owned();
    other.draft.content = "小区外的路灯不亮，与供热无关。".to_owned();
    let second = house.workflow.accept(&agent, other).await.unwrap().0;
    let found = async |text: &str| -> Vec<TicketId> {
        let all = Filter::new(&agent, Box::All, house.clock.now());
        let rows = house.workflow.list(&Filter { text, ..all }).await.unwrap();
        rows.iter().map(|row| row.id).collect()
    };
    assert_eq!(found("供热").await, [first.id, second.id], "in the title before in the content");
    assert_eq!(found("路灯").await, [second.id]);
    assert_eq!(found("阳光小区供热").await, [first.id]);
    assert_eq!(found(&second.number.to_string()).await, [second.id]);
    assert_eq!(found(&first.number.digits()).await, [first.id]);
    assert!(found("鸵鸟").await.is_empty());
    assert!(found("热").await.is_empty());
    assert!(ticket::is_searchable("供热") && !ticket::is_searchable("热"));
}
