//! With a database: as the application's role, each test in one of its own.
#[path = "demo_tests.rs"]
mod demo_tests;
#[path = "files_tests.rs"]
mod files_tests;
#[path = "login_tests.rs"]
mod login_tests;
#[path = "person_tests.rs"]
mod person_tests;
#[path = "range_tests.rs"]
mod range_tests;
#[path = "staff_tests.rs"]
mod staff_tests;
#[path = "totp_tests.rs"]
mod totp_tests;

use std::sync::Arc;

use base::{Clock, ManualClock, PhoneNumber, SeededDice};
use chrono::TimeDelta;
use sqlx::{PgPool, Postgres, QueryBuilder, Row};

use crate::login::{Attempt, Outcome, SecondFactor, Token};
use crate::staff::{Change, NewStaff};
use crate::testing::{City, city, sign_in, someone};
use crate::*;

/// A database, a clock that stands still, and dice with a seed.
struct House {
    db: PgPool,
    clock: Arc<ManualClock>,
    dice: Arc<SeededDice>,
    keys: Arc<Keys>,
}

async fn house() -> House {
    let dice = Arc::new(SeededDice::new(12345));
    let keys = Arc::new(Keys::random(&*dice));
    House { db: db::testing::database().await, clock: Arc::default(), dice, keys }
}

impl House {
    fn persons(&self) -> Persons {
        Persons::new(self.keys.clone(), self.clock.clone(), self.dice.clone())
    }
    async fn city(&self) -> City {
        city(&self.db, &*self.clock, &*self.dice).await
    }
    async fn someone(&self, name: &str, roles: &[Role], post: Option<&Post>) -> Staff {
        someone(name, roles, post, &self.db, &*self.clock, &*self.dice).await
    }
    async fn sign_in(&self, staff: &Staff) -> Token {
        sign_in(staff, &self.db, &*self.clock, &*self.dice).await
    }
    async fn attempt(
        &self,
        name: &str,
        password: &str,
        code: Option<&str>,
        second: SecondFactor,
    ) -> Outcome {
        let attempt = Attempt {
            name: name.to_owned(),
            password: password.to_owned(),
            code: code.map(str::to_owned),
            address: "192.0.2.1".to_owned(),
        };
        login::start(attempt, second, &self.keys, &self.db, &*self.clock, &*self.dice)
            .await
            .unwrap()
    }
    /// An agent with a password.
    async fn agent(&self) -> (Staff, String) {
        let admin = self.someone("root", &[Role::Administrator], None).await;
        let new = NewStaff {
            name: "agent".to_owned(),
            display_name: "王晓梅".to_owned(),
            roles: [Role::Agent].into(),
            ..NewStaff::default()
        };
        staff::add(&admin.actor(), &new, &self.db, &*self.clock, &*self.dice).await.unwrap()
    }
}

fn number(text: &str) -> PhoneNumber {
    text.parse().unwrap()
}

mod units {
    use super::*;
    use crate::unit::NewUnit;

    #[tokio::test]
    async fn a_unit_of_the_same_name_and_parent_is_the_same_unit() {
        let house = house().await;
        let city = house.city().await;
        let parent = unit::all(&house.db).await.unwrap()[0].id;
        let new = NewUnit {
            parent: Some(parent),
            name: city.housing.name.clone(),
            level: Level::City,
            kind: UnitKind::Department,
            demo: false,
        };
        let mut db = house.db.acquire().await.unwrap();
        let again = unit::add(&mut db, &new, &*house.clock, &*house.dice).await.unwrap();
        assert_eq!(again.id, city.housing.unit);
    }
}

mod history {
    use super::*;

    #[tokio::test]
    async fn the_application_may_not_change_the_audit_or_a_version_of_knowledge() {
        let house = house().await;
        for refused in [
            "delete from audit_event",
            "update audit_event set reason = 'x'",
            "update knowledge_version set answer = 'x'",
            "delete from knowledge_version",
            "delete from person",
            "truncate audit_event",
        ] {
            let error = sqlx::query(refused).execute(&house.db).await.unwrap_err();
            assert!(error.to_string().contains("permission denied"), "{refused}: {error}");
        }
    }
}
