//! Who takes which step (谁可以办): the table of the house, which a profile may change within what the law
//! and the house's own rules leave. That two steps want two people stays in the steps themselves.
use std::collections::BTreeMap;

use org::Role;
use toml::Spanned;

use super::Rules;
use crate::action::Verb;

/// What a profile says: a step's word, and the words of the roles that take it.
pub(super) type Written = BTreeMap<String, Spanned<Vec<String>>>;

/// A mistake: where in the text, at which step, why.
pub(super) type Wrong<'a> = (usize, &'a str, String);

/// The roles of each step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Actors(BTreeMap<Verb, Vec<Role>>);

impl Default for Actors {
    fn default() -> Self {
        let of = |verb: &Verb| (*verb, verb.right().roles().collect());
        Self(Verb::ALL.iter().map(of).collect())
    }
}

impl Actors {
    /// The table with what a profile says in its place. Refuses what is no step or no role, a step for
    /// nobody, and one that is given to whom it must not be.
    pub(super) fn read(written: &Written) -> Result<Self, Wrong<'_>> {
        let mut actors = Self::default();
        for (word, roles) in written {
            let wrong = |why: String| (roles.span().start, word.as_str(), why);
            let verb = Verb::from_word(word)
                .ok_or_else(|| wrong(format!("no step has this word; steps are {}", steps())))?;
            let roles = roles.get_ref().iter().map(|role| named(verb, role));
            let roles: Vec<_> = roles.collect::<Result<_, _>>().map_err(wrong)?;
            if roles.is_empty() {
                let why = "names nobody; leave the line out for the usual roles";
                return Err(wrong(why.to_owned()));
            }
            actors.0.insert(verb, roles);
        }
        Ok(actors)
    }
}

fn named(verb: Verb, word: &str) -> Result<Role, String> {
    let role: Role = word.parse().map_err(|_| {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("{word:?} is no role; roles are {}", known.join(", "))
    })?;
    if may_be_given(verb, role) {
        return Ok(role);
    }
    Err(format!("{word:?} must not take this step ({})", why_not(verb, role)))
}

fn steps() -> String {
    Verb::ALL.iter().map(|verb| verb.word()).collect::<Vec<_>>().join(", ")
}

/// Whom a profile may name. An agent, who may be an outsourced one, never dispatches, reviews, closes or
/// decides; what a unit does is done by the unit; no unit judges its own work; whoever keeps people and
/// settings handles nothing.
fn may_be_given(verb: Verb, role: Role) -> bool {
    let usual = verb.right().roles().any(|usual| usual == role);
    usual || (!verb.is_unit_side() && is_officer(role))
}

/// The hotline's own officers.
fn is_officer(role: Role) -> bool {
    role.is_city_wide() && !matches!(role, Role::Agent | Role::Administrator)
}

fn why_not(verb: Verb, role: Role) -> &'static str {
    match role {
        Role::Agent => "话务员可能是外包人员，不得派单、审单、办结或审批",
        Role::Administrator => "管理员不办理工单",
        _ if verb.is_unit_side() => "承办单位的步骤由承办单位办理",
        _ => "承办单位不得审核自己的工单",
    }
}

impl Rules {
    /// The roles that take a step.
    pub(crate) fn actors(&self, verb: Verb) -> &[Role] {
        self.actors.0.get(&verb).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::RuleBook;
    use crate::testing::{SIPING as SHIPPED, changed, read_flow};

    fn read(changes: &[(&str, &str)]) -> Result<RuleBook, String> {
        read_flow(changed(SHIPPED, changes))
    }

    /// The line of the shipped profile on which a text stands.
    fn line(of: &str) -> usize {
        SHIPPED[..SHIPPED.find(of).unwrap()].matches('\n').count() + 1
    }

    #[test]
    fn the_shipped_profile_spells_the_table_of_the_house_out() {
        let book = RuleBook::built_in();
        let written = book.of("siping", 2).unwrap();
        assert_eq!(written.actors, Actors::default());
        assert_eq!(book.of("siping", 1).unwrap().actors, Actors::default());
        let table = SHIPPED.split_once("\n[actors]\n").unwrap().1;
        let table = table.split_once("\n[").unwrap().0;
        for verb in Verb::ALL {
            assert!(table.lines().any(|line| line.starts_with(&format!("{} = ", verb.word()))));
        }
    }

    const DISPATCH: &str = "dispatch = [\"supervisor\", \"dispatcher\", \"hub\"]";

    #[test]
    fn a_step_or_role_that_is_none_is_refused_with_its_line_and_key() {
        let refused = read(&[(DISPATCH, "despatch = [\"dispatcher\"]")]).unwrap_err();
        let place = format!("flow/city.toml:{}: actors.despatch: ", line(DISPATCH));
        assert!(refused.starts_with(&place) && refused.contains("no step"), "{refused}");
        let refused = read(&[(DISPATCH, "dispatch = [\"dispatcher\", \"boss\"]")]).unwrap_err();
        let place = format!("flow/city.toml:{}: actors.dispatch: ", line(DISPATCH));
        assert!(refused.starts_with(&place) && refused.contains("boss"), "{refused}");
        let refused = read(&[(DISPATCH, "dispatch = []")]).unwrap_err();
        assert!(refused.contains("names nobody"), "{refused}");
    }

    #[test]
    fn what_the_law_forbids_no_profile_allows() {
        let given = |verb: &str, role: &str| {
            let from =
                SHIPPED.lines().find(|line| line.starts_with(&format!("{verb} = ["))).unwrap();
            (read(&[(from, &format!("{verb} = [\"{role}\"]"))]), line(from))
        };
        for (verb, role) in [
            ("dispatch", "agent"),
            ("reassign", "agent"),
            ("arbitrate", "agent"),
            ("review", "agent"),
            ("close", "agent"),
            ("decide_withdrawal", "agent"),
            ("approve", "clerk"),
            ("reply", "reviewer"),
            ("review", "clerk"),
            ("follow_up", "hub"),
            ("lift_oversight", "leader"),
            ("review", "administrator"),
        ] {
            let (book, line) = given(verb, role);
            let refused = book.unwrap_err();
            let place = format!("flow/city.toml:{line}: actors.{verb}: ");
            assert!(refused.starts_with(&place) && refused.contains(role), "{refused}");
        }
        for (verb, role) in [("decide_suspension", "oversight"), ("review", "supervisor")] {
            assert!(given(verb, role).0.is_ok(), "{verb} {role}");
        }
    }
}
