use base::PersonId;
use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::facts::AttemptResult;

/// Somebody to call back (回拨任务).
#[derive(Debug, Clone)]
pub struct Task {
    pub id: Uuid,
    pub person: PersonId,
    pub hotline: String,
    pub hotline_name: String,
    pub missed_at: DateTime<Utc>,
    pub due_at: DateTime<Utc>,
    /// How often they called in vain.
    pub tries: i32,
    pub done_at: Option<DateTime<Utc>>,
    pub attempts: Vec<Attempt>,
}

/// One attempt to reach them.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub at: DateTime<Utc>,
    pub result: AttemptResult,
}

/// Where a page of callbacks ended: whether it was done, its due, its id.
pub type Place = (bool, DateTime<Utc>, Uuid);

impl Task {
    /// Its place in the list.
    pub fn place(&self) -> Place {
        (self.done_at.is_some(), self.due_at, self.id)
    }
}

/// Whom to call back, the most urgent first, then those done in the last day; those `after` one.
pub async fn open(
    db: &PgPool,
    now: DateTime<Utc>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Task>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, person_id, hotline, hotline_name, missed_at, due_at, tries, done_at from callback_task
        where (done_at is null or done_at > $1::timestamptz - interval '1 day')
            and ($3::boolean is null or (done_at is not null, due_at, id) > ($3, $4::timestamptz, $5::uuid))
        order by done_at is not null, due_at, id limit $2",
        now,
        limit,
        after.map(|(done, ..)| done),
        after.map(|(_, due, _)| due),
        after.map(|(.., id)| id),
    )
    .fetch_all(db)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let attempts = sqlx::query!(
        "select task_id, at, result from callback_attempt where task_id = any($1) order by at",
        &ids
    )
    .fetch_all(db)
    .await?;
    let attempts_of = |task: Uuid| {
        let of = attempts.iter().filter(|row| row.task_id == task);
        of.filter_map(|row| Some(Attempt { at: row.at, result: row.result.parse().ok()? }))
            .collect()
    };
    Ok(rows
        .into_iter()
        .map(|row| Task {
            id: row.id,
            person: PersonId::from_uuid(row.person_id),
            hotline: row.hotline,
            hotline_name: row.hotline_name,
            missed_at: row.missed_at,
            due_at: row.due_at,
            tries: row.tries,
            done_at: row.done_at,
            attempts: attempts_of(row.id),
        })
        .collect())
}

/// An open task: who it is about, and the line they had called.
pub async fn find(db: &PgPool, id: Uuid) -> Result<Option<(PersonId, String)>, sqlx::Error> {
    let row = sqlx::query!(
        "select person_id, hotline from callback_task where id = $1 and done_at is null",
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (PersonId::from_uuid(row.person_id), row.hotline)))
}
