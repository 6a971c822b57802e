//! Fills a database with tickets as a city has them after years: `bench-past SOCKETS KEYS COUNT`.
//!
//! The demonstration's past was lived by the real state machine. Each of its tickets is copied many
//! times, whole, with its legs, limits, history and messages: moved by whole weeks, so that a Monday
//! stays a Monday, to a citizen of its own, with another house number. The ids are made anew and the
//! chain of hashes is computed anew, so that `lianxin doctor` finds nothing wrong. One ticket in
//! twenty is open; its limits stay in the future.
//!
//! Works as the owner of the tables: foreign keys are not looked at and the indexes are made afterwards.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
mod copy;
mod life;
mod rows;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use base::{Dice, SystemClock, SystemDice};
use chrono::Utc;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use uuid::Uuid;

use copy::Copier;
use life::Life;

/// How many tickets one transaction brings.
const AT_ONCE: usize = 2_000;
/// The years that the copies are spread over, in weeks.
const WEEKS: u64 = 156;
/// So many tickets a citizen.
const TICKETS_A_CITIZEN: usize = 10;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [sockets, keys, count] = &words[..] else {
        base::out("usage: bench-past SOCKETS KEYS COUNT");
        std::process::exit(2);
    };
    let start = Instant::now();
    let count: usize = count.parse().unwrap();
    let owner = PgConnectOptions::new_without_pgpass().socket(sockets).username("postgres");
    let owner = owner.database("lianxin").disable_statement_logging();
    let mut db = PgConnection::connect_with(&owner).await.unwrap();
    db.execute("set session_replication_role = replica; set synchronous_commit = off; set maintenance_work_mem = '1GB'")
        .await
        .unwrap();
    let there: i64 = scalar(&mut db, "select count(*) from ticket").await;
    let missing = count.saturating_sub(usize::try_from(there).unwrap());
    if missing == 0 {
        return base::out(&format!("past\ttickets {there}\tseconds 0"));
    }
    let lives = Arc::new(Life::all(&mut db).await);
    let citizens = citizens(&owner, Path::new(keys), missing / TICKETS_A_CITIZEN + 1).await;
    let indexes = drop_indexes(&mut db).await;
    lay(&mut db, lives, Arc::new(citizens), missing).await;
    for (_, definition) in &indexes {
        db.execute(AssertSqlSafe(definition.clone())).await.unwrap();
    }
    go_on_counting(&mut db).await;
    db.execute("vacuum analyze").await.unwrap();
    db.execute("checkpoint").await.unwrap();
    let there: i64 = scalar(&mut db, "select count(*) from ticket").await;
    base::out(&format!("past\ttickets {there}\tseconds {}", start.elapsed().as_secs()));
}

async fn scalar<T>(db: &mut PgConnection, sql: &'static str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

/// Sealed and found by number as everybody else, through the program's own code.
async fn citizens(owner: &PgConnectOptions, keys: &Path, many: usize) -> Vec<Uuid> {
    let dice: Arc<dyn Dice> = Arc::new(SystemDice);
    let keys = Arc::new(org::Keys::open(keys, &*dice).unwrap());
    let persons = org::Persons::new(keys, Arc::new(SystemClock::default()), dice.clone());
    let mut db = PgConnection::connect_with(owner).await.unwrap();
    db.execute("set synchronous_commit = off").await.unwrap();
    let mut citizens = Vec::with_capacity(many);
    let family = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "孙", "马"];
    let given = ["伟", "芳", "秀英", "敏", "静", "丽", "强", "磊", "军", "桂兰", "建国", "淑珍"];
    for some in (0..many).collect::<Vec<_>>().chunks(AT_ONCE) {
        let mut tx = db.begin().await.unwrap();
        for n in some {
            let name = format!("{}{}", family[n % family.len()], given[n / 7 % given.len()]);
            let number = format!("137{n:08}").parse().unwrap();
            let person = persons.find_or_add(&mut tx, &number, Some(&name)).await.unwrap();
            citizens.push(person.uuid());
        }
        tx.commit().await.unwrap();
    }
    citizens
}

/// Takes the indexes away that no constraint needs; their definitions.
async fn drop_indexes(db: &mut PgConnection) -> Vec<(String, String)> {
    let all: Vec<(String, String)> = sqlx::query_as(
        "select indexname::text, indexdef from pg_indexes
         where schemaname = 'public' and tablename = any($1)
             and not exists (select from pg_constraint where conname = indexname)",
    )
    .bind(rows::TABLES.map(|table| table.name).to_vec())
    .fetch_all(&mut *db)
    .await
    .unwrap();
    for (name, _) in &all {
        db.execute(AssertSqlSafe(format!("drop index {name}"))).await.unwrap();
    }
    all
}

/// One thread makes the copies, this one writes them.
async fn lay(db: &mut PgConnection, lives: Arc<Vec<Life>>, citizens: Arc<Vec<Uuid>>, many: usize) {
    let columns = Arc::new(rows::Columns::read(db).await);
    let (send, mut made) = tokio::sync::mpsc::channel(2);
    let names = columns.clone();
    let making = std::thread::spawn(move || {
        let mut copier = Copier::new(&lives, &citizens, &names, Utc::now(), WEEKS);
        let mut left = many;
        while left > 0 {
            let some = left.min(AT_ONCE);
            left -= some;
            if send.blocking_send(copier.batch(some)).is_err() {
                return;
            }
        }
    });
    let (start, mut done) = (Instant::now(), 0);
    while let Some(batch) = made.recv().await {
        db.execute("begin").await.unwrap();
        for (table, text) in rows::TABLES.iter().zip(&batch.tables) {
            let mut copy = db.copy_in_raw(&columns.copy(table)).await.unwrap();
            copy.send(text.as_slice()).await.unwrap();
            copy.finish().await.unwrap();
        }
        db.execute("commit").await.unwrap();
        done += batch.tickets;
        if done % 100_000 < AT_ONCE {
            base::out(&format!("  laid {done} of {many} in {} s", start.elapsed().as_secs()));
        }
    }
    making.join().unwrap();
}

/// The sequence of each day goes on after the highest number of that day.
async fn go_on_counting(db: &mut PgConnection) {
    let day = "select next_ticket_number((now() at time zone 'Asia/Shanghai')::date)";
    let _: i32 = scalar(db, day).await;
    db.execute(
        "select setval(to_regclass('ticket_number_' || to_char(now() at time zone 'Asia/Shanghai', 'YYYYMMDD')),
             (select coalesce(max(substr(digits, 9, length(digits) - 9)::int), 1) from ticket
              where digits like to_char(now() at time zone 'Asia/Shanghai', 'YYYYMMDD') || '%'))",
    )
    .await
    .unwrap();
}
