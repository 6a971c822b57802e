//! The demonstration's city and its accounts.
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
    catalogue: File { name: "catalogue.csv", text: include_str!("../../sip-config/catalogue.csv") },
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
    assert!(first.iter().zip(&again).all(|(a, b)| a.name == b.name && a.password != b.password));
    let old = house.attempt(&first[0].name, &first[0].password, None, SecondFactor::Off).await;
    assert!(matches!(old, Outcome::Wrong));
}

#[tokio::test]
async fn a_new_database_takes_over_the_accounts_of_the_file() {
    let (old, new) = (house().await, house().await);
    let known = lay(&old, None).await;
    assert_eq!(lay(&new, Some(known.clone())).await, known);
    let outcome = new.attempt(&known[0].name, &known[0].password, None, SecondFactor::Off).await;
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
    let entry = knowledge::search("供热", 20, &house.db, &*house.clock).await.unwrap().remove(0);
    let mut text = entry.text.clone();
    text.answer = "新的答复".to_owned();
    let new = knowledge::revise(&supervisor, entry.id, 1, text, &house.db, &*house.clock)
        .await
        .unwrap()
        .done()
        .unwrap();
    assert_eq!(new.version, 2);
    let mut db = house.db.acquire().await.unwrap();
    assert_eq!(knowledge::find(&mut db, entry.id, Some(1)).await.unwrap(), entry);
    assert_eq!(knowledge::find(&mut db, entry.id, None).await.unwrap(), new);
}
