//! Who looks, as the database is told: row security shows a transaction what its viewer may see, and
//! nothing to one that names none.
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Postgres, Transaction};

use crate::{Actor, Range, Subtree, store};

/// Whose eyes a transaction has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight(String);

impl Sight {
    /// Everything: for steps whose rights were asked, for jobs, for the telephone side.
    pub fn system() -> Self {
        Self("system".to_owned())
    }

    /// What this person may see, by [`Actor::range`], and never a complaint about the own unit.
    pub fn of(actor: &Actor) -> Self {
        let own = actor.post.as_ref().map_or("", |post| post.path.as_str());
        let key = match actor.range() {
            Range::City => "*".to_owned(),
            Range::Below(Subtree(top)) => top,
            Range::Unit(_) => format!("={own}"),
            Range::Nothing => "none".to_owned(),
        };
        Self(format!("{key} {own}"))
    }

    /// Whether it is the whole city's.
    pub fn is_city(&self) -> bool {
        self.0.starts_with('*')
    }

    /// As the database reads it. Paths hold digits and dots only.
    pub fn setting(&self) -> &str {
        &self.0
    }
}

/// Begins a transaction that sees what `sight` does; one round trip.
pub async fn begin(
    db: &PgPool,
    sight: &Sight,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || " .=*".contains(c);
    debug_assert!(sight.0.chars().all(plain), "{sight:?}");
    let setting: String = sight.0.chars().filter(|c| plain(*c)).collect();
    db.begin_with(AssertSqlSafe(format!("begin; set local lianxin.viewer = '{setting}'"))).await
}

/// From here on the transaction sees everything: what follows is no longer the viewer's own reading.
pub async fn as_system(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    store::sight::set(db, &Sight::system()).await
}
