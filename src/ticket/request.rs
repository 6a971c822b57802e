//! What the citizen asked for, as it was taken down; and a whole ticket.
use base::{CallId, CategoryId, Dice, PersonId, PlaceId, StaffId, TicketId};
use chrono::{DateTime, Utc};
use org::Actor;
use serde_json::json;
use uuid::Uuid;

use crate::New;
use crate::action::Step;
use crate::error::{Error, Refused};
use crate::flow::Rules;
use crate::history::{Entry, Event, kept};
use crate::kind::Channel;
use crate::known::Ctx;
use crate::leg::Leg;
use crate::life::{Birth, Life, RequestChange, Taken};
use crate::number::Number;
use crate::state::Stage;
use crate::steps::Fired;

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

impl Request {
    fn apply(&mut self, change: &RequestChange) {
        self.category = change.category.or(self.category);
        self.place = change.place.or(self.place);
        self.wants_reply = change.wants_reply.unwrap_or(self.wants_reply);
        self.sealed |= change.sealed;
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
    /// The life as its history tells it: the next event carries what is different.
    pub(crate) told: Option<Life>,
}

impl Ticket {
    /// A request that was just accepted, and the first event of its history.
    pub fn open(
        actor: &Actor,
        new: New,
        number: Number,
        at: DateTime<Utc>,
        rules: &Rules,
        dice: &dyn Dice,
    ) -> Result<(Self, Event), Error> {
        let at = kept(at);
        new.request.check()?;
        let id = TicketId::new(at, dice.bytes());
        let birth = Birth {
            id,
            kind: new.kind,
            urgency: new.urgency,
            reachable: new.reachable,
            draw: number.draw(),
            at,
            outside_due: new.request.outside_due,
            against: new.against,
        };
        let mut life = Life::begin(birth, rules)?;
        let mut details =
            json!({ "channel": new.request.channel.word(), "call": new.request.call });
        if let Some((entry, version, text)) = &new.answer {
            life.answer(*entry, *version, text, at)?;
            details["answer"] = json!({ "knowledge_id": entry, "version": version });
        }
        let mut ticket = Self {
            id,
            number,
            query_code: format!("{:04}", dice.below(10_000)),
            version: 1,
            request: new.request,
            life,
            since: at,
            accepted_by: actor.staff,
            profile: rules.profile.clone(),
            profile_version: rules.version,
            demo: new.demo,
            key: new.key,
            events: 0,
            chain: Vec::new(),
            told: None,
        };
        let event = ticket.record(Entry { details, ..Entry::new(at, actor, "accept") });
        Ok((ticket, event))
    }

    /// The ticket after a step, with the event that tells of it.
    pub fn advance(&self, step: &Step, ctx: &Ctx<'_>) -> Result<(Self, Event, Taken), Error> {
        let ctx = Ctx { at: kept(ctx.at), ..*ctx };
        let taken = self.life.take(step, &ctx)?;
        let mut after =
            Self { life: taken.life.clone(), version: self.version + 1, ..self.clone() };
        if after.life.stage != self.life.stage || after.life.cycle != self.life.cycle {
            after.since = ctx.at;
        }
        after.request.apply(&taken.request);
        let event = after.record(Entry {
            reason: step.reason.trim(),
            note: step.note.as_deref(),
            from: Some(self.life.stage),
            leg: taken.leg,
            details: taken.details.clone(),
            ..Entry::new(ctx.at, ctx.actor, step.action.verb().word())
        });
        Ok((after, event, taken))
    }

    /// The ticket after its deadlines were looked at, with the marks that this made.
    pub fn ticked(&self, now: DateTime<Utc>, rules: &Rules) -> (Self, Vec<Event>, Vec<Fired>) {
        let now = kept(now);
        let mut after = self.clone();
        let fired = after.life.tick(now, rules);
        let actor = Actor::system();
        let mut events = Vec::new();
        for fired in &fired {
            events.push(after.record(Entry {
                from: Some(self.life.stage),
                leg: fired.leg,
                details: fired.details(),
                ..Entry::new(now, &actor, fired.action())
            }));
        }
        let legs = self.life.legs.iter().zip(&after.life.legs);
        let signed =
            |(old, new): (&Leg, &Leg)| (!old.auto_signed && new.auto_signed).then_some(new.id);
        for leg in legs.filter_map(signed).collect::<Vec<_>>() {
            after.version += 1;
            after.since = now;
            events.push(after.record(Entry {
                from: Some(self.life.stage),
                leg: Some(leg),
                ..Entry::new(now, &actor, "auto_sign")
            }));
        }
        if self.life.stage == Stage::Suspended && after.life.stage != Stage::Suspended {
            after.version += 1;
            after.since = now;
            let from = Some(self.life.stage);
            events.push(after.record(Entry { from, ..Entry::new(now, &actor, "resume") }));
        }
        (after, events, fired)
    }

    /// Names the last thing that happened to it: what is told of it is told once.
    pub fn last_event(&self) -> String {
        format!("{}:{}", self.id, self.events)
    }

    /// The units that have or had a part in it.
    pub fn posts(&self) -> Vec<org::Post> {
        self.life.legs.iter().map(|leg| leg.unit.clone()).collect()
    }
}
