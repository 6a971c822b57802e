use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// What a call needs and an agent has (技能). A call without needs goes to anyone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Skills(BTreeSet<String>);

impl Skills {
    /// Whether somebody with these skills can serve those `needs`.
    pub fn cover(&self, needs: &Self) -> bool {
        needs.0.is_subset(&self.0)
    }

    /// The skills in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<S> for Skills {
    fn from_iter<I: IntoIterator<Item = S>>(skills: I) -> Self {
        Self(skills.into_iter().map(Into::into).filter(|skill| !skill.is_empty()).collect())
    }
}

/// Things in order, kept apart by their skills: a city has thousands of agents and calls but few
/// different sets of skills, so the first that fits is found by looking at each set once.
#[derive(Debug)]
pub(crate) struct BySkills<T>(BTreeMap<Skills, BTreeSet<T>>);

impl<T> Default for BySkills<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Ord + Copy> BySkills<T> {
    pub(crate) fn insert(&mut self, skills: &Skills, thing: T) {
        match self.0.get_mut(skills) {
            Some(set) => _ = set.insert(thing),
            None => _ = self.0.insert(skills.clone(), BTreeSet::from([thing])),
        }
    }

    pub(crate) fn remove(&mut self, skills: &Skills, thing: T) {
        if let Some(set) = self.0.get_mut(skills) {
            set.remove(&thing);
            if set.is_empty() {
                self.0.remove(skills);
            }
        }
    }

    /// The first of all whose skills fit.
    pub(crate) fn first(&self, fits: impl Fn(&Skills) -> bool) -> Option<T> {
        let fitting = self.0.iter().filter(|(skills, _)| fits(skills));
        fitting.filter_map(|(_, set)| set.first().copied()).min()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = T> {
        self.0.values().flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_without_needs_goes_to_anyone() {
        let (none, heating) = (Skills::default(), Skills::from_iter(["heating", ""]));
        assert!(none.cover(&none) && heating.cover(&none) && heating.cover(&heating));
        assert!(!none.cover(&heating));
        assert_eq!(heating.iter().collect::<Vec<_>>(), ["heating"]);
    }
}
