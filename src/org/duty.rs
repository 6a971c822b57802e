//! Who answers for a unit (值班表): its clerk, its leader, and who is on duty when.
use base::{Clock, UnitId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

use crate::audit::{self, Act};
use crate::unit::words;
use crate::{Actor, Error, Right, Thing, can, store, unit};

/// In which part someone answers for a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Handles its tickets (经办人).
    Clerk,
    /// Is on duty for a time (值班人).
    Duty,
    /// Answers for it (分管领导).
    Leader,
}

words!(Part { Clerk = "clerk", Duty = "duty", Leader = "leader" });

/// Someone who answers for a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Officer {
    pub post: Part,
    pub name: String,
    #[serde(default)]
    pub mobile: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    /// A shift; always without one.
    #[serde(default)]
    pub starts_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub ends_at: Option<DateTime<Utc>>,
}

impl Officer {
    /// Whether it is this person's turn.
    pub fn is_on(&self, at: DateTime<Utc>) -> bool {
        match (self.starts_at, self.ends_at) {
            (Some(from), Some(to)) => from <= at && at < to,
            _ => true,
        }
    }
}

/// Everyone who answers for a unit.
pub async fn roster(db: &mut PgConnection, unit: UnitId) -> Result<Vec<Officer>, Error> {
    store::duty::of_unit(db, unit).await
}

/// Whom to tell now: whoever is on duty, else the clerk.
pub async fn on_duty(
    db: &mut PgConnection,
    unit: UnitId,
    at: DateTime<Utc>,
) -> Result<Option<Officer>, Error> {
    let all = roster(db, unit).await?;
    let shift = all.iter().find(|officer| {
        officer.post == Part::Duty && officer.starts_at.is_some() && officer.is_on(at)
    });
    let standing = |post| all.iter().find(move |one| one.post == post && one.is_on(at));
    Ok(shift.or_else(|| standing(Part::Duty)).or_else(|| standing(Part::Clerk)).cloned())
}

/// The unit's leader, for what is late or overseen.
pub async fn leader(db: &mut PgConnection, unit: UnitId) -> Result<Option<Officer>, Error> {
    Ok(roster(db, unit).await?.into_iter().find(|officer| officer.post == Part::Leader))
}

/// The hotline's staff telephone units; a unit sees its own roster.
pub fn may_read(actor: &Actor, unit: UnitId) -> Result<(), Error> {
    if !is_own(actor, unit) {
        can(actor, Right::ReadTicket, Thing::City)?;
    }
    Ok(())
}

fn is_own(actor: &Actor, unit: UnitId) -> bool {
    actor.post.as_ref().is_some_and(|post| post.unit == unit)
        && actor.roles.iter().any(|role| role.is_unit_side())
}

/// Writes a unit's whole roster anew: by who keeps the catalogue, or by the unit itself.
pub async fn write(
    actor: &Actor,
    unit: UnitId,
    officers: &[Officer],
    db: &PgPool,
    clock: &dyn Clock,
) -> Result<(), Error> {
    if !is_own(actor, unit) {
        can(actor, Right::EditCatalogue, Thing::City)?;
    }
    if officers.len() > 400 {
        return Err(Error::Invalid("一个单位最多登记400条值班安排".to_owned()));
    }
    let mut tx = db.begin().await?;
    unit::find(&mut tx, unit).await?;
    store::duty::clear(&mut tx, unit).await?;
    for officer in officers {
        lay(&mut tx, unit, officer, false).await?;
    }
    let act = Act::new("roster_written", "unit", unit.to_string())
        .with(json!({ "lines": officers.len() }));
    audit::write(&mut tx, actor, &act, clock).await?;
    tx.commit().await?;
    Ok(())
}

pub(crate) async fn lay(
    db: &mut PgConnection,
    unit: UnitId,
    officer: &Officer,
    demo: bool,
) -> Result<(), Error> {
    let wrong = |why: &str| Err(Error::Invalid(format!("{}：{why}", officer.name.trim())));
    let name = officer.name.trim();
    if name.is_empty() || name.chars().count() > 40 {
        return Err(Error::Invalid("值班人姓名为1至40个字".to_owned()));
    }
    if officer.mobile.as_deref().is_some_and(|mobile| mobile.parse::<base::PhoneNumber>().is_err())
    {
        return wrong("电话号码有误");
    }
    if officer.email.as_deref().is_some_and(|mail| !mail.contains('@') || mail.len() > 200) {
        return wrong("邮箱有误");
    }
    if officer.mobile.is_none() && officer.email.is_none() {
        return wrong("电话和邮箱至少填写一项");
    }
    match (officer.starts_at, officer.ends_at) {
        (None, None) => {}
        (Some(from), Some(to)) if from < to => {}
        _ => return wrong("值班起止时间有误"),
    }
    store::duty::insert(db, unit, officer, demo).await
}
