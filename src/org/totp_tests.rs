//! The second factor.
use super::*;
use totp_rs::{Builder, Secret};

fn code(secret: &str, clock: &ManualClock) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).with_account_name("agent").build().unwrap();
    totp.generate(u64::try_from(clock.now().timestamp()).unwrap()).to_string()
}

async fn enrol(house: &House, password: &str) -> String {
    match house.attempt("agent", password, None, SecondFactor::Compulsory).await {
        Outcome::Enrol(enrolment) => enrolment.secret,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_first_sign_in_shows_a_secret_and_its_code_lets_in() {
    let house = house().await;
    let (_, password) = house.agent().await;
    let secret = enrol(&house, &password).await;
    assert_eq!(enrol(&house, &password).await, secret, "shown again until it is set up");
    let code = code(&secret, &house.clock);
    let outcome = house.attempt("agent", &password, Some(&code), SecondFactor::Compulsory).await;
    assert!(matches!(outcome, Outcome::SignedIn { .. }));
    let outcome = house.attempt("agent", &password, None, SecondFactor::Compulsory).await;
    assert!(matches!(outcome, Outcome::CodeRequired), "the secret is shown no more");
}

#[tokio::test]
async fn a_code_is_good_once() {
    let house = house().await;
    let (_, password) = house.agent().await;
    let secret = enrol(&house, &password).await;
    let code = code(&secret, &house.clock);
    house.attempt("agent", &password, Some(&code), SecondFactor::Compulsory).await;
    let again = house.attempt("agent", &password, Some(&code), SecondFactor::Compulsory).await;
    assert!(matches!(again, Outcome::WrongCode));
}

#[tokio::test]
async fn without_the_password_nothing_is_said_of_the_second_factor() {
    let house = house().await;
    house.agent().await;
    let outcome = house.attempt("agent", "wrong", None, SecondFactor::Compulsory).await;
    assert!(matches!(outcome, Outcome::Wrong));
}
