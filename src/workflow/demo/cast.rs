//! Who and what there is to play with: the demonstration's units, people, places, categories.
use std::collections::HashMap;

use base::{PersonId, UnitId};
use org::category::Category;
use org::place::Place;
use org::{Actor, Identity, Level, Post, Role, Staff, UnitKind};
use sqlx::PgConnection;

use super::plan::{Chance, Part};
use super::texts::{CLERKS, GIVEN, SURNAMES};
use crate::{Error, Workflow};

/// Everything that stories need.
pub(super) struct Cast {
    posts: HashMap<UnitId, Post>,
    staff: HashMap<Role, Vec<Staff>>,
    pub places: Vec<Place>,
    categories: HashMap<String, Category>,
}

impl Cast {
    pub(super) async fn gather(workflow: &Workflow) -> Result<Self, Error> {
        let db = &workflow.0.db;
        let posts: Vec<Post> = org::unit::all(db).await?.into_iter().map(Post::from).collect();
        let mut staff = HashMap::new();
        for role in Role::ALL {
            let mut people = org::staff::with_role(db, role).await?;
            people.retain(|person| person.demo);
            staff.insert(role, people);
        }
        let mut places: Vec<Place> = Vec::new();
        for kind in ["小区", "花园", "路", "街", "村", "镇", "乡"] {
            for place in org::place::search(kind, db).await? {
                if place.path.contains(' ') && !places.iter().any(|known| known.id == place.id) {
                    places.push(place);
                }
            }
        }
        let categories = org::category::all(db).await?;
        Ok(Self {
            posts: posts.into_iter().map(|post| (post.unit, post)).collect(),
            staff,
            places,
            categories: categories.into_iter().map(|one| (one.name.clone(), one)).collect(),
        })
    }

    /// Without units there is nobody to send anything to.
    pub(super) fn is_empty(&self) -> bool {
        self.departments().next().is_none()
    }

    pub(super) fn posts(&self) -> &HashMap<UnitId, Post> {
        &self.posts
    }

    pub(super) fn units(&self) -> impl Iterator<Item = &Post> {
        let mut all: Vec<_> = self.posts.values().collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all.into_iter().filter(|post| post.kind != UnitKind::Government)
    }

    fn departments(&self) -> impl Iterator<Item = &Post> {
        self.units().filter(|post| {
            post.level == Level::City
                && matches!(post.kind, UnitKind::Department | UnitKind::Enterprise)
        })
    }

    pub(super) fn category(&self, name: &str) -> Option<&Category> {
        self.categories.get(name)
    }

    /// The unit that usually deals with a category, or any department.
    pub(super) fn usual_unit(
        &self,
        category: Option<&Category>,
        chance: Chance<'_>,
    ) -> Option<&Post> {
        let own =
            category.and_then(|category| category.unit).and_then(|unit| self.posts.get(&unit));
        own.or_else(|| self.another_department(None, chance))
    }

    pub(super) fn another_department(
        &self,
        not: Option<UnitId>,
        chance: Chance<'_>,
    ) -> Option<&Post> {
        let all: Vec<_> = self.departments().filter(|post| Some(post.unit) != not).collect();
        chance.one_of(&all).copied()
    }

    /// The hub of the county in which a place lies.
    pub(super) fn hub_of(&self, place: Option<&Place>) -> Option<&Post> {
        let county = place?.path.split_whitespace().next()?;
        let short: String = county.chars().take(2).collect();
        self.units().find(|post| post.kind == UnitKind::Hub && post.name.starts_with(&short))
    }

    /// Where a hub may send: the street or town of the place, or a department of the county.
    pub(super) fn below(
        &self,
        hub: &Post,
        place: Option<&Place>,
        chance: Chance<'_>,
    ) -> Option<&Post> {
        let county = hub.path.rsplit_once('.')?.0;
        let inside: Vec<_> = self
            .units()
            .filter(|post| post.unit != hub.unit && post.path.starts_with(&format!("{county}.")))
            .collect();
        let street = place.and_then(|place| place.path.split_whitespace().nth(1));
        let own = inside.iter().find(|post| street.is_some_and(|name| post.name.starts_with(name)));
        // the first department of a county is its housing bureau, which has a desk in the demonstration
        let department = inside.iter().find(|post| post.kind == UnitKind::Department);
        match (own, department, chance.percent(55)) {
            (Some(own), _, true) => Some(own),
            (_, Some(department), _) if chance.percent(60) => Some(department),
            _ => chance.one_of(&inside).copied(),
        }
    }

    /// Someone with this role; where the demonstration has nobody, someone without an account.
    pub(super) fn someone(&self, role: Role, chance: Chance<'_>) -> Actor {
        let people = self.staff.get(&role).map_or(&[][..], Vec::as_slice);
        chance.one_of(people).map_or_else(|| stranger(role, None, chance), Staff::actor)
    }

    /// Someone else with this role.
    pub(super) fn someone_but(&self, role: Role, not: &Actor, chance: Chance<'_>) -> Actor {
        let people = self.staff.get(&role).map_or(&[][..], Vec::as_slice);
        let others: Vec<_> = people.iter().filter(|one| Some(one.id) != not.staff).collect();
        chance.one_of(&others).map_or_else(|| stranger(role, None, chance), |one| one.actor())
    }

    /// A unit's clerk.
    pub(super) fn clerk(&self, post: &Post, chance: Chance<'_>) -> Actor {
        let role = if post.kind == UnitKind::Hub { Role::Hub } else { Role::Clerk };
        let people = self.staff.get(&role).map_or(&[][..], Vec::as_slice);
        let own = people
            .iter()
            .map(Staff::actor)
            .find(|actor| actor.post.as_ref().is_some_and(|own| own.unit == post.unit));
        own.unwrap_or_else(|| stranger(role, Some(post.clone()), chance))
    }

    /// A unit's leader.
    pub(super) fn leader(&self, post: &Post, chance: Chance<'_>) -> Actor {
        let people = self.staff.get(&Role::Leader).map_or(&[][..], Vec::as_slice);
        let own = people
            .iter()
            .map(Staff::actor)
            .find(|actor| actor.post.as_ref().is_some_and(|own| own.unit == post.unit));
        own.unwrap_or_else(|| stranger(Role::Leader, Some(post.clone()), chance))
    }

    /// The citizen of a part: a new one, or one who called before.
    pub(super) async fn person(
        &self,
        workflow: &Workflow,
        tx: &mut PgConnection,
        part: &Part<'_>,
        regulars: &mut Vec<PersonId>,
        chance: Chance<'_>,
    ) -> Result<Option<PersonId>, Error> {
        if part.anonymous {
            return Ok(None);
        }
        if chance.percent(12)
            && let Some(known) = chance.one_of(regulars)
        {
            return Ok(Some(*known));
        }
        let surnames: Vec<char> = SURNAMES.chars().collect();
        let surname = chance.one_of(&surnames).copied().unwrap_or('王');
        let given = chance.one_of(GIVEN).copied().unwrap_or("先生");
        // numbers of a range that is nobody's
        let number = format!("1380000{:04}", 1000 + chance.below(9000)).parse().ok();
        let identity = Identity { name: Some(format!("{surname}{given}")), number, address: None };
        let person = workflow.0.persons.find_or_add_identity(tx, &identity, true).await?;
        regulars.push(person);
        Ok(Some(person))
    }
}

/// A member of a unit who has no account in the demonstration.
fn stranger(role: Role, post: Option<Post>, chance: Chance<'_>) -> Actor {
    let name = chance.one_of(CLERKS).copied().unwrap_or("值班员").to_owned();
    Actor { staff: None, name, roles: [role].into(), post }
}
