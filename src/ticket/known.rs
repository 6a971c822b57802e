//! What the conductor has looked up before a step, so that the step itself stays pure.
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use base::UnitId;
use chrono::{DateTime, Utc};
use org::{Actor, Post};
use uuid::Uuid;

use crate::flow::Rules;
use crate::outcome::PageVisit;
use crate::request::Ticket;

/// What the dispatch catalogue says of a unit for the ticket's category (派单目录).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Catalogue {
    Listed,
    /// Not the unit that is listed: a reason is needed.
    NotListed,
    /// May not be pushed down to it; by which rule (基层禁派清单).
    Forbidden(String),
}

/// Everything that was looked up for one step.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Asked of the catalogue for the units that the step names; a unit that is not here was not asked for.
    pub catalogue: HashMap<UnitId, Catalogue>,
    /// The calls and attachments offered as proof that are there, and belong to this ticket's citizen.
    pub proofs: HashSet<Uuid>,
    /// The ticket that this one is to join.
    pub parent: Option<Box<Ticket>>,
    /// It is the citizen, with number and code.
    pub by_citizen: bool,
    /// From where the citizen rates.
    pub page: Option<PageVisit>,
}

/// What a step may know besides the ticket.
#[derive(Debug, Clone, Copy)]
pub struct Ctx<'a> {
    pub at: DateTime<Utc>,
    pub actor: &'a Actor,
    pub rules: &'a Rules,
    /// The units that the step names.
    pub posts: &'a HashMap<UnitId, Post>,
    pub known: &'a Known,
}

impl<'a> Ctx<'a> {
    /// For steps that need nothing looked up but units.
    pub fn new(
        at: DateTime<Utc>,
        actor: &'a Actor,
        rules: &'a Rules,
        posts: &'a HashMap<UnitId, Post>,
    ) -> Self {
        static NOTHING: LazyLock<Known> = LazyLock::new(Known::default);
        Self { at, actor, rules, posts, known: &NOTHING }
    }

    /// Whether a call or attachment was found to be there.
    pub(crate) fn is_proof(&self, id: Option<Uuid>) -> bool {
        id.is_some_and(|id| self.known.proofs.contains(&id))
    }
}
