//! What stands beside a ticket's straight way: requests that wait for a decision, oversight,
//! contacts with the citizen, the tie to other tickets. Pure data, kept as one document.
use base::{CallId, LegId, StaffId, TicketId, UnitId};
use chrono::{DateTime, NaiveDate, Utc};
use org::{Actor, Post};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kind::{Kind, Urgency, words};
use crate::leg::Reply;
use crate::state::Stage;

/// Who asked, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub by: Option<StaffId>,
    pub name: String,
    pub at: DateTime<Utc>,
    pub reason: String,
}

impl Asked {
    pub(crate) fn new(actor: &Actor, at: DateTime<Utc>, reason: &str) -> Self {
        let (name, reason) = (actor.name.clone(), reason.trim().to_owned());
        Self { by: actor.staff, name, at, reason }
    }
}

/// A unit asks to set a long-term matter aside (申请挂账).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspensionAsk {
    pub leg: LegId,
    pub until: NaiveDate,
    pub cause: String,
    pub asked: Asked,
}

/// Set aside until a date, looked at again before (挂账).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    pub until: DateTime<Utc>,
    pub review_at: DateTime<Utc>,
    pub cause: String,
    pub since: DateTime<Utc>,
}

/// Another kind, urgency or "wants a reply" was asked for (类型变更).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeAsk {
    pub kind: Option<Kind>,
    pub urgency: Option<Urgency>,
    pub wants_reply: Option<bool>,
    pub asked: Asked,
}

/// The citizen wishes to withdraw (撤单).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// In the citizen's own words.
    pub words: String,
    /// The recorded call; none when it came by the page with number and code.
    pub call_id: Option<CallId>,
    pub asked: Asked,
    /// Where the ticket stood, and stands again if it is not so.
    pub from: Stage,
    /// Somebody else has confirmed it; the citizen is asked as at any end.
    pub confirmed: bool,
}

/// The unit's leader proposes that nothing more can be done (最终答复).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalAsk {
    pub text: String,
    /// The law or rule that it rests on.
    pub basis: String,
    pub asked: Asked,
    pub from: Stage,
}

words! {
    /// How strongly a matter is watched (督办级别), the mildest first.
    Level {
        Notice = "notice" "提醒",
        Yellow = "yellow" "黄牌",
        Red = "red" "红牌",
        /// With an answer and a limit of its own (督办单).
        Order = "order" "督办单",
        Meeting = "meeting" "市级会办",
    }
}

words! {
    /// Why a matter is watched (督办原因).
    Cause {
        SoonDue = "soon_due" "即将到期",
        Late = "late" "超期未办结",
        ReturnedTwice = "returned_twice" "两次退单",
        SecondCorrection = "second_correction" "二次补正",
        DissatisfiedTwice = "dissatisfied_twice" "两次不满意",
        FalseContact = "false_contact" "虚假联系",
        FalseWithdrawal = "false_withdrawal" "撤单不属实",
        /// A leader's note, the media, a mass incident: in the reason's words.
        Ordered = "ordered" "人工督办",
    }
}

/// One mark or order (督办).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oversight {
    pub id: Uuid,
    pub level: Level,
    pub cause: Cause,
    pub reason: String,
    /// None: by the system.
    pub by: Option<StaffId>,
    pub name: String,
    pub at: DateTime<Utc>,
    /// Until when an order is to be answered.
    pub due_at: Option<DateTime<Utc>>,
    pub answer: Option<String>,
    pub answered_at: Option<DateTime<Utc>>,
    pub answered_by: Option<StaffId>,
    pub lifted_at: Option<DateTime<Utc>>,
}

impl Oversight {
    /// Still standing.
    pub fn is_open(&self) -> bool {
        self.lifted_at.is_none()
    }

    /// Waits for the unit's answer.
    pub fn wants_answer(&self) -> bool {
        self.is_open()
            && matches!(self.level, Level::Order | Level::Meeting)
            && self.answer.is_none()
    }
}

/// One contact with the citizen (联系诉求人).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub at: DateTime<Utc>,
    pub how: String,
    pub reached: bool,
    pub call_id: Option<CallId>,
    pub attachment_id: Option<Uuid>,
    /// By a call of the platform or uploaded proof; else it is only said (自填).
    pub proved: bool,
    pub unit: Option<UnitId>,
    pub leg: Option<LegId>,
    pub name: String,
}

/// Handed to another platform (转出).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub to: Outside,
    pub outside_number: Option<String>,
    pub at: DateTime<Utc>,
    pub name: String,
}

words! {
    /// Where a matter can be handed to.
    Outside {
        Police = "110" "110",
        Province = "province" "省平台",
        OtherCity = "other_city" "外地热线",
        SubCentre = "sub_centre" "分中心",
    }
}

/// The unit was told by telephone (电话交办).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneNotice {
    pub leg: LegId,
    /// Who took it at the unit.
    pub who: String,
    pub call_id: Option<CallId>,
    pub at: DateTime<Utc>,
    pub name: String,
}

/// A unit that is complained about (被投诉单位): it and all below it never handle, assist or read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Against {
    pub post: Post,
    /// One level up, where such a matter goes.
    pub above: Option<String>,
}

impl Against {
    /// Whether a unit is the one complained about, or below it.
    pub fn is_meant(&self, unit: &Post) -> bool {
        let path = &self.post.path;
        unit.path == *path
            || unit.path.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('.'))
    }
}

/// The citizen rated by the page (网页评价): once for each cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageRating {
    pub cycle: i16,
    pub at: DateTime<Utc>,
    /// One of many from one address: the citizen is asked again.
    pub doubted: bool,
}

/// Everything of a life that is not its straight way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Side {
    pub suspension_ask: Option<SuspensionAsk>,
    pub suspension: Option<SetAside>,
    /// Days that it was set aside before, counted against the cap.
    pub suspended_days: i64,
    pub change: Option<ChangeAsk>,
    pub withdrawal: Option<Withdrawal>,
    /// A withdrawal that the citizen did not want.
    pub withdrawal_refuted: bool,
    pub final_ask: Option<FinalAsk>,
    pub oversights: Vec<Oversight>,
    pub contacts: Vec<Contact>,
    pub transfer: Option<Transfer>,
    pub parent: Option<TicketId>,
    pub children: Vec<TicketId>,
    /// What the parent's unit replied, and which unit: a child answers with it.
    pub parent_reply: Option<Reply>,
    pub led_by: Option<Post>,
    /// A mass incident or hot topic (群体性诉求).
    pub mass: bool,
    pub headcount: Option<u32>,
    pub phone_notices: Vec<PhoneNotice>,
    /// How often the citizen was not content.
    pub dissatisfied: i16,
    /// The unit said that it had contacted the citizen, and the citizen says no (虚假联系).
    pub false_contact: bool,
    /// Called again about it within thirty days of a direct answer: not solved then.
    pub called_again: Option<TicketId>,
    /// The same matter had its final reply before.
    pub final_before: Option<TicketId>,
    pub rated_by_page: Option<PageRating>,
}

impl Side {
    /// The strongest standing mark.
    pub fn oversight(&self) -> Option<Level> {
        self.oversights.iter().filter(|one| one.is_open()).map(|one| one.level).max()
    }

    /// A contact that nothing proves.
    pub fn has_self_reported(&self) -> bool {
        !self.contacts.is_empty() && self.contacts.iter().all(|contact| !contact.proved)
    }

    /// What the page said is one of many ratings from one address.
    pub fn is_rating_doubted(&self) -> bool {
        self.rated_by_page.as_ref().is_some_and(|rated| rated.doubted)
    }

    /// Was confirmed to be withdrawn.
    pub fn is_withdrawn(&self) -> bool {
        self.withdrawal.as_ref().is_some_and(|withdrawal| withdrawal.confirmed)
    }

    /// The requests that wait for a decision, as words for lists.
    pub fn asks(&self) -> Vec<String> {
        let all = [
            ("suspension", self.suspension_ask.is_some()),
            ("change", self.change.is_some()),
            ("oversight", self.oversights.iter().any(Oversight::wants_answer)),
        ];
        all.iter().filter(|(_, on)| *on).map(|(word, _)| (*word).to_owned()).collect()
    }
}
