use serde::{Deserialize, Serialize};

use crate::unit::words;
use crate::{Actor, Error, Post};

/// What someone is here to do. A person may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers calls and accepts requests (话务员).
    Agent,
    /// Leads a shift of agents (班长).
    Supervisor,
    /// Sends tickets to units (派单员).
    Dispatcher,
    /// Checks units' replies (审单员).
    Reviewer,
    /// Asks citizens whether it was solved (回访员).
    FollowUp,
    /// Watches over late and disputed matters, marks and escalates (督办员).
    Oversight,
    /// Relays for a county (区县热线中心).
    Hub,
    /// Handles for a unit (承办单位经办人).
    Clerk,
    /// Approves for a unit (单位审核领导).
    Leader,
    /// Keeps people and settings (管理员).
    Administrator,
}

words!(Role {
    Agent = "agent",
    Supervisor = "supervisor",
    Dispatcher = "dispatcher",
    Reviewer = "reviewer",
    FollowUp = "follow_up",
    Oversight = "oversight",
    Hub = "hub",
    Clerk = "clerk",
    Leader = "leader",
    Administrator = "administrator",
});

impl Role {
    /// In the order of a ticket's way.
    pub const ALL: [Self; 10] = [
        Self::Agent,
        Self::Supervisor,
        Self::Dispatcher,
        Self::Reviewer,
        Self::FollowUp,
        Self::Oversight,
        Self::Hub,
        Self::Clerk,
        Self::Leader,
        Self::Administrator,
    ];

    /// The hotline's own staff see the whole city; units see what is theirs.
    pub fn is_city_wide(self) -> bool {
        !self.is_unit_side()
    }

    /// Whether this role works for a unit and needs one.
    pub fn is_unit_side(self) -> bool {
        matches!(self, Self::Hub | Self::Clerk | Self::Leader)
    }

    /// What it is called on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Agent => "话务员",
            Self::Supervisor => "班长",
            Self::Dispatcher => "派单员",
            Self::Reviewer => "审单员",
            Self::FollowUp => "回访员",
            Self::Oversight => "督办员",
            Self::Hub => "区县热线中心",
            Self::Clerk => "承办单位经办人",
            Self::Leader => "承办单位审核领导",
            Self::Administrator => "管理员",
        }
    }
}

/// What one may do to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    // calls
    TakeCalls,
    /// Hear a recording, read a transcript (听录音).
    Listen,
    SeeFloor,
    // tickets
    ReadTicket,
    /// Accept a request, add to one (受理、追加).
    Accept,
    Dispatch,
    Sign,
    /// Ask to send back (申请退单).
    Return,
    DecideReturn,
    Reply,
    /// Approve what a unit sends out (单位审核).
    Approve,
    AskExtension,
    DecideExtension,
    Review,
    FollowUp,
    Urge,
    Rework,
    Close,
    Cancel,
    /// Name the unit that binds after a meeting (会商裁定).
    Arbitrate,
    /// Ask for a long-term matter to be set aside (申请挂账).
    AskSuspension,
    /// Grant, renew and end that (挂账审批).
    DecideSuspension,
    /// Ask for another kind, urgency or "wants a reply" (类型变更).
    AskChange,
    /// Decide on it; never who asked (类型变更审核).
    DecideChange,
    /// Confirm that the citizen withdraws (撤单审核).
    DecideWithdrawal,
    /// Propose a final reply (申请最终答复).
    AskFinal,
    /// Let it stand (最终答复审核).
    DecideFinal,
    /// Mark, order, escalate (督办).
    Oversee,
    /// Join requests for one matter, and part them again (并单).
    Merge,
    /// Hand to another platform, take its feedback (转出).
    TransferOut,
    /// Write down a contact with the citizen (联系诉求人).
    Contact,
    // data
    /// Take a list out of the house (导出).
    Export,
    /// Bring units, people, places or knowledge in (导入).
    Import,
    /// Keep categories, dispatch catalogue, places and templates (基础数据).
    EditCatalogue,
    /// See a citizen's name and number (查看诉求人).
    RevealPerson,
    // the house
    ManagePeople,
    EditKnowledge,
    ReadAudit,
}

/// What is to be seen or changed: the city's own matter, or one that units have a part in.
#[derive(Debug, Clone, Copy)]
pub enum Thing<'a> {
    /// The hotline's own, or a matter that is with no unit: only city-wide roles.
    City,
    /// The units whose part the step is about. For reading: all that ever had a part.
    Units(&'a [Post]),
}

/// Someone may not do this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{actor}无权进行此操作")]
pub struct Denied {
    pub actor: String,
    pub right: Right,
}

/// Whether `actor` may do this to that thing: the one place where rights are decided. Lists use
/// the same [`crate::Range`] as a condition.
pub fn can(actor: &Actor, right: Right, thing: Thing<'_>) -> Result<(), Denied> {
    let roles: Vec<_> = right.roles().collect();
    // A role reaches as far as it alone would: a clerk who also answers calls may read the whole city,
    // but signs only for the own unit.
    let allowed = acts_as(actor, &roles, thing);
    if allowed { Ok(()) } else { Err(Denied { actor: actor.name.clone(), right }) }
}

/// Whether one of these roles, where the actor has it, reaches that thing: for steps that a profile
/// gives to other roles than the table does.
pub fn acts_as(actor: &Actor, roles: &[Role], thing: Thing<'_>) -> bool {
    let units: &[Post] = match thing {
        Thing::City => &[],
        Thing::Units(units) => units,
    };
    let mut own = roles.iter().filter(|role| actor.roles.contains(role));
    own.any(|role| Actor { roles: [*role].into(), ..actor.clone() }.range().covers(units))
}

impl Right {
    /// The roles that the table gives it to.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| grants(*role, self))
    }
}

/// The table of rights. Limits that depend on the thing's state or past (whoever dispatched may not
/// review) belong to the ticket's own steps.
fn grants(role: Role, right: Right) -> bool {
    use Right as D;
    use Role as R;
    match right {
        D::TakeCalls => matches!(role, R::Agent),
        D::Listen => {
            matches!(role, R::Agent | R::Supervisor | R::Dispatcher | R::Reviewer | R::FollowUp)
        }
        D::SeeFloor => matches!(role, R::Supervisor | R::Administrator),
        D::ReadTicket => true,
        D::Accept => matches!(role, R::Agent | R::Dispatcher | R::Supervisor),
        D::Dispatch => matches!(role, R::Dispatcher | R::Supervisor | R::Hub),
        D::Sign | D::Return | D::Reply | D::AskExtension => {
            matches!(role, R::Clerk | R::Leader | R::Hub | R::Supervisor)
        }
        D::Approve => matches!(role, R::Leader | R::Supervisor),
        D::DecideReturn | D::DecideExtension => {
            matches!(role, R::Dispatcher | R::Supervisor | R::Hub)
        }
        D::Review => matches!(role, R::Reviewer | R::Supervisor),
        D::FollowUp | D::Rework | D::Close => matches!(role, R::FollowUp | R::Supervisor),
        D::Urge => matches!(
            role,
            R::Agent
                | R::Dispatcher
                | R::Reviewer
                | R::FollowUp
                | R::Oversight
                | R::Supervisor
                | R::Hub
        ),
        D::Cancel => matches!(role, R::Agent | R::Dispatcher | R::Supervisor),
        D::Arbitrate | D::DecideSuspension | D::DecideWithdrawal | D::DecideFinal => {
            matches!(role, R::Supervisor)
        }
        D::AskSuspension | D::AskFinal => {
            matches!(role, R::Clerk | R::Leader | R::Hub | R::Supervisor)
        }
        D::AskChange => matches!(role, R::Agent | R::Dispatcher | R::Reviewer | R::Supervisor),
        D::DecideChange => matches!(role, R::Dispatcher | R::Supervisor),
        D::Oversee => matches!(role, R::Oversight | R::Supervisor),
        D::Merge | D::TransferOut => matches!(role, R::Dispatcher | R::Supervisor),
        D::Contact => {
            matches!(role, R::Clerk | R::Leader | R::Hub | R::Agent | R::FollowUp | R::Supervisor)
        }
        D::Export => !matches!(role, R::Agent),
        D::Import => matches!(role, R::Administrator),
        D::EditCatalogue => matches!(role, R::Administrator | R::Supervisor),
        D::RevealPerson => role != R::Administrator,
        D::ManagePeople | D::ReadAudit => matches!(role, R::Administrator),
        D::EditKnowledge => matches!(role, R::Supervisor | R::Administrator),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, UnitKind};
    use base::UnitId;
    use uuid::Uuid;

    fn post(id: u128, path: &str, kind: UnitKind) -> Post {
        let unit = UnitId::from_uuid(Uuid::from_u128(id));
        Post { unit, path: path.to_owned(), name: "单位".to_owned(), level: Level::County, kind }
    }

    fn actor(roles: &[Role], post: Option<Post>) -> Actor {
        Actor { roles: roles.iter().copied().collect(), post, ..Actor::citizen() }
    }

    #[test]
    fn a_clerk_signs_for_the_own_unit_and_for_no_other() {
        let own = post(1, "001.002", UnitKind::Department);
        let other = post(2, "001.003", UnitKind::Department);
        let clerk = actor(&[Role::Clerk], Some(own.clone()));
        assert!(can(&clerk, Right::Sign, Thing::Units(&[own])).is_ok());
        assert!(can(&clerk, Right::Sign, Thing::Units(&[other])).is_err());
    }

    #[test]
    fn answering_calls_too_gives_a_clerk_no_right_to_sign_elsewhere() {
        let own = post(1, "001.002", UnitKind::Department);
        let other = post(2, "001.003", UnitKind::Department);
        let both = actor(&[Role::Clerk, Role::Agent], Some(own));
        assert!(can(&both, Right::ReadTicket, Thing::Units(std::slice::from_ref(&other))).is_ok());
        assert!(can(&both, Right::Sign, Thing::Units(&[other])).is_err());
    }

    #[test]
    fn a_hub_dispatches_inside_its_county_only() {
        let hub = actor(&[Role::Hub], Some(post(1, "001.004.001", UnitKind::Hub)));
        let inside = post(2, "001.004.007", UnitKind::Street);
        let outside = post(3, "001.005.001", UnitKind::Street);
        assert!(can(&hub, Right::Dispatch, Thing::Units(&[inside])).is_ok());
        assert!(can(&hub, Right::Dispatch, Thing::Units(&[outside])).is_err());
        assert!(can(&hub, Right::Dispatch, Thing::City).is_err());
    }

    #[test]
    fn an_agent_may_not_dispatch_review_or_close() {
        let agent = actor(&[Role::Agent], None);
        for right in [Right::Dispatch, Right::Review, Right::Close, Right::ManagePeople] {
            assert!(can(&agent, right, Thing::City).is_err(), "{right:?}");
        }
        assert!(can(&agent, Right::Accept, Thing::City).is_ok());
    }

    #[test]
    fn a_unit_hears_no_recording() {
        let own = post(1, "001.002", UnitKind::Department);
        let clerk = actor(&[Role::Clerk, Role::Leader], Some(own.clone()));
        assert!(can(&clerk, Right::Listen, Thing::Units(&[own])).is_err());
    }

    #[test]
    fn someone_without_a_role_may_do_nothing() {
        for right in [Right::ReadTicket, Right::RevealPerson, Right::TakeCalls] {
            assert!(can(&actor(&[], None), right, Thing::City).is_err());
        }
    }

    #[test]
    fn every_role_has_a_word_that_leads_back_to_it() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
        }
    }
}
