use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use crate::transaction::At;

/// What is due when; each thing at one moment.
#[derive(Debug)]
pub(crate) struct Deadlines<T> {
    order: BTreeSet<(At, T)>,
    of: HashMap<T, At>,
}

impl<T> Default for Deadlines<T> {
    fn default() -> Self {
        Self { order: BTreeSet::new(), of: HashMap::new() }
    }
}

impl<T: Ord + Hash + Clone> Deadlines<T> {
    pub(crate) fn set(&mut self, thing: T, at: Option<At>) {
        let before = match at {
            Some(at) => self.of.insert(thing.clone(), at),
            None => self.of.remove(&thing),
        };
        if before == at {
            return;
        }
        match (before, at) {
            (Some(before), Some(at)) => {
                self.order.remove(&(before, thing.clone()));
                self.order.insert((at, thing));
            }
            (Some(before), None) => drop(self.order.remove(&(before, thing))),
            (None, Some(at)) => drop(self.order.insert((at, thing))),
            (None, None) => {}
        }
    }

    pub(crate) fn next(&self) -> Option<At> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes out the first thing due.
    pub(crate) fn pop(&mut self, now: At) -> Option<T> {
        if self.next()? > now {
            return None;
        }
        let (_, thing) = self.order.pop_first()?;
        self.of.remove(&thing);
        Some(thing)
    }
}
