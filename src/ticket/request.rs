//! What the citizen asked for, as it was taken down; and a whole ticket.
use base::{CallId, CategoryId, PersonId, PlaceId, StaffId, TicketId};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::error::Refused;
use crate::kind::Channel;
use crate::life::Life;
use crate::number::Number;

/// The request itself (诉求).
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub title: String,
    pub content: String,
    pub category: Option<CategoryId>,
    pub place: Option<PlaceId>,
    pub address: String,
    /// Whose it is; the name and the number lie sealed elsewhere.
    pub person: Option<PersonId>,
    /// 举报人信息保密: units never learn who.
    pub sealed: bool,
    pub wants_reply: bool,
    pub channel: Channel,
    /// Which platform, for a request entered by hand.
    pub source: Option<String>,
    pub outside_number: Option<String>,
    pub outside_due: Option<DateTime<Utc>>,
    pub call: Option<CallId>,
}

impl Request {
    /// Says what cannot be kept.
    pub fn check(&self) -> Result<(), Refused> {
        let length = |text: &str| text.trim().chars().count();
        let bad = |why: &str| Err(Refused::Bad(why.to_owned()));
        match (length(&self.title), length(&self.content)) {
            (0, _) => bad("请填写标题"),
            (_, 0) => bad("请填写诉求内容"),
            (101.., _) => bad("标题不能超过100个字"),
            (_, 5001..) => bad("诉求内容不能超过5000个字"),
            _ if length(&self.address) > 200 => bad("地址不能超过200个字"),
            _ => Ok(()),
        }
    }
}

/// A ticket (工单).
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    pub id: TicketId,
    pub number: Number,
    /// What a citizen needs beside the number.
    pub query_code: String,
    /// Counts the steps: what somebody saw is what the next step starts from.
    pub version: i64,
    pub request: Request,
    pub life: Life,
    /// When it came to where it stands.
    pub since: DateTime<Utc>,
    pub accepted_by: Option<StaffId>,
    /// The rules it began with.
    pub profile: String,
    pub profile_version: i32,
    pub demo: bool,
    pub(crate) key: Uuid,
    pub(crate) events: i32,
    pub(crate) chain: Vec<u8>,
}

impl Ticket {
    /// Names the last thing that happened to it: what is told of it is told once.
    pub fn last_event(&self) -> String {
        format!("{}:{}", self.id, self.events)
    }

    /// The units that have or had a part in it.
    pub fn posts(&self) -> Vec<org::Post> {
        self.life.legs.iter().map(|leg| leg.unit.clone()).collect()
    }
}
