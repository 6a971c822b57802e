use base::{AgentId, CallId};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgPool;

/// Keeps what the agent has typed so far. Another agent's draft is left alone; whether it was kept.
pub async fn save(
    db: &PgPool,
    call: CallId,
    agent: AgentId,
    draft: &Value,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into call_draft (call_id, agent_id, draft, at) values ($1, $2, $3, $4)
        on conflict (call_id) do update set draft = excluded.draft, at = excluded.at
        where call_draft.agent_id = excluded.agent_id",
        call.uuid(),
        agent.uuid(),
        draft,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The agent's draft for this call.
pub async fn find(db: &PgPool, call: CallId, agent: AgentId) -> Result<Option<Value>, sqlx::Error> {
    sqlx::query_scalar!(
        "select draft from call_draft where call_id = $1 and agent_id = $2",
        call.uuid(),
        agent.uuid()
    )
    .fetch_optional(db)
    .await
}

/// Its ticket is filed: the draft has done its work.
pub async fn delete(db: &PgPool, call: CallId) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from call_draft where call_id = $1", call.uuid()).execute(db).await?;
    Ok(())
}

/// Drafts that wait to be filed, the oldest first: their calls, their agents' names, since when.
pub async fn all(
    db: &PgPool,
    most: i64,
) -> Result<Vec<(CallId, String, DateTime<Utc>)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select call_draft.call_id, staff.display_name, call_draft.at
        from call_draft join staff on staff.id = call_draft.agent_id
        order by call_draft.at limit $1",
        most
    )
    .fetch_all(db)
    .await?;
    let draft = |row: (uuid::Uuid, String, DateTime<Utc>)| (CallId::from_uuid(row.0), row.1, row.2);
    Ok(rows.into_iter().map(|row| draft((row.call_id, row.display_name, row.at))).collect())
}
