//! With a million tickets: no list and no search of the console reads the whole table, as the
//! application's own role with row security on.
use base::{CategoryId, Clock, ManualClock, PlaceId, SystemDice, TicketId, UnitId};
use chrono::TimeDelta;
use org::testing::{City, city, someone};
use org::{Actor, Role, Sight, sight};
use sqlx::{AssertSqlSafe, Executor, PgPool, Row};
use ticket::{Box, Channel, Filter, Flag, Kind, Narrow, Sort, Stage, Urgency};

/// A million tickets of two years with a leg each, made by the owner: without triggers, and with the
/// indexes built afterwards, which is what takes the time else.
const ROWS: i64 = 1_000_000;

struct Full {
    door: PgPool,
    city: City,
    clock: ManualClock,
    staff: Actor,
    category: CategoryId,
    place: PlaceId,
}

async fn full() -> Full {
    let both = db::testing::databases().await;
    let clock = ManualClock::default();
    let city = city(&both.app, &clock, &SystemDice).await;
    let post = &city.hotline;
    let staff = someone("all", &[Role::Agent], Some(post), &both.app, &clock, &SystemDice).await;
    let staff = staff.actor();
    let mut owner = both.owner.acquire().await.unwrap();
    owner.execute("set session_replication_role = replica").await.unwrap();
    owner.execute("set maintenance_work_mem = '512MB'").await.unwrap();
    let indexes = owner
        .fetch_all(
            "select indexname::text, indexdef from pg_indexes left join pg_constraint on conname = indexname
             where tablename in ('ticket', 'handling_leg', 'ticket_history', 'ticket_search') and conname is null",
        )
        .await
        .unwrap();
    for row in &indexes {
        let drop = format!("drop index {}", row.get::<String, _>(0));
        owner.execute(AssertSqlSafe(drop)).await.unwrap();
    }
    let fill = include_str!("scan_tests.sql")
        .replace("ROWS", &ROWS.to_string())
        .replace("STAFF", &staff.staff.unwrap().to_string());
    owner.execute(AssertSqlSafe(fill)).await.unwrap();
    for row in &indexes {
        owner.execute(AssertSqlSafe(row.get::<String, _>(1))).await.unwrap();
    }
    for table in ["ticket", "handling_leg", "ticket_history", "ticket_search"] {
        owner.execute(AssertSqlSafe(format!("analyze {table}"))).await.unwrap();
    }
    let id = |sql| sqlx::query_scalar::<_, uuid::Uuid>(sql);
    let category = id("select id from category where code = '7'").fetch_one(&both.owner);
    let place = id("select id from place where name = '地点7'").fetch_one(&both.owner);
    Full {
        category: CategoryId::from_uuid(category.await.unwrap()),
        place: PlaceId::from_uuid(place.await.unwrap()),
        door: db::door(&both.app),
        city,
        clock,
        staff,
    }
}

impl Full {
    /// How often the table was scanned, and how many of its rows were fetched, by what `look` does.
    async fn scans(&self, viewer: &Actor, filter: &Filter<'_>, how: How) -> (i64, i64) {
        let mut tx = sight::begin(&self.door, &Sight::of(viewer)).await.unwrap();
        // what parallel workers read is not counted here
        tx.execute("set local max_parallel_workers_per_gather = 0").await.unwrap();
        match how {
            How::List => drop(ticket::list(&mut tx, filter).await.unwrap()),
            How::Count => drop(ticket::count(&mut tx, filter, 1000).await.unwrap()),
        }
        let row = tx
            .fetch_one(
                "select coalesce(max(seq_scan), 0), coalesce(max(idx_tup_fetch), 0)
                 from pg_stat_xact_user_tables where relname = 'ticket'",
            )
            .await
            .unwrap();
        (row.get(0), row.get(1))
    }

    fn with(&self, role: Role) -> Actor {
        let post = match role {
            Role::Hub => &self.city.hub,
            Role::Clerk | Role::Leader => &self.city.housing,
            _ => &self.city.hotline,
        };
        Actor { roles: [role].into(), post: Some(post.clone()), ..self.staff.clone() }
    }

    fn narrows(&self) -> Vec<(&'static str, Narrow)> {
        let now = self.clock.now();
        let none = Narrow::default;
        let flags = [Flag::Late, Flag::Returned, Flag::Urged, Flag::Sealed, Flag::Provisional];
        let mut all = vec![
            ("none", none()),
            ("state", Narrow { states: vec![Stage::InReview], ..none() }),
            ("ended", Narrow { states: vec![Stage::Closed], ..none() }),
            ("unit", Narrow { unit: Some(self.city.housing.unit), ..none() }),
            (
                "nobody's unit",
                Narrow { unit: Some(UnitId::from_uuid(uuid::Uuid::nil())), ..none() },
            ),
            ("kind", Narrow { kind: Some(Kind::Report), ..none() }),
            ("urgency", Narrow { urgency: Some(Urgency::Emergency), ..none() }),
            ("channel", Narrow { channel: Some(Channel::Web), ..none() }),
            ("category", Narrow { category: Some(self.category), ..none() }),
            ("place", Narrow { place: Some(self.place), ..none() }),
            ("from", Narrow { from: Some(now - TimeDelta::days(30)), ..none() }),
            ("to", Narrow { to: Some(now - TimeDelta::days(300)), ..none() }),
            ("due before", Narrow { due_before: Some(now + TimeDelta::days(2)), ..none() }),
        ];
        all.extend(flags.map(|flag| ("flag", Narrow { flags: vec![flag], ..none() })));
        all
    }
}

#[derive(Debug, Clone, Copy)]
enum How {
    List,
    Count,
}

#[tokio::test]
async fn no_list_and_no_search_of_the_console_reads_the_whole_table_of_a_million_tickets() {
    let full = full().await;
    let now = full.clock.now();
    let roles = [
        Role::Agent,
        Role::Dispatcher,
        Role::Reviewer,
        Role::FollowUp,
        Role::Supervisor,
        Role::Hub,
        Role::Clerk,
    ];
    let mut wrong = Vec::new();
    let mut most = (0, String::new());
    for role in roles {
        let viewer = full.with(role);
        for which in [Box::Todo, Box::Unit, Box::Mine, Box::All] {
            let all = Filter::new(&viewer, which, now);
            let mut looks = Vec::new();
            for (name, narrow) in full.narrows() {
                looks.push((name.to_owned(), Filter { narrow, ..all.clone() }));
            }
            for text in ["供热", "阳光小区供热", "鸵鸟", "SP20260302-0001-8"] {
                looks.push((format!("search {text}"), Filter { text, ..all.clone() }));
            }
            for order in [Sort::Due, Sort::Newest, Sort::Oldest] {
                looks.push((format!("{order:?}"), Filter { order: Some(order), ..all.clone() }));
            }
            for (name, filter) in looks {
                let (scans, fetched) = full.scans(&viewer, &filter, How::List).await;
                let what = format!("{role:?} {which:?} {name}: {scans} scans, {fetched} rows");
                if scans > 0 {
                    wrong.push(what.clone());
                }
                if fetched > most.0 {
                    most = (fetched, what);
                }
            }
            let (scans, fetched) = full.scans(&viewer, &all, How::Count).await;
            if scans > 0 {
                wrong.push(format!("{role:?} {which:?} count: {scans} scans, {fetched} rows"));
            }
        }
    }
    assert!(wrong.is_empty(), "read the whole table:\n{}", wrong.join("\n"));
    println_most(&most.1);
}

/// The dearest, for whoever runs it with `--no-capture`.
fn println_most(most: &str) {
    tracing::info!("the most rows for one page: {most}");
}

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
