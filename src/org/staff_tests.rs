//! How an administrator keeps people.
use super::*;

#[tokio::test]
async fn only_an_administrator_adds_people() {
    let house = house().await;
    let agent = house.someone("agent", &[Role::Agent], None).await;
    let new =
        NewStaff { name: "new".to_owned(), display_name: "新".to_owned(), ..NewStaff::default() };
    let refused = staff::add(&agent.actor(), &new, &house.db, &*house.clock, &*house.dice).await;
    assert!(matches!(refused, Err(Error::Denied(_))));
}

#[tokio::test]
async fn a_name_is_given_once() {
    let house = house().await;
    house.agent().await;
    let admin = house.someone("admin", &[Role::Administrator], None).await;
    let new =
        NewStaff {
            name: "agent".to_owned(), display_name: "另".to_owned(), ..NewStaff::default()
        };
    let refused = staff::add(&admin.actor(), &new, &house.db, &*house.clock, &*house.dice).await;
    assert!(matches!(refused, Err(Error::Taken(text)) if text.contains("登录名")));
}

#[tokio::test]
async fn a_clerk_needs_a_unit() {
    let house = house().await;
    let admin = house.someone("admin", &[Role::Administrator], None).await;
    let new = NewStaff {
        name: "clerk".to_owned(),
        display_name: "经办".to_owned(),
        roles: [Role::Clerk].into(),
        ..NewStaff::default()
    };
    let refused = staff::add(&admin.actor(), &new, &house.db, &*house.clock, &*house.dice).await;
    assert!(matches!(refused, Err(Error::Invalid(text)) if text.contains("单位")));
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let house = house().await;
    let admin = house.someone("admin", &[Role::Administrator], None).await;
    let change = Change { disabled: Some(true), ..Change::default() };
    let refused =
        staff::change(&admin.actor(), admin.id, admin.version, &change, &house.db, &*house.clock)
            .await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn people_are_found_by_part_of_a_name_or_unit() {
    let house = house().await;
    let city = house.city().await;
    let admin = house.someone("admin", &[Role::Administrator], None).await;
    house.someone("clerk", &[Role::Clerk], Some(&city.housing)).await;
    let found = |text: &'static str| {
        let (house, actor) = (&house, admin.actor());
        async move {
            let found = staff::page(&actor, text, None, 500, &house.db).await.unwrap();
            found.into_iter().map(|staff| staff.name).collect::<Vec<_>>()
        }
    };
    assert_eq!(found("住房").await, ["clerk"]);
    assert_eq!(found("cler").await, ["clerk"]);
    assert_eq!(found("%").await, Vec::<String>::new());
    assert_eq!(found("").await.len(), 2);
}

#[tokio::test]
async fn each_change_of_a_person_is_in_the_audit() {
    let house = house().await;
    let (agent, _) = house.agent().await;
    let admin = house.someone("admin", &[Role::Administrator], None).await;
    staff::reset_password(&admin.actor(), agent.id, &house.db, &*house.clock, &*house.dice)
        .await
        .unwrap();
    let id = agent.id.to_string();
    let lines =
        audit::read(&admin.actor(), Some(("staff", &id)), None, 200, &house.db).await.unwrap();
    let acts: Vec<_> = lines.iter().map(|line| line.what.as_str()).collect();
    assert_eq!(acts, ["password_reset", "staff_added"]);
}
