//! The citizens' sealed records.
use super::*;

#[tokio::test]
async fn a_number_finds_the_same_person_however_it_is_written() {
    let house = house().await;
    let persons = house.persons();
    let mut db = house.db.acquire().await.unwrap();
    let first = persons.find_or_add(&mut db, &number("13800000001"), Some("李桂兰")).await.unwrap();
    let again = persons.find_or_add(&mut db, &number("+8613800000001"), None).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(persons.by_number(&mut db, &number("138 0000 0001")).await.unwrap(), [first]);
}

#[tokio::test]
async fn two_names_on_one_telephone_are_two_people() {
    let house = house().await;
    let persons = house.persons();
    let mut db = house.db.acquire().await.unwrap();
    let wife = persons.find_or_add(&mut db, &number("04343600001"), Some("李桂兰")).await.unwrap();
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
    let named = persons.find_or_add(&mut db, &number("13800000001"), Some("李桂兰")).await.unwrap();
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
        for secret in ["13800000001", &hex::encode("13800000001"), "李桂兰", &hex::encode("李桂兰")]
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
    let one = persons.find_or_add(&mut db, &number("13800000001"), Some("李桂兰")).await.unwrap();
    let two = persons.find_or_add(&mut db, &number("13800000002"), Some("王建国")).await.unwrap();
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
    let id = persons.find_or_add(&mut db, &number("13800000001"), Some("李桂兰")).await.unwrap();
    let none = persons.reveal(id, &agent, Thing::City, " ", &house.db).await;
    assert!(matches!(none, Err(Error::Invalid(_))));
    let seen = persons.reveal(id, &agent, Thing::City, "核实地址", &house.db).await.unwrap();
    assert_eq!(seen.name.as_deref(), Some("李桂兰"));
    let id = id.to_string();
    let lines =
        audit::read(&admin.actor(), Some(("person", &id)), None, 200, &house.db).await.unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].actor.as_str(), lines[0].reason.as_deref()), ("agent", Some("核实地址")));
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
