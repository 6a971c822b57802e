//! Checks (体检): questions to a database whose answer must be none, and what they found. Each room
//! asks about its own tables; `lianxin doctor` prints the answers.
mod store;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// A question in SQL: how many rows are wrong, and the name of the first.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its name for scripts.
    pub name: &'static str,
    /// What must hold, for people.
    pub what: &'static str,
    /// What to do when it does not.
    pub advice: &'static str,
    /// Gives `count bigint, first text`; `$1` is the present moment.
    pub sql: &'static str,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub name: &'static str,
    pub what: &'static str,
    /// How many are wrong; 0: all is well.
    pub wrong: u64,
    /// The first that is wrong.
    pub first: Option<String>,
    pub advice: String,
    /// What else there is to say of it.
    pub note: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn ok(name: &'static str, what: &'static str) -> Self {
        Self { name, what, wrong: 0, first: None, advice: String::new(), note: None }
    }

    /// So many are wrong.
    pub fn wrong(
        name: &'static str,
        what: &'static str,
        wrong: u64,
        first: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { wrong, first: Some(first.into()), advice: advice.into(), ..Self::ok(name, what) }
    }

    /// The same with a word beside it.
    #[must_use]
    pub fn noting(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }
}

/// Asks each question once. One that the database cannot answer counts as wrong.
pub async fn ask(checks: &[Check], db: &mut PgConnection, now: DateTime<Utc>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in checks {
        findings.push(match store::ask(db, check.sql, now).await {
            Ok((0, _)) => Finding::ok(check.name, check.what),
            Ok((wrong, first)) => Finding::wrong(
                check.name,
                check.what,
                wrong.unsigned_abs(),
                first.unwrap_or_default(),
                check.advice,
            ),
            Err(error) => {
                Finding::wrong(check.name, check.what, 1, error.to_string(), check.advice)
            }
        });
    }
    findings
}
