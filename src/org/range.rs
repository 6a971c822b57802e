use base::UnitId;
use sqlx::{Postgres, QueryBuilder};

use crate::unit::within;
use crate::{Actor, Post, store};

/// Which units' matters someone may see. The same answer comes as a test of one thing
/// ([`Range::covers`]) and as a condition of a list ([`Range::push`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Range {
    /// Everything, also what no unit has yet.
    City,
    /// A unit and all below it.
    Below(Subtree),
    /// One unit.
    Unit(UnitId),
    Nothing,
}

/// A path and all paths below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subtree(pub(crate) String);

impl Subtree {
    /// The path at its top: by it a ticket names its readers.
    pub fn top(&self) -> &str {
        &self.0
    }
}

impl Range {
    /// The unit of this path and all below it.
    pub fn below(path: &str) -> Self {
        Self::Below(Subtree(path.to_owned()))
    }

    /// Whether a matter that these units have (or had) a part in lies within the range.
    pub fn covers<'a>(&self, units: impl IntoIterator<Item = &'a Post>) -> bool {
        let mut units = units.into_iter();
        match self {
            Self::City => true,
            Self::Below(top) => units.any(|unit| within(&unit.path, &top.0)),
            Self::Unit(own) => units.any(|unit| unit.unit == *own),
            Self::Nothing => false,
        }
    }

    /// Adds the condition to a list's query. `column` is an expression that holds a unit's id, as
    /// `leg.unit_id`; for [`Range::City`] the condition is `true` and also holds where it is null.
    pub fn push(&self, query: &mut QueryBuilder<Postgres>, column: &'static str) {
        store::range::push(self, query, column);
    }
}

/// Whether someone reads a matter: it lies within the range, and is no complaint about the own unit or
/// one above it (回避). Row security and the lists say the same.
pub fn reads<'a>(
    actor: &Actor,
    units: impl IntoIterator<Item = &'a Post>,
    against: impl IntoIterator<Item = &'a Post>,
) -> bool {
    let own = actor.post.as_ref();
    let meant = |unit: &Post| own.is_some_and(|own| within(&own.path, &unit.path));
    actor.range().covers(units) && !against.into_iter().any(meant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, UnitKind};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn path() -> impl Strategy<Value = String> {
        prop::collection::vec(0_u16..4, 1..5).prop_map(|numbers| {
            numbers.iter().map(|n| format!("{n:03}")).collect::<Vec<_>>().join(".")
        })
    }

    proptest! {
        /// The list's condition is a range of bytes; the test of one thing goes by the tree.
        #[test]
        fn a_subtree_is_the_same_as_a_range_of_bytes(unit in path(), top in path()) {
            let post = Post {
                unit: UnitId::from_uuid(Uuid::nil()),
                path: unit.clone(),
                name: String::new(),
                level: Level::City,
                kind: UnitKind::Department,
            };
            let bytes = unit == top || (unit >= format!("{top}.") && unit < format!("{top}/"));
            prop_assert_eq!(Range::below(&top).covers([&post]), bytes);
        }
    }
}
