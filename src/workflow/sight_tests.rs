//! The second lock: what row security shows whom, asked by hand as the application's own role.
use base::{Clock, Dice, SeededDice, SystemDice};
use org::testing::someone;
use org::unit::{self, NewUnit};
use org::{Level, Post, Role, Sight, UnitKind, sight};
use sqlx::{PgPool, Row};
use ticket::{Action, Filter, Kind};

use crate::tests::{House, intake};
use crate::*;

/// The ids that a hand-written query gives with someone's eyes.
async fn ids(db: &PgPool, eyes: Option<&Actor>, sql: &'static str) -> Vec<uuid::Uuid> {
    let rows = match eyes {
        None => sqlx::query(sql).fetch_all(db).await.unwrap(),
        Some(actor) => {
            let mut tx = sight::begin(db, &Sight::of(actor)).await.unwrap();
            sqlx::query(sql).fetch_all(&mut *tx).await.unwrap()
        }
    };
    let mut ids: Vec<uuid::Uuid> = rows.iter().map(|row| row.get(0)).collect();
    ids.sort_unstable();
    ids
}

struct Two {
    house: House,
    door: PgPool,
    clerk: Actor,
    other: Actor,
    agent: Actor,
    open: Ticket,
    sealed: Ticket,
}

/// Two tickets with the housing bureau, one of them sealed.
async fn two() -> Two {
    let house = House::new().await;
    let (housing, education) = (house.city.housing.clone(), house.city.education.clone());
    let agent = house.person("agent", Role::Agent, None).await;
    let dispatcher = house.person("dispatcher", Role::Dispatcher, None).await;
    let clerk = house.person("clerk", Role::Clerk, Some(&housing)).await;
    let other = house.person("other", Role::Clerk, Some(&education)).await;
    let mut tickets = Vec::new();
    for (key, secrecy) in [(1, false), (2, true)] {
        let mut form = intake(key);
        form.draft.secrecy = secrecy;
        form.draft.address = "阳光小区3号楼，联系 138 0000 0001".to_owned();
        if secrecy {
            form.draft.contact_name = "李桂兰".to_owned();
            form.draft.contact_number = "13900000002".to_owned();
            form.draft.title = "李桂兰反映供热不足".to_owned();
        }
        let ticket = house.workflow.accept(&agent, form).await.unwrap().0;
        let send = Action::Dispatch { unit_id: housing.unit, assisting: vec![] };
        let step = Step::because(send, "按规定办理");
        let after = house.workflow.act(&dispatcher, ticket.id, ticket.version, &step).await;
        tickets.push(after.unwrap());
    }
    let sealed = tickets.pop().unwrap();
    for (ticket, purpose) in [(&tickets[0], "request"), (&sealed, "request"), (&sealed, "evidence")]
    {
        let dice: &dyn Dice = &SystemDice;
        let id = new_id(house.clock.now(), dice);
        let sql = "insert into attachment (id, ticket_id, at, actor, purpose, name, type, bytes, sha256, sent_sha256, object)
            values ($1, $2, now(), 'x', $3, '照片.jpg', 'image/jpeg', 1, $4, $4, $1::text)";
        let insert = sqlx::query(sql).bind(id).bind(ticket.id.uuid()).bind(purpose);
        insert.bind(vec![0_u8; 32]).execute(&house.db).await.unwrap();
    }
    let door = db::door(&house.db);
    Two { door, clerk, other, agent, open: tickets.remove(0), sealed, house }
}

const TABLES: [&str; 8] = [
    "select id from attachment",
    "select id from ticket",
    "select ticket_id from handling_leg",
    "select ticket_id from timer",
    "select ticket_id from ticket_history",
    "select ticket_id from notice",
    "select id from person",
    "select person_id from person_number",
];

#[tokio::test]
async fn whoever_does_not_say_who_looks_sees_no_row_of_any_table() {
    let two = two().await;
    for sql in TABLES {
        assert!(ids(&two.door, None, sql).await.is_empty(), "{sql}");
        assert!(!ids(&two.house.db, None, sql).await.is_empty(), "{sql}: nothing to hide");
    }
}

#[tokio::test]
async fn another_units_ticket_is_invisible_to_a_query_written_by_hand() {
    let two = two().await;
    for sql in TABLES {
        assert!(ids(&two.door, Some(&two.other), sql).await.is_empty(), "{sql}");
    }
    let own = ids(&two.door, Some(&two.clerk), "select id from ticket").await;
    let mut both = vec![two.open.id.uuid(), two.sealed.id.uuid()];
    both.sort_unstable();
    assert_eq!(own, both);
    assert_eq!(ids(&two.door, Some(&two.agent), "select id from ticket").await, both);
}

#[tokio::test]
async fn a_unit_reads_no_message_to_a_citizen_and_no_sealed_record() {
    let two = two().await;
    let to_citizens = "select id from notice where person_id is not null";
    assert!(!ids(&two.door, Some(&two.agent), to_citizens).await.is_empty());
    assert!(ids(&two.door, Some(&two.clerk), to_citizens).await.is_empty());
    let persons = ids(&two.door, Some(&two.clerk), "select id from person").await;
    assert_eq!(persons, [two.open.request.person.unwrap().uuid()]);
    assert!(
        ids(&two.door, Some(&two.clerk), "select person_id from person_number").await.is_empty()
    );
}

#[tokio::test]
async fn a_unit_finds_no_file_that_the_citizen_of_a_sealed_ticket_sent() {
    let two = two().await;
    let of = "select ticket_id from attachment where purpose = 'request'";
    assert_eq!(ids(&two.door, Some(&two.clerk), of).await, [two.open.id.uuid()]);
    assert_eq!(ids(&two.door, Some(&two.agent), of).await.len(), 2);
    let evidence = "select ticket_id from attachment where purpose = 'evidence'";
    assert_eq!(ids(&two.door, Some(&two.clerk), evidence).await, [two.sealed.id.uuid()]);
}

#[tokio::test]
async fn no_one_writes_a_ticket_with_a_viewers_eyes() {
    let two = two().await;
    for actor in [&two.clerk, &two.agent] {
        let mut tx = sight::begin(&two.door, &Sight::of(actor)).await.unwrap();
        let sql = "update ticket set title = 'x' where id = $1";
        let done = sqlx::query(sql).bind(two.open.id.uuid()).execute(&mut *tx).await.unwrap();
        assert_eq!(done.rows_affected(), 0);
        let sql = "insert into rating (ticket_id, at, cycle, reached, words, not_true) values ($1, now(), 1, false, '', false)";
        let done = sqlx::query(sql).bind(two.open.id.uuid()).execute(&mut *tx).await;
        assert!(done.is_err());
        let mut tx = sight::begin(&two.door, &Sight::of(actor)).await.unwrap();
        let sql = "insert into attachment (id, ticket_id, at, actor, purpose, name, type, bytes, sha256, sent_sha256, object)
            values ($1, $1, now(), 'x', 'request', 'x', 'x', 1, ''::bytea, ''::bytea, 'x')";
        let done = sqlx::query(sql).bind(two.open.id.uuid()).execute(&mut *tx).await;
        let why = done.unwrap_err().to_string();
        assert!(why.contains("row-level security"), "{why}");
    }
}

#[tokio::test]
async fn the_eyes_end_with_the_transaction() {
    let two = two().await;
    let one = two.door.options().clone().max_connections(1);
    let one = one.connect_lazy_with((*two.door.connect_options()).clone());
    let mut tx = sight::begin(&one, &Sight::of(&two.agent)).await.unwrap();
    sight::as_system(&mut tx).await.unwrap();
    drop(tx);
    assert!(ids(&one, None, "select id from ticket").await.is_empty());
}

#[tokio::test]
async fn a_unit_takes_no_step_on_a_ticket_that_it_does_not_see() {
    let two = two().await;
    let step = Step::new(Action::Sign {});
    let tried = two.house.workflow.act(&two.other, two.open.id, two.open.version, &step).await;
    assert!(matches!(tried, Err(Error::NotFound)));
}

#[tokio::test]
async fn a_units_copy_of_a_sealed_ticket_tells_nothing_of_the_reporter() {
    let two = two().await;
    let reveal = two.house.workflow.reveal(&two.clerk, two.sealed.id, "需要联系").await;
    assert!(reveal.is_err());
    let (agent, house) = (&two.agent, &two.house);
    house.workflow.add(agent, two.sealed.id, "李桂兰说打１３９００００００２", None).await.unwrap();
    let page = house.workflow.page(&two.clerk, two.sealed.id).await.unwrap();
    let filter = Filter::new(&two.clerk, ticket::Box::All, house.clock.now());
    let rows = house.workflow.list(&filter).await.unwrap();
    let shown = format!("{:?} {:?} {:?} {rows:?}", page.ticket.request, page.events, page.notices);
    for secret in ["李桂兰", "13900000002", "１３９", "138 0000", "13800000001"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert_eq!(page.contact, None);
    let hotline = house.workflow.page(agent, two.sealed.id).await.unwrap();
    assert!(hotline.ticket.request.title.contains("李桂兰"));
}

#[tokio::test]
async fn a_search_by_a_sealed_reporters_name_finds_nothing_for_a_unit() {
    let two = two().await;
    let now = two.house.clock.now();
    for (actor, found) in [(&two.clerk, 0), (&two.agent, 1)] {
        let all = Filter::new(actor, ticket::Box::All, now);
        let rows = two.house.workflow.list(&Filter { text: "李桂兰", ..all }).await.unwrap();
        assert_eq!(rows.len(), found);
    }
}

/// Dice with a seed, for the shape of a city.
struct Lots(SeededDice);

impl Lots {
    fn below(&self, n: usize) -> usize {
        let dice: &dyn Dice = &self.0;
        usize::from(u16::from_le_bytes(dice.bytes())) % n
    }
}

/// For random unit trees, legs, complaints and seals: the rule, the list, the page and row security
/// name the same tickets for everyone.
#[tokio::test]
async fn rule_list_page_and_row_security_show_everyone_the_same_tickets() {
    for seed in 0..4 {
        let house = House::new().await;
        let lots = Lots(SeededDice::new(seed));
        let units = grow(&house, &lots).await;
        let agent = house.person("writer", Role::Agent, None).await;
        let mut matters = Vec::new();
        for key in 0..25 {
            matters.push(matter(&house, &lots, &units, &agent, key).await);
        }
        let door = db::door(&house.db);
        for n in 0..20 {
            let viewer = viewer(&house, &lots, &units, n).await;
            let mut by_rule = Vec::new();
            for (id, legs, against) in &matters {
                if org::reads(&viewer, legs, against) {
                    by_rule.push(id.uuid());
                }
            }
            by_rule.sort_unstable();
            let by_row = ids(&door, Some(&viewer), "select id from ticket").await;
            assert_eq!(by_row, by_rule, "seed {seed}: row security for {viewer:?}");
            let filter = Filter::new(&viewer, ticket::Box::All, house.clock.now());
            let rows = house.workflow.list(&Filter { most: 200, ..filter }).await.unwrap();
            let mut listed: Vec<_> = rows.iter().map(|row| row.id.uuid()).collect();
            listed.sort_unstable();
            assert_eq!(listed, by_rule, "seed {seed}: the list for {viewer:?}");
            for (id, ..) in &matters {
                let paged = house.workflow.page(&viewer, *id).await.is_ok();
                assert_eq!(paged, by_rule.contains(&id.uuid()), "seed {seed}: the page");
            }
        }
    }
}

async fn grow(house: &House, lots: &Lots) -> Vec<Post> {
    let mut units: Vec<Post> = vec![house.city.housing.clone(), house.city.hub.clone()];
    for n in 0..25 {
        let above = &units[lots.below(units.len())];
        let kinds = [UnitKind::Department, UnitKind::Hub, UnitKind::Street, UnitKind::Government];
        let levels = [Level::City, Level::County, Level::Township];
        let new = NewUnit {
            parent: Some(above.unit).filter(|_| above.path.len() < 20),
            name: format!("单位{n}"),
            level: levels[lots.below(3)],
            kind: kinds[lots.below(4)],
            demo: false,
        };
        let mut tx = house.db.begin().await.unwrap();
        let unit = unit::add(&mut tx, &new, &*house.clock, &SystemDice).await.unwrap();
        tx.commit().await.unwrap();
        units.push(unit.into());
    }
    units
}

type Matter = (base::TicketId, Vec<Post>, Vec<Post>);

async fn matter(house: &House, lots: &Lots, units: &[Post], agent: &Actor, key: u128) -> Matter {
    let mut form = intake(key);
    form.draft.secrecy = lots.below(3) == 0;
    form.draft.kind = if lots.below(4) == 0 { Kind::Report } else { Kind::Help };
    let ticket = house.workflow.accept(agent, form).await.unwrap().0;
    let some = |most| -> Vec<Post> {
        (0..lots.below(most)).map(|_| units[lots.below(units.len())].clone()).collect()
    };
    let (legs, against) = (some(4), if lots.below(2) == 0 { some(3) } else { vec![] });
    for (position, post) in legs.iter().enumerate() {
        let dice: &dyn Dice = &SystemDice;
        let id = base::LegId::new(house.clock.now(), dice.bytes());
        let sql = "insert into handling_leg (id, ticket_id, position, unit_id, lead, cycle, state, dispatched_at,
                auto_signed, return_asked, binding, due_at)
             values ($1, $2, $3, $4, true, 1, 'handling', now(), false, false, false, now())";
        let position = i16::try_from(position).unwrap();
        let insert = sqlx::query(sql).bind(id.uuid()).bind(ticket.id.uuid()).bind(position);
        insert.bind(post.unit.uuid()).execute(&house.db).await.unwrap();
    }
    let named: Vec<_> = against.iter().map(|post| post.unit.uuid()).collect();
    let update = sqlx::query("update ticket set against_units = $2 where id = $1");
    update.bind(ticket.id.uuid()).bind(named).execute(&house.db).await.unwrap();
    (ticket.id, legs, against)
}

async fn viewer(house: &House, lots: &Lots, units: &[Post], n: usize) -> Actor {
    let roles = [
        Role::Clerk,
        Role::Leader,
        Role::Hub,
        Role::Hub,
        Role::Clerk,
        Role::Dispatcher,
        Role::Administrator,
    ];
    let role = roles[lots.below(roles.len())];
    let post = &units[lots.below(units.len())];
    let post = if role.is_unit_side() || lots.below(2) == 0 { Some(post) } else { None };
    let name = format!("viewer{n}");
    someone(&name, &[role], post, &house.db, &*house.clock, &SystemDice).await.actor()
}
