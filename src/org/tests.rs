//! With a database: as the application's role, each test in one of its own.
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

mod signing_in {
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
        staff::change(&admin.actor(), agent.id, &change, &house.db, &*house.clock).await.unwrap();
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
        staff::change(&admin.actor(), both.id, &change, &house.db, &*house.clock).await.unwrap();
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
        let signed_in =
            house.attempt("first", "long enough to keep", None, SecondFactor::Off).await;
        assert!(matches!(signed_in, Outcome::SignedIn { .. }));
    }
}

mod second_factor {
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
        let outcome =
            house.attempt("agent", &password, Some(&code), SecondFactor::Compulsory).await;
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
}

mod people {
    use super::*;

    #[tokio::test]
    async fn only_an_administrator_adds_people() {
        let house = house().await;
        let agent = house.someone("agent", &[Role::Agent], None).await;
        let new = NewStaff {
            name: "new".to_owned(),
            display_name: "新".to_owned(),
            ..NewStaff::default()
        };
        let refused =
            staff::add(&agent.actor(), &new, &house.db, &*house.clock, &*house.dice).await;
        assert!(matches!(refused, Err(Error::Denied(_))));
    }

    #[tokio::test]
    async fn a_name_is_given_once() {
        let house = house().await;
        house.agent().await;
        let admin = house.someone("admin", &[Role::Administrator], None).await;
        let new = NewStaff {
            name: "agent".to_owned(),
            display_name: "另".to_owned(),
            ..NewStaff::default()
        };
        let refused =
            staff::add(&admin.actor(), &new, &house.db, &*house.clock, &*house.dice).await;
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
        let refused =
            staff::add(&admin.actor(), &new, &house.db, &*house.clock, &*house.dice).await;
        assert!(matches!(refused, Err(Error::Invalid(text)) if text.contains("单位")));
    }

    #[tokio::test]
    async fn the_last_administrator_stays() {
        let house = house().await;
        let admin = house.someone("admin", &[Role::Administrator], None).await;
        let change = Change { disabled: Some(true), ..Change::default() };
        let refused =
            staff::change(&admin.actor(), admin.id, &change, &house.db, &*house.clock).await;
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
                let found = staff::search(&actor, text, &house.db).await.unwrap();
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
        let lines = audit::read(&admin.actor(), Some(("staff", &id)), &house.db).await.unwrap();
        let acts: Vec<_> = lines.iter().map(|line| line.what.as_str()).collect();
        assert_eq!(acts, ["password_reset", "staff_added"]);
    }
}

mod ranges {
    use super::*;
    use base::UnitId;

    /// The units of the database that a list with this range shows.
    async fn listed(range: &Range, db: &PgPool) -> Vec<UnitId> {
        let mut query = QueryBuilder::<Postgres>::new("select unit.id from unit where ");
        range.push(&mut query, "unit.id");
        query.push(" order by unit.path");
        query.build_query_scalar().fetch_all(db).await.unwrap()
    }

    #[tokio::test]
    async fn a_list_shows_exactly_what_the_test_of_one_thing_allows() {
        let house = house().await;
        let city = house.city().await;
        // A sibling whose path has the county's as a prefix of its text must not slip in.
        let units = unit::all(&house.db).await.unwrap();
        let mut ranges = vec![Range::City, Range::Nothing, Range::below("00"), Range::below("001")];
        for post in [&city.hub, &city.other_hub, &city.street, &city.housing] {
            for role in [Role::Hub, Role::Clerk, Role::Leader, Role::Agent] {
                let actor =
                    Actor { roles: [role].into(), post: Some(post.clone()), ..Actor::citizen() };
                ranges.push(actor.range());
            }
        }
        ranges.extend(units.iter().map(|unit| Range::below(&unit.path)));
        ranges.extend(units.iter().map(|unit| Range::Unit(unit.id)));
        for range in ranges {
            let allowed: Vec<_> = units
                .iter()
                .filter(|unit| range.covers([&Post::from((*unit).clone())]))
                .map(|unit| unit.id)
                .collect();
            assert_eq!(listed(&range, &house.db).await, allowed, "{range:?}");
        }
    }
}

mod persons {
    use super::*;

    #[tokio::test]
    async fn a_number_finds_the_same_person_however_it_is_written() {
        let house = house().await;
        let persons = house.persons();
        let mut db = house.db.acquire().await.unwrap();
        let first =
            persons.find_or_add(&mut db, &number("13800000001"), Some("李桂兰")).await.unwrap();
        let again = persons.find_or_add(&mut db, &number("+8613800000001"), None).await.unwrap();
        assert_eq!(first, again);
        assert_eq!(persons.by_number(&mut db, &number("138 0000 0001")).await.unwrap(), [first]);
    }

    #[tokio::test]
    async fn two_names_on_one_telephone_are_two_people() {
        let house = house().await;
        let persons = house.persons();
        let mut db = house.db.acquire().await.unwrap();
        let wife =
            persons.find_or_add(&mut db, &number("04343600001"), Some("李桂兰")).await.unwrap();
        let husband =
            persons.find_or_add(&mut db, &number("04343600001"), Some("王建国")).await.unwrap();
        assert_ne!(wife, husband);
        assert_eq!(persons.by_number(&mut db, &number("04343600001")).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_caller_without_a_name_gets_it_with_the_ticket() {
        let house = house().await;
        let persons = house.persons();
        let mut db = house.db.acquire().await.unwrap();
        let caller = persons.find_or_add(&mut db, &number("13800000001"), None).await.unwrap();
        let named =
            persons.find_or_add(&mut db, &number("13800000001"), Some("李桂兰")).await.unwrap();
        assert_eq!(caller, named);
        let masked = persons.masked(&mut db, caller).await.unwrap();
        assert_eq!(masked.name_masked.as_deref(), Some("李**"));
        assert_eq!(masked.number_masked.as_deref(), Some("138****0001"));
    }

    #[tokio::test]
    async fn no_name_or_number_stands_in_the_database() {
        let house = house().await;
        let mut db = house.db.acquire().await.unwrap();
        house.persons().find_or_add(&mut db, &number("13800000001"), Some("李桂兰")).await.unwrap();
        for table in ["person", "person_number"] {
            let text = format!("select coalesce(string_agg(t::text, ' '), '') from {table} t");
            let row = sqlx::query(sqlx::AssertSqlSafe(text)).fetch_one(&mut *db).await.unwrap();
            let all: String = row.get(0);
            for secret in
                ["13800000001", &hex::encode("13800000001"), "李桂兰", &hex::encode("李桂兰")]
            {
                assert!(!all.contains(secret), "{table} holds {secret}");
            }
        }
    }

    #[tokio::test]
    async fn a_record_copied_to_another_person_does_not_open() {
        let house = house().await;
        let persons = house.persons();
        let mut db = house.db.acquire().await.unwrap();
        let one =
            persons.find_or_add(&mut db, &number("13800000001"), Some("李桂兰")).await.unwrap();
        let two =
            persons.find_or_add(&mut db, &number("13800000002"), Some("王建国")).await.unwrap();
        sqlx::query(
            "update person set sealed = (select sealed from person where id = $1) where id = $2",
        )
        .bind(one)
        .bind(two)
        .execute(&mut *db)
        .await
        .unwrap();
        assert!(matches!(persons.identity(&mut db, two).await, Err(Error::Sealed(_))));
    }

    #[tokio::test]
    async fn revealing_needs_a_reason_and_leaves_a_line() {
        let house = house().await;
        let persons = house.persons();
        let admin = house.someone("admin", &[Role::Administrator], None).await;
        let agent = house.someone("agent", &[Role::Agent], None).await.actor();
        let mut db = house.db.acquire().await.unwrap();
        let id =
            persons.find_or_add(&mut db, &number("13800000001"), Some("李桂兰")).await.unwrap();
        let none = persons.reveal(id, &agent, Thing::City, " ", &house.db).await;
        assert!(matches!(none, Err(Error::Invalid(_))));
        let seen = persons.reveal(id, &agent, Thing::City, "核实地址", &house.db).await.unwrap();
        assert_eq!(seen.name.as_deref(), Some("李桂兰"));
        let id = id.to_string();
        let lines = audit::read(&admin.actor(), Some(("person", &id)), &house.db).await.unwrap();
        assert_eq!(lines.len(), 1);
        assert_eq!(
            (lines[0].actor.as_str(), lines[0].reason.as_deref()),
            ("agent", Some("核实地址"))
        );
    }

    #[tokio::test]
    async fn a_unit_without_a_part_in_the_matter_learns_nothing() {
        let house = house().await;
        let city = house.city().await;
        let persons = house.persons();
        let clerk = house.someone("clerk", &[Role::Clerk], Some(&city.housing)).await.actor();
        let mut db = house.db.acquire().await.unwrap();
        let id = persons.find_or_add(&mut db, &number("13800000001"), None).await.unwrap();
        let refused =
            persons.reveal(id, &clerk, Thing::Units(&[city.education]), "想看看", &house.db).await;
        assert!(matches!(refused, Err(Error::Denied(_))));
        persons
            .reveal(id, &clerk, Thing::Units(&[city.housing]), "联系诉求人", &house.db)
            .await
            .unwrap();
    }
}

mod files {
    use super::*;

    #[tokio::test]
    async fn a_place_without_its_parent_above_is_named_by_line_and_nothing_of_the_file_is_kept() {
        let house = house().await;
        let text = "name,kind,parent,aliases,source\n铁西区,区,四平市,,public\n阳光小区,小区,仁兴街道,,demo\n";
        let mut tx = house.db.begin().await.unwrap();
        let refused = place::import(
            &mut tx,
            "gazetteer.csv",
            text.as_bytes(),
            false,
            &*house.clock,
            &*house.dice,
        )
        .await;
        assert_eq!(
            refused.unwrap_err().to_string(),
            "gazetteer.csv:3: parent: there is no place \"仁兴街道\" above"
        );
        tx.rollback().await.unwrap();
        assert!(place::search("", &house.db).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_place_of_the_same_name_elsewhere_is_another_place() {
        let house = house().await;
        let text = "name,kind,parent,aliases,source\n铁西区,区,四平市,,p\n花园小区,小区,铁西区,,p\n\
            铁东区,区,四平市,,p\n花园小区,小区,铁东区,,p\n";
        let mut db = house.db.acquire().await.unwrap();
        for new in [4, 0] {
            let count = place::import(
                &mut db,
                "g.csv",
                text.as_bytes(),
                false,
                &*house.clock,
                &*house.dice,
            )
            .await;
            assert_eq!(count.unwrap(), new);
        }
        let found = place::search("花园", &house.db).await.unwrap();
        let paths: Vec<_> = found.iter().map(|place| place.path.as_str()).collect();
        assert_eq!(paths, ["铁东区 花园小区", "铁西区 花园小区"]);
    }

    #[tokio::test]
    async fn a_category_below_one_that_is_not_there_is_named_by_line() {
        let house = house().await;
        let text = "code,name,parent,unit\n10,公用事业,,\n1101,物业,11,\n";
        let mut db = house.db.acquire().await.unwrap();
        let refused = category::import(
            &mut db,
            "categories.csv",
            text.as_bytes(),
            false,
            &*house.clock,
            &*house.dice,
        )
        .await;
        assert_eq!(
            refused.unwrap_err().to_string(),
            "categories.csv:3: parent: there is no category \"11\" above"
        );
    }
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

mod demonstration {
    use super::*;
    use crate::demo::{File, Files};

    const FILES: Files<'static> = Files {
        units: File { name: "units.csv", text: include_str!("../../sip-config/demo/units.csv") },
        people: File { name: "people.csv", text: include_str!("../../sip-config/demo/people.csv") },
        gazetteer: File {
            name: "gazetteer.csv",
            text: include_str!("../../sip-config/demo/gazetteer.csv"),
        },
        categories: File {
            name: "categories.csv",
            text: include_str!("../../sip-config/categories.csv"),
        },
        catalogue: File {
            name: "catalogue.csv",
            text: include_str!("../../sip-config/catalogue.csv"),
        },
        knowledge: File {
            name: "knowledge.toml",
            text: include_str!("../../sip-config/demo/knowledge.toml"),
        },
    };

    async fn lay(house: &House, known: Option<Vec<demo::DemoAccount>>) -> Vec<demo::DemoAccount> {
        demo::lay(&FILES, known, &house.db, &*house.clock, &*house.dice).await.unwrap()
    }

    #[tokio::test]
    async fn every_role_has_an_account_that_can_sign_in() {
        let house = house().await;
        let accounts = lay(&house, None).await;
        for role in Role::ALL {
            assert!(accounts.iter().any(|account| account.role == role.as_str()), "{role:?}");
        }
        for account in &accounts {
            let outcome =
                house.attempt(&account.name, &account.password, None, SecondFactor::Off).await;
            assert!(matches!(outcome, Outcome::SignedIn { .. }), "{}", account.name);
        }
    }

    #[tokio::test]
    async fn a_second_start_changes_nothing_while_the_accounts_are_known() {
        let house = house().await;
        let first = lay(&house, None).await;
        let units = unit::all(&house.db).await.unwrap();
        let again = lay(&house, Some(first.clone())).await;
        assert_eq!(first, again);
        assert_eq!(unit::all(&house.db).await.unwrap(), units);
    }

    #[tokio::test]
    async fn with_the_accounts_lost_all_passwords_are_new() {
        let house = house().await;
        let first = lay(&house, None).await;
        let again = lay(&house, None).await;
        assert!(
            first.iter().zip(&again).all(|(a, b)| a.name == b.name && a.password != b.password)
        );
        let old = house.attempt(&first[0].name, &first[0].password, None, SecondFactor::Off).await;
        assert!(matches!(old, Outcome::Wrong));
    }

    #[tokio::test]
    async fn a_new_database_takes_over_the_accounts_of_the_file() {
        let (old, new) = (house().await, house().await);
        let known = lay(&old, None).await;
        assert_eq!(lay(&new, Some(known.clone())).await, known);
        let outcome =
            new.attempt(&known[0].name, &known[0].password, None, SecondFactor::Off).await;
        assert!(matches!(outcome, Outcome::SignedIn { .. }));
    }

    #[tokio::test]
    async fn accounts_of_another_database_are_replaced() {
        let (one, other) = (house().await, house().await);
        lay(&one, None).await;
        let mut foreign = lay(&other, None).await;
        for account in &mut foreign {
            account.password.push('x');
        }
        let laid = lay(&one, Some(foreign.clone())).await;
        assert!(laid.iter().zip(&foreign).all(|(laid, foreign)| laid.password != foreign.password));
    }

    #[tokio::test]
    async fn a_password_that_its_owner_changed_survives_the_next_start() {
        let house = house().await;
        let known = lay(&house, None).await;
        let agent = staff::with_role(&house.db, Role::Agent).await.unwrap();
        let agent = agent.into_iter().find(|staff| staff.name == "agent").unwrap();
        let here = house.sign_in(&agent).await;
        let old = known.iter().find(|account| account.name == "agent").unwrap().password.clone();
        let change = staff::change_own_password(
            &agent,
            old,
            "a longer password",
            &here,
            &house.db,
            &*house.clock,
            &*house.dice,
        );
        assert!(change.await.unwrap());
        lay(&house, Some(known)).await;
        let outcome = house.attempt("agent", "a longer password", None, SecondFactor::Off).await;
        assert!(matches!(outcome, Outcome::SignedIn { .. }));
    }

    #[tokio::test]
    async fn it_goes_as_one() {
        let house = house().await;
        lay(&house, None).await;
        house.persons();
        demo::remove(&mut house.db.acquire().await.unwrap()).await.unwrap();
        for table in
            ["unit", "staff", "staff_role", "place", "category", "knowledge", "knowledge_version"]
        {
            let text = format!("select count(*) from {table}");
            let row = sqlx::query(sqlx::AssertSqlSafe(text)).fetch_one(&house.db).await.unwrap();
            assert_eq!(row.get::<i64, _>(0), 0, "{table}");
        }
    }

    #[tokio::test]
    async fn a_community_is_found_by_part_of_its_name_with_the_way_to_it() {
        let house = house().await;
        lay(&house, None).await;
        let found = place::search("阳光", &house.db).await.unwrap();
        assert_eq!(found[0].path, "铁西区 仁兴街道 阳光小区");
        let narrowed = place::search("铁东 花园", &house.db).await.unwrap();
        assert_eq!(narrowed[0].name, "铁东花园");
        assert!(place::search("没有这个地方", &house.db).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn every_department_of_a_hotline_is_a_unit() {
        let house = house().await;
        lay(&house, None).await;
        let units = unit::all(&house.db).await.unwrap();
        let categories = category::all(&house.db).await.unwrap();
        assert!(categories.len() >= 60, "{} categories", categories.len());
        let leaves = categories.iter().filter(|category| category.parent.is_some());
        let without: Vec<_> =
            leaves.filter(|category| category.unit.is_none()).map(|c| &c.path).collect();
        assert!(without.is_empty(), "no unit of this name for {without:?}");
        assert!(units.iter().filter(|unit| unit.kind == UnitKind::Hub).count() == 5);
    }

    #[tokio::test]
    async fn knowledge_is_found_while_typing() {
        let house = house().await;
        lay(&house, None).await;
        for (typed, title) in [
            ("家里暖气不热", "供热"),
            ("路灯不亮", "路灯"),
            ("拖欠工资", "欠薪"),
            ("社保卡", "社会保障卡"),
            ("结婚登记几点上班", "婚姻登记"),
        ] {
            let found = knowledge::search(typed, 20, &house.db, &*house.clock).await.unwrap();
            let first = found.first().map(|entry| entry.text.title.as_str()).unwrap_or_default();
            assert!(first.contains(title), "{typed}: {first}");
        }
    }

    #[tokio::test]
    async fn a_revised_entry_keeps_its_old_version() {
        let house = house().await;
        lay(&house, None).await;
        let supervisor = house.someone("lead", &[Role::Supervisor], None).await.actor();
        let entry =
            knowledge::search("供热", 20, &house.db, &*house.clock).await.unwrap().remove(0);
        let mut text = entry.text.clone();
        text.answer = "新的答复".to_owned();
        let new =
            knowledge::revise(&supervisor, entry.id, text, &house.db, &*house.clock).await.unwrap();
        assert_eq!(new.version, 2);
        let mut db = house.db.acquire().await.unwrap();
        assert_eq!(knowledge::find(&mut db, entry.id, Some(1)).await.unwrap(), entry);
        assert_eq!(knowledge::find(&mut db, entry.id, None).await.unwrap(), new);
    }
}
