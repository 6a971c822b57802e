//! Signing in, and what ends it.
use super::*;

#[tokio::test]
async fn the_right_password_opens_a_sign_in_that_finds_the_person() {
    let house = house().await;
    let (agent, password) = house.agent().await;
    let Outcome::SignedIn { token, staff } =
        house.attempt("agent", &password, None, SecondFactor::Off).await
    else {
        panic!("refused")
    };
    assert_eq!(*staff, agent);
    let found = login::find(&token, &house.db, house.clock.now()).await.unwrap();
    assert_eq!(found, Some(agent));
}

#[tokio::test]
async fn a_wrong_password_an_unknown_name_and_a_disabled_person_get_one_answer() {
    let house = house().await;
    let (agent, password) = house.agent().await;
    assert!(matches!(
        house.attempt("agent", "wrong", None, SecondFactor::Off).await,
        Outcome::Wrong
    ));
    assert!(matches!(
        house.attempt("nobody", &password, None, SecondFactor::Off).await,
        Outcome::Wrong
    ));
    let admin = house.someone("admin", &[Role::Administrator], None).await;
    let change = Change { disabled: Some(true), ..Change::default() };
    staff::change(&admin.actor(), agent.id, agent.version, &change, &house.db, &*house.clock)
        .await
        .unwrap()
        .done()
        .unwrap();
    assert!(matches!(
        house.attempt("agent", &password, None, SecondFactor::Off).await,
        Outcome::Wrong
    ));
}

#[tokio::test]
async fn twelve_idle_hours_end_a_sign_in() {
    let house = house().await;
    let agent = house.someone("agent", &[Role::Agent], None).await;
    let token = house.sign_in(&agent).await;
    house.clock.advance(TimeDelta::hours(12) - TimeDelta::seconds(1));
    assert!(login::find(&token, &house.db, house.clock.now()).await.unwrap().is_some());
    house.clock.advance(TimeDelta::hours(12));
    assert!(login::find(&token, &house.db, house.clock.now()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_day_ends_a_sign_in_however_busy() {
    let house = house().await;
    let agent = house.someone("agent", &[Role::Agent], None).await;
    let token = house.sign_in(&agent).await;
    for _ in 0..23 {
        house.clock.advance(TimeDelta::hours(1));
        assert!(login::find(&token, &house.db, house.clock.now()).await.unwrap().is_some());
    }
    house.clock.advance(TimeDelta::hours(1));
    assert!(login::find(&token, &house.db, house.clock.now()).await.unwrap().is_none());
}

#[tokio::test]
async fn the_token_itself_is_not_in_the_database() {
    let house = house().await;
    let agent = house.someone("agent", &[Role::Agent], None).await;
    let token = house.sign_in(&agent).await;
    let row = sqlx::query("select token_hash from login").fetch_one(&house.db).await.unwrap();
    assert_ne!(hex::encode(row.get::<Vec<u8>, _>(0)), token.reveal());
}

#[tokio::test]
async fn losing_a_role_ends_all_sign_ins() {
    let house = house().await;
    let admin = house.someone("admin", &[Role::Administrator], None).await;
    let both = house.someone("both", &[Role::Agent, Role::Reviewer], None).await;
    let token = house.sign_in(&both).await;
    let change = Change { roles: Some([Role::Agent].into()), ..Change::default() };
    staff::change(&admin.actor(), both.id, both.version, &change, &house.db, &*house.clock)
        .await
        .unwrap()
        .done()
        .unwrap();
    assert!(login::find(&token, &house.db, house.clock.now()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_new_password_of_ones_own_ends_the_other_sign_ins_only() {
    let house = house().await;
    let (agent, password) = house.agent().await;
    let (here, there) = (house.sign_in(&agent).await, house.sign_in(&agent).await);
    let change = |old: &str| {
        let old = old.to_owned();
        let (house, agent, here) = (&house, &agent, &here);
        async move {
            staff::change_own_password(
                agent,
                old,
                "a longer password",
                here,
                &house.db,
                &*house.clock,
                &*house.dice,
            )
            .await
            .unwrap()
        }
    };
    assert!(!change("wrong").await);
    assert!(change(&password).await);
    assert!(login::find(&here, &house.db, house.clock.now()).await.unwrap().is_some());
    assert!(login::find(&there, &house.db, house.clock.now()).await.unwrap().is_none());
}

#[tokio::test]
async fn an_invitation_sets_the_first_password_once() {
    let house = house().await;
    let new = NewStaff {
        name: "first".to_owned(),
        display_name: "管理员".to_owned(),
        roles: [Role::Administrator].into(),
        ..NewStaff::default()
    };
    let (_, token) = staff::invite(&new, &house.db, &*house.clock, &*house.dice).await.unwrap();
    let token = Token::received(&token);
    let accept = |password: &'static str| {
        login::accept_invitation(&token, password, &house.db, &*house.clock, &*house.dice)
    };
    assert!(matches!(accept("short").await, Err(Error::Invalid(_))));
    accept("long enough to keep").await.unwrap();
    assert!(matches!(accept("long enough to keep").await, Err(Error::NotFound(_))));
    let signed_in = house.attempt("first", "long enough to keep", None, SecondFactor::Off).await;
    assert!(matches!(signed_in, Outcome::SignedIn { .. }));
}
