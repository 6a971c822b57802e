//! Notices (通知): SMS and e-mail to citizens and to the duty desks of units, from an outbox.
//! Decides neither who is told nor when something is due, and never keeps a telephone number.
mod config;
mod error;
mod mail;
mod send;
mod sms;
mod store;
mod template;
#[cfg(test)]
mod tests;

pub use config::{Config, Gateway, Mail, Sms};
pub use error::Error;
pub use send::Sender;
pub use store::{CHECKS, Filter, RUNNING_CHECKS, Reader, Row};
pub use template::{Template, Templates, segments};

use std::sync::Arc;

use base::{CallId, Dice, NoticeId, PersonId, TicketId, UnitId};
use chrono::{DateTime, Utc};
use org::Role;
use sqlx::PgConnection;

/// Whom a notice is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// A citizen; the masked number is what lists show.
    Person { id: PersonId, masked: String },
    /// The duty desk of a unit, by SMS and e-mail.
    Unit { id: UnitId, name: String },
    /// Whoever works for a unit, in the console only.
    Desk { id: UnitId, name: String },
    /// The leader of a unit (分管领导), by SMS and in the console.
    Leader { id: UnitId, name: String },
    /// Everyone at the hotline with this role, in the console only.
    Role(Role),
}

impl To {
    /// The ways it goes: by SMS, by e-mail, in the console (站内).
    fn ways(&self) -> &'static [&'static str] {
        match self {
            Self::Person { .. } => &["sms"],
            Self::Unit { .. } => &["sms", "email"],
            Self::Leader { .. } => &["sms", "desk"],
            Self::Desk { .. } | Self::Role(_) => &["desk"],
        }
    }
}

/// A notice to be sent.
#[derive(Debug, Clone)]
pub struct New<'a> {
    pub template: Template,
    pub to: To,
    pub ticket: Option<TicketId>,
    pub call: Option<CallId>,
    /// The citizen's identity is sealed (举报人信息保密).
    pub sealed: bool,
    pub fill: &'a [(&'static str, String)],
    /// The event it tells of: one notice for one event, template and recipient.
    pub event: String,
    pub at: DateTime<Utc>,
    pub demo: bool,
    /// Of the past that the demonstration lays: shown as sent, and not sent.
    pub past: bool,
}

/// A message that is ready for the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft(serde_json::Value);

/// The outbox's entrance: what is put in here in a transaction is sent when that is committed.
#[derive(Clone)]
pub struct Notices {
    templates: Arc<Templates>,
    dice: Arc<dyn Dice>,
    /// Nothing to citizens from 21:00 to 08:00; off in the demonstration.
    quiet: bool,
}

impl Notices {
    /// The entrance with its texts.
    pub fn new(templates: Templates, dice: Arc<dyn Dice>, quiet: bool) -> Self {
        Self { templates: Arc::new(templates), dice, quiet }
    }

    /// Puts a notice into the outbox. A sealed citizen for whom there is no text gets none.
    pub async fn queue(&self, db: &mut PgConnection, new: &New<'_>) -> Result<(), Error> {
        self.put(db, self.draft(new)).await
    }

    /// What a notice would write into the outbox: one message for each way that it goes.
    pub fn draft(&self, new: &New<'_>) -> Vec<Draft> {
        let Some(text) = self.templates.render(new.template, new.sealed, new.fill) else {
            return Vec::new();
        };
        let run_at = self.run_at(new);
        let draft = |kind: &&'static str| {
            let id = NoticeId::new(new.at, self.dice.bytes());
            let subject = (*kind == "email")
                .then(|| self.templates.subject(new.template, new.fill, new.sealed));
            let subject = subject.as_deref();
            Draft(store::row(new, &store::Insert { id, kind, subject, text: &text, run_at }))
        };
        new.to.ways().iter().map(draft).collect()
    }

    /// Puts drafts into the outbox, by one statement however many there are.
    pub async fn put(&self, db: &mut PgConnection, drafts: Vec<Draft>) -> Result<(), Error> {
        if drafts.is_empty() {
            return Ok(());
        }
        store::insert(db, drafts.into_iter().map(|draft| draft.0).collect()).await
    }

    /// At once, or in the morning.
    fn run_at(&self, new: &New<'_>) -> DateTime<Utc> {
        // what the citizen's own call brings goes at once
        let at_once = matches!(new.template, Template::Accepted | Template::MissedCall);
        let citizen = matches!(new.to, To::Person { .. });
        if self.quiet && citizen && !at_once { template::after_quiet(new.at) } else { new.at }
    }
}

/// A page of notices: of one ticket, or of all, the newest first.
pub async fn list(db: &mut PgConnection, filter: &Filter) -> Result<Vec<Row>, Error> {
    store::list(db, filter).await
}

/// Says where a unit's duty desk is reached.
pub async fn set_contact(
    db: &mut PgConnection,
    unit: UnitId,
    mobile: Option<&str>,
    email: Option<&str>,
    demo: bool,
) -> Result<(), Error> {
    store::set_contact(db, unit, mobile, email, demo).await
}

/// Takes out what the demonstration wrote.
pub async fn remove_demo(db: &mut PgConnection) -> Result<(), Error> {
    store::remove_demo(db).await
}
