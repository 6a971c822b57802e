//! Search: recall by the function that knows the viewer's range, and the page in the order of rank.
use base::TicketId;
use sqlx::{PgConnection, QueryBuilder};
use uuid::Uuid;

use super::list::{COLUMNS, Filter, Row, conditions};
use crate::error::Error;
use crate::number::Number;
use crate::search::{Found, RANKED, Words};

/// The tickets that hold what was typed, the best first; `None` where nothing is to be looked for so: an
/// empty text, or a whole number.
pub(crate) async fn hits(
    db: &mut PgConnection,
    text: &str,
) -> Result<Option<Vec<TicketId>>, Error> {
    let text = text.trim();
    if text.is_empty() || text.parse::<Number>().is_ok() {
        return Ok(None);
    }
    let Some(words) = Words::read(text) else { return Ok(Some(Vec::new())) };
    let found = sqlx::query_as!(
        Found,
        r#"select id as "id!: TicketId", title as "title!", content as "content!", address as "address!"
           from search_tickets($1, $2)"#,
        &words.pairs(),
        RANKED,
    );
    let found = found.fetch_all(db).await?;
    Ok(Some(words.rank(found)))
}

/// A page of what was found, in the order of rank.
pub(crate) async fn ranked(
    db: &mut PgConnection,
    filter: &Filter<'_>,
    hits: &[TicketId],
) -> Result<Vec<Row>, Error> {
    let from = filter.after.and_then(|after| hits.iter().position(|id| *id == after.id));
    let rest: Vec<Uuid> = hits[from.map_or(0, |at| at + 1)..].iter().map(|id| id.uuid()).collect();
    let mut query =
        QueryBuilder::new("with page as materialized (select ticket.id, hit.rank from unnest(");
    query
        .push_bind(rest)
        .push(") with ordinality hit(id, rank) join ticket on ticket.id = hit.id where ");
    conditions(&mut query, filter);
    query.push(" order by hit.rank limit ").push_bind(filter.most);
    query.push(COLUMNS).push("page.rank");
    Ok(query.build_query_as::<Row>().persistent(false).fetch_all(db).await?)
}
