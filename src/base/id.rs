use chrono::{DateTime, Utc};
use uuid::{Builder, Uuid};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "db", derive(sqlx::Type), sqlx(transparent))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A UUID of version 7. Time and randomness come from outside, so a simulation can repeat them.
            pub fn new(at: DateTime<Utc>, random: [u8; 10]) -> Self {
                let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
                Self(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// One telephone call, all its legs together (通话).
    CallId
    /// A person who answers calls (话务员).
    AgentId
    /// Anyone who signs in (工作人员).
    StaffId
    /// A ticket (工单).
    TicketId
    /// An administrative unit at any of the three levels (承办单位).
    UnitId
    /// A citizen, whose name and number lie sealed in one table (诉求人).
    PersonId
    /// One unit's part in a ticket (办理环节).
    LegId
    /// A kind of request in the tree of categories (诉求类别).
    CategoryId
    /// A district, street, community or road (地点).
    PlaceId
    /// An entry of the knowledge base (知识条目).
    KnowledgeId
    /// A message to a citizen or a unit (通知).
    NoticeId
}

impl From<StaffId> for AgentId {
    /// An agent is a member of staff at a telephone: one identity, two hats.
    fn from(id: StaffId) -> Self {
        Self(id.0)
    }
}

impl From<AgentId> for StaffId {
    fn from(id: AgentId) -> Self {
        Self(id.0)
    }
}
