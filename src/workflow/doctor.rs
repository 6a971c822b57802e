//! Every stored ticket, looked at one after the other (体检): needs no more memory for ten million
//! than for ten.
use std::collections::BTreeMap;

use base::TicketId;
use db::checks::Finding;
use sqlx::{AssertSqlSafe, PgPool};
use ticket::{Examined, Symptom};

use crate::Error;

/// How many tickets one transaction looks at.
const PAGE: usize = 200;
/// How many are asked for at once.
const PAGES: i64 = 800;
/// How many transactions run side by side; the pool must have as many connections.
pub const SIDE_BY_SIDE: u32 = 4;

/// Looks at every ticket; `progress` hears how many were looked at.
pub async fn examine(db: &PgPool, progress: &mut dyn FnMut(u64)) -> Result<Vec<Finding>, Error> {
    let mut after = None;
    let mut seen = Seen::default();
    loop {
        let ids = ticket::ids_after(&mut *db.acquire().await?, after, PAGES).await?;
        let Some(last) = ids.last() else { break };
        after = Some(*last);
        let mut pages = ids.chunks(PAGE);
        let mut next = || Box::pin(page(db, pages.next().unwrap_or_default()));
        let (one, two, three, four) = tokio::try_join!(next(), next(), next(), next())?;
        for examined in [one, two, three, four].into_iter().flatten() {
            seen.add(&examined);
        }
        progress(seen.tickets);
    }
    Ok(seen.findings())
}

/// One moment of the database: a ticket that changes meanwhile is whole, before or after.
async fn page(db: &PgPool, ids: &[TicketId]) -> Result<Vec<Examined>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let moment = AssertSqlSafe("begin isolation level repeatable read read only");
    let mut tx = db.begin_with(moment).await?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.push(ticket::examine(&mut tx, *id).await?);
    }
    tx.commit().await?;
    Ok(found)
}

#[derive(Default)]
struct Seen {
    tickets: u64,
    old: u64,
    wrong: BTreeMap<Symptom, (u64, String)>,
}

impl Seen {
    fn add(&mut self, examined: &Examined) {
        self.tickets += 1;
        self.old += u64::from(examined.old);
        for (symptom, word) in &examined.wrong {
            let first = || format!("{} {word}", examined.number).trim().to_owned();
            self.wrong.entry(*symptom).or_insert_with(|| (0, first())).0 += 1;
        }
    }

    fn findings(self) -> Vec<Finding> {
        let finding = |symptom: Symptom| {
            let found = match self.wrong.get(&symptom) {
                None => Finding::ok(symptom.name(), symptom.what()),
                Some((wrong, first)) => Finding::wrong(
                    symptom.name(),
                    symptom.what(),
                    *wrong,
                    first.clone(),
                    symptom.advice(),
                ),
            };
            match symptom {
                Symptom::Unreadable => found.noting(format!("{} 件工单 (tickets)", self.tickets)),
                Symptom::Replay if self.old > 0 => found.noting(format!(
                    "{} 件早期工单的办理过程不含变更内容，不能重放 (histories from before cannot be replayed)",
                    self.old
                )),
                _ => found,
            }
        };
        Symptom::ALL.into_iter().map(finding).collect()
    }
}

/// The next attachments after one: id, name among the objects, hash.
pub async fn attachments_after(
    db: &PgPool,
    after: Option<uuid::Uuid>,
    most: i64,
) -> Result<Vec<(uuid::Uuid, String, Vec<u8>)>, sqlx::Error> {
    crate::store::doctor::attachments_after(db, after, most).await
}
