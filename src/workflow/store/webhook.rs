use base::TicketId;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::Error;
use crate::webhooks::{Delivery, Webhook};

pub(crate) async fn list(db: &mut PgConnection) -> Result<Vec<Webhook>, Error> {
    let rows = sqlx::query_as!(
        Webhook,
        "select id, name, url, events, enabled, version, created_at, created_by
         from webhook where not removed order by created_at, id"
    );
    Ok(rows.fetch_all(db).await?)
}

pub(crate) async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Webhook>, Error> {
    let row = sqlx::query_as!(
        Webhook,
        "select id, name, url, events, enabled, version, created_at, created_by
         from webhook where id = $1 and not removed",
        id,
    );
    Ok(row.fetch_optional(db).await?)
}

pub(crate) async fn add(db: &mut PgConnection, new: &Webhook) -> Result<(), Error> {
    sqlx::query!(
        "insert into webhook (id, name, url, events, enabled, version, created_at, created_by)
         values ($1, $2, $3, $4, $5, 1, $6, $7)",
        new.id,
        new.name,
        new.url,
        &new.events,
        new.enabled,
        new.created_at,
        new.created_by,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn change(db: &mut PgConnection, new: &Webhook) -> Result<bool, Error> {
    let changed = sqlx::query!(
        "update webhook set name = $3, url = $4, events = $5, enabled = $6, version = version + 1
         where id = $1 and version = $2 and not removed",
        new.id,
        new.version,
        new.name,
        new.url,
        &new.events,
        new.enabled,
    );
    Ok(changed.execute(db).await?.rows_affected() == 1)
}

pub(crate) async fn remove(db: &mut PgConnection, id: Uuid, seen: i64) -> Result<bool, Error> {
    let removed = sqlx::query!(
        "update webhook set removed = true, enabled = false where id = $1 and version = $2 and not removed",
        id,
        seen,
    );
    Ok(removed.execute(db).await?.rows_affected() == 1)
}

pub(crate) async fn delivery(db: &mut PgConnection, id: i64) -> Result<Option<Delivery>, Error> {
    let row = sqlx::query_as!(
        Delivery,
        r#"select id, webhook_id as webhook, ticket_id as "ticket: TicketId", at, body, state, attempts,
            status, why, ended_at
        from webhook_delivery where id = $1 and state = 'queued'"#,
        id,
    );
    Ok(row.fetch_optional(db).await?)
}

pub(crate) async fn deliveries(
    db: &mut PgConnection,
    webhook: Uuid,
    before: Option<i64>,
    most: i64,
) -> Result<Vec<Delivery>, Error> {
    let rows = sqlx::query_as!(
        Delivery,
        r#"select id, webhook_id as webhook, ticket_id as "ticket: TicketId", at, body, state, attempts,
            status, why, ended_at
        from webhook_delivery where webhook_id = $1 and ($2::bigint is null or id < $2)
        order by id desc limit $3"#,
        webhook,
        before,
        most,
    );
    Ok(rows.fetch_all(db).await?)
}

/// How an attempt went: with `why` it was not taken, and with `over` it is not tried again.
pub(crate) async fn note(
    db: &mut PgConnection,
    id: i64,
    status: Option<u16>,
    why: Option<&str>,
    over: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let state = match (why, over) {
        (None, _) => "delivered",
        (Some(_), true) => "given_up",
        (Some(_), false) => "queued",
    };
    sqlx::query!(
        "update webhook_delivery set attempts = attempts + 1, status = $2, why = $3, state = $4,
            ended_at = case when $4 = 'queued' then null else $5::timestamptz end
         where id = $1",
        id,
        status.map(i32::from),
        why,
        state,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn replay(
    db: &mut PgConnection,
    webhook: Uuid,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let told = sqlx::query_scalar!(
        r#"with told as (
            insert into webhook_delivery (webhook_id, ticket_id, seq, replay, at, body)
            select webhook.id, event.ticket_id, event.seq,
                1 + coalesce((select max(before.replay) from webhook_delivery before
                    where before.webhook_id = webhook.id and before.ticket_id = event.ticket_id
                        and before.seq = event.seq), 0),
                $3, webhook_body(event)
            from webhook, ticket_history event
            where webhook.id = $1 and event.at >= $2
                and (webhook.events = '{}' or event.action = any(webhook.events))
            order by event.at, event.ticket_id, event.seq
            limit 10000
            returning id, webhook_id, ticket_id
        ), jobs as (
            insert into job (kind, order_key, once_key, payload, created_at, run_at)
            select 'webhook', 'webhook:' || webhook_id || ':' || ticket_id, 'webhook:' || id,
                jsonb_build_object('delivery', id), $3, $3
            from told order by id
        )
        select count(*) as "count!" from told"#,
        webhook,
        from,
        now,
    );
    Ok(told.fetch_one(db).await?)
}

/// What those who are still to be told were not told since then, and not later either; the names of
/// who they are.
pub(crate) async fn unheard(
    db: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<(i64, Vec<String>), Error> {
    let row = sqlx::query!(
        r#"select count(*) as "count!", coalesce(array_agg(distinct webhook.name), '{}') as "names!"
        from webhook_delivery lost join webhook on webhook.id = lost.webhook_id
        where lost.state = 'given_up' and lost.ended_at >= $1 and webhook.enabled and not webhook.removed
            and not exists (select from webhook_delivery again
                where again.webhook_id = lost.webhook_id and again.ticket_id = lost.ticket_id
                    and again.seq = lost.seq and again.state = 'delivered')"#,
        since,
    );
    let row = row.fetch_one(db).await?;
    Ok((row.count, row.names))
}
