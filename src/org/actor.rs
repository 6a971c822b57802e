use std::collections::BTreeSet;

use base::StaffId;

use crate::{Level, Post, Range, Role, UnitKind};

/// Who does something: a member of staff, or nobody in particular (the system at a deadline,
/// a citizen on the public page).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// `None` for the system and for citizens.
    pub staff: Option<StaffId>,
    /// As history shows it.
    pub name: String,
    pub roles: BTreeSet<Role>,
    pub post: Option<Post>,
}

impl Actor {
    /// The system itself, at a deadline: a name for the history. Has no rights; what a deadline does is
    /// not asked of [`crate::can`].
    pub fn system() -> Self {
        Self { staff: None, name: "系统".to_owned(), roles: BTreeSet::new(), post: None }
    }

    /// A citizen on the public page. Has no rights over what the staff see.
    pub fn citizen() -> Self {
        Self { staff: None, name: "市民".to_owned(), roles: BTreeSet::new(), post: None }
    }

    /// Whether this is one of the person's roles.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether at least one of these is.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has(*role))
    }

    /// What this person may see. The widest of the roles counts.
    pub fn range(&self) -> Range {
        if self.roles.iter().any(|role| role.is_city_wide()) {
            return Range::City;
        }
        let Some(post) = &self.post else { return Range::Nothing };
        if self.has(Role::Hub) && post.kind == UnitKind::Hub && post.level == Level::County {
            // A hub stands beside its county's departments and townships, below the county.
            return post
                .path
                .rsplit_once('.')
                .map_or(Range::Nothing, |(county, _)| Range::below(county));
        }
        if self.has_any(&[Role::Hub, Role::Clerk, Role::Leader]) {
            return Range::Unit(post.unit);
        }
        Range::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::UnitId;
    use uuid::Uuid;

    fn at(kind: UnitKind, level: Level, role: Role) -> Actor {
        let unit = UnitId::from_uuid(Uuid::from_u128(7));
        let post = Post { unit, path: "001.004.001".to_owned(), name: String::new(), level, kind };
        Actor { roles: [role].into(), post: Some(post), ..Actor::citizen() }
    }

    #[test]
    fn a_hub_sees_its_whole_county() {
        let hub = at(UnitKind::Hub, Level::County, Role::Hub);
        assert_eq!(hub.range(), Range::below("001.004"));
    }

    #[test]
    fn a_clerk_sees_the_own_unit_only() {
        let clerk = at(UnitKind::Department, Level::City, Role::Clerk);
        assert_eq!(clerk.range(), Range::Unit(UnitId::from_uuid(Uuid::from_u128(7))));
    }

    #[test]
    fn a_second_role_at_the_hotline_widens_the_range_to_the_city() {
        let mut clerk = at(UnitKind::Department, Level::City, Role::Clerk);
        clerk.roles.insert(Role::Reviewer);
        assert_eq!(clerk.range(), Range::City);
    }

    #[test]
    fn a_citizen_and_the_system_see_no_list() {
        assert_eq!(Actor::citizen().range(), Range::Nothing);
        assert_eq!(Actor::system().range(), Range::Nothing);
    }
}
