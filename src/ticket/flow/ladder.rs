//! The ladder of oversight (督办梯次): what happens to a leg the longer it is late, rung by rung.
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::Rules;
use crate::calendar::{Limit, Pause};
use crate::kind::words;
use crate::side::Level;

words! {
    /// Whom a rung tells.
    Whom {
        /// Whoever handles for the leg's unit.
        UnitClerk = "unit_clerk" "经办人",
        /// The leader of the leg's unit.
        UnitLeader = "unit_leader" "单位分管领导",
        /// The leader of the unit above it: the county's, the city's.
        UpperLeader = "upper_leader" "上级分管领导",
        /// The officers of oversight.
        Oversight = "oversight" "督办员",
        /// Supervisors and officers of oversight, for the meeting of the city.
        City = "city" "市级会办",
    }
}

/// One step of the ladder for a late leg (督办梯次).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// How strongly the ticket is watched from then on, where it is not already.
    pub level: Level,
    /// Past the due by so much, in the working time of the units.
    pub after: Limit,
    pub tell: Whom,
}

impl Rules {
    /// When the rungs that a leg has not come to yet are reached, counted from its due; no rung
    /// before the one below it. A pause holds them up as it does the due.
    pub(crate) fn rungs_from(
        &self,
        climbed: i16,
        due: DateTime<Utc>,
        pauses: &[Pause],
    ) -> Vec<DateTime<Utc>> {
        let mut last = due;
        let all = self.escalation.iter().map_while(|rung| {
            last = self.office.due(due, rung.after, pauses).ok()?.max(last);
            Some(last)
        });
        all.skip(usize::try_from(climbed).unwrap_or_default()).collect()
    }
}
