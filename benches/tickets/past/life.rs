//! One ticket of the demonstration with everything that belongs to it.
use base::TicketId;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sqlx::{AssertSqlSafe, PgConnection};
use ticket::Event;
use uuid::Uuid;

use crate::rows::TABLES;

pub(crate) type Row = Map<String, Value>;

pub(crate) struct Life {
    pub(crate) id: Uuid,
    pub(crate) legs: Vec<Uuid>,
    pub(crate) accepted_at: DateTime<Utc>,
    pub(crate) is_open: bool,
    /// When the first of its limits wants to be looked at.
    pub(crate) first_fire: Option<DateTime<Utc>>,
    /// By table; without the history.
    pub(crate) rows: [Vec<Row>; TABLES.len()],
    pub(crate) events: Vec<Event>,
}

impl Life {
    /// All of the demonstration's past that hangs together by itself.
    pub(crate) async fn all(db: &mut PgConnection) -> Vec<Self> {
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "select id from ticket where demo and key is not null order by accepted_at",
        )
        .fetch_all(&mut *db)
        .await
        .unwrap();
        assert!(!ids.is_empty(), "the demonstration's past is not there");
        let mut lives = Vec::with_capacity(ids.len());
        for id in ids {
            let life = Self::read(db, id).await;
            // joined tickets belong to one another
            let alone = ["merged_into"].iter().all(|name| is_nothing(&life.rows[0][0], name))
                && life.rows[0][0].get("merged_children").is_none_or(|many| many == 0);
            if alone {
                lives.push(life);
            }
        }
        lives
    }

    async fn read(db: &mut PgConnection, id: Uuid) -> Self {
        let mut rows: [Vec<Row>; TABLES.len()] = Default::default();
        for (table, rows) in TABLES.iter().zip(&mut rows) {
            if table.name == "ticket_history" {
                continue;
            }
            let only = if table.name == "notice" {
                "and person_id is not null and state <> 'queued'"
            } else {
                ""
            };
            let sql = format!(
                "select coalesce(jsonb_agg(to_jsonb(one)), '[]') from {} one where {} = $1 {only}",
                table.name, table.ticket
            );
            let all: Value =
                sqlx::query_scalar(AssertSqlSafe(sql)).bind(id).fetch_one(&mut *db).await.unwrap();
            let Value::Array(all) = all else { unreachable!("jsonb_agg gives an array") };
            rows.extend(all.into_iter().map(|row| match row {
                Value::Object(row) => row,
                _ => unreachable!("to_jsonb gives an object"),
            }));
        }
        let events = ticket::history(db, TicketId::from_uuid(id)).await.unwrap();
        let whole = &rows[0][0];
        let mut legs: Vec<&Row> = rows[1].iter().collect();
        legs.sort_by_key(|leg| leg["position"].as_i64());
        Self {
            id,
            legs: legs.iter().map(|leg| leg["id"].as_str().unwrap().parse().unwrap()).collect(),
            accepted_at: moment(&whole["accepted_at"]).unwrap(),
            is_open: is_nothing(whole, "ended_at"),
            first_fire: rows[2].iter().filter_map(|timer| moment(&timer["fire_at"])).min(),
            rows,
            events,
        }
    }
}

fn is_nothing(row: &Row, name: &str) -> bool {
    row.get(name).is_none_or(Value::is_null)
}

pub(crate) fn moment(value: &Value) -> Option<DateTime<Utc>> {
    let text = value.as_str()?;
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}
