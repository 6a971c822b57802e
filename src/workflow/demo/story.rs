//! How requests usually go on, and how to bring one to where it is wanted.
use base::LegId;
use chrono::{DateTime, TimeDelta, Utc};
use org::{Actor, Post, Role, UnitKind};
use ticket::{Action, Leg, LegState, Runs, Satisfaction, Solved, Stage, Step};

use super::aside::answer;
use super::cast::Cast;
use super::plan::{Chance, Course, Part};
use super::play::Play;
use super::texts::{BAD_WORDS, EXTENSION_REASONS, GOOD_WORDS, MISSING, RETURN_REASONS};

/// Lives a request's life up to now, or to where its course ends.
pub(super) fn live(play: &mut Play<'_>, cast: &Cast, part: &Part<'_>, chance: Chance<'_>) {
    let quick = part.course != Course::Natural;
    let mut story = Story { play, cast, part, chance, at: part.at, quick };
    if story.begin().is_some() && story.with_unit().is_some() {
        let _ = story.after_reply(); // a story may end anywhere
    }
}

pub(super) struct Story<'a, 'b> {
    pub play: &'a mut Play<'b>,
    pub cast: &'a Cast,
    pub part: &'a Part<'a>,
    pub chance: Chance<'a>,
    pub at: DateTime<Utc>,
    pub quick: bool,
}

impl Story<'_, '_> {
    /// Time passes: in the hours of whoever acts next, or just a little.
    pub(super) fn wait(&mut self, runs: Runs, from: i64, to: i64) {
        if self.quick {
            self.at += self.chance.minutes(8, 26);
        } else {
            let by = self.chance.minutes(from, to);
            self.at = self.play.later(runs, self.at, by);
        }
    }

    /// A step that the story needs; none ends it. So does the stage at which it is to stop.
    pub(super) fn must(&mut self, actor: &Actor, action: Action, reason: &str) -> Option<()> {
        let taken = self.play.step(self.at, actor, &Step::because(action, reason));
        let enough = self.part.course == Course::Until(self.play.stage());
        (taken && !enough).then_some(())
    }

    /// A step that may as well not be taken.
    pub(super) fn may(&mut self, actor: &Actor, action: Action, reason: &str) {
        self.play.step(self.at, actor, &Step::because(action, reason));
    }

    fn begin(&mut self) -> Option<()> {
        let course = self.part.course;
        if matches!(course, Course::Until(Stage::Accepted) | Course::Alike) {
            return None;
        }
        let urgent = self.play.ticket.life.urgency != ticket::Urgency::Normal;
        if urgent {
            self.wait(Runs::Always, 2, 14);
        } else if self.chance.percent(3) {
            self.wait(Runs::Hotline, 250, 420); // the hotline, too, is late now and then
        } else {
            self.wait(Runs::Hotline, 4, 150);
        }
        let supervisor = self.cast.someone(Role::Supervisor, self.chance);
        let asked = course == Course::Until(Stage::Withdrawal);
        if course == Course::Withdrawn
            || asked
            || (course == Course::Natural && self.chance.percent(1))
        {
            return self.withdrawn(&supervisor);
        }
        let dispatcher = self.cast.someone(Role::Dispatcher, self.chance);
        if course == Course::Until(Stage::TransferredOut) {
            let to = ticket::Outside::SubCentre;
            let action = Action::TransferOut { to, outside_number: None };
            self.may(&dispatcher, action, "属分中心受理范围");
            return None;
        }
        if course == Course::NotAccepted || (course == Course::Natural && self.chance.percent(1)) {
            let path = "已进入诉讼程序的事项，请依法通过人民法院解决".to_owned();
            self.may(&dispatcher, Action::NotAccept { path }, "不属于热线受理范围");
            return None;
        }
        let unit = self.target()?.clone();
        self.must(&dispatcher, send(&unit), "")?;
        if course == Course::Until(Stage::InArbitration) {
            return self.quarrelled(&dispatcher);
        }
        self.maybe_returned(&dispatcher)
    }

    /// The unit answers; where the profile asks for it, its leader lets it go.
    fn answered(&mut self, clerk: &Actor) -> Option<()> {
        let (reply, at) = (self.reply(), self.at - TimeDelta::minutes(40));
        if self.play.ticket.life.reachable && self.chance.percent(90) {
            let proof = Some(self.play.proof());
            let contact = Action::Contact {
                at: Some(at.max(self.play.ticket.life.accepted_at)),
                how: Some("电话".to_owned()),
                reached: true,
                call_id: None,
                attachment_id: proof,
            };
            self.may(clerk, contact, "");
        }
        self.must(clerk, reply, "")?;
        let Some(leg) = self.lead().filter(|leg| leg.state == LegState::InApproval) else {
            return Some(());
        };
        if self.part.course == Course::InApproval {
            return None;
        }
        self.wait(Runs::Office, 10, 90);
        let leader = self.cast.leader(&leg.unit, self.chance);
        self.must(&leader, Action::Approve { approve: true, missing: None }, "")
    }

    /// The county's hub where the matter is local, else the usual unit.
    fn target(&self) -> Option<&Post> {
        let hub_only =
            matches!(self.part.course, Course::AtHub | Course::BelowHub | Course::BackAtHub);
        let local =
            hub_only || (self.part.theme.by_county && !self.quick && self.chance.percent(65));
        let hub = self.cast.hub_of(self.part.place).filter(|_| local);
        let category = self.cast.category(self.part.theme.category);
        hub.or_else(|| self.cast.usual_unit(category, self.chance))
    }

    pub(super) fn lead(&self) -> Option<Leg> {
        self.play.ticket.life.lead().cloned()
    }

    fn maybe_returned(&mut self, dispatcher: &Actor) -> Option<()> {
        let wanted = self.part.course == Course::Until(Stage::ReturnAsked);
        if !wanted && (self.quick || !self.chance.percent(6)) {
            return Some(());
        }
        let leg = self.lead()?;
        let clerk = self.cast.clerk(&leg.unit, self.chance);
        self.sign(leg.id, &clerk, false)?;
        self.wait(Runs::Office, 5, 60);
        let reason = self.words(RETURN_REASONS);
        self.may(&clerk, Action::Return { unit_id: None }, &reason);
        match self.play.stage() {
            Stage::ReturnAsked if !wanted => {}
            Stage::ReturnAsked => return None,
            _ => return Some(()), // too late to return: the unit works on it
        }
        self.wait(Runs::Hotline, 20, 200);
        let other = self.cast.someone_but(Role::Dispatcher, dispatcher, self.chance);
        let approve = self.chance.percent(70);
        let opinion = if approve {
            "情况属实，同意退单"
        } else {
            "经核实属你单位职责，不同意退单"
        };
        self.must(&other, Action::DecideReturn { approve, unit_id: None }, opinion)?;
        if approve {
            self.wait(Runs::Hotline, 5, 60);
            let unit = self.cast.another_department(Some(leg.unit.unit), self.chance)?.clone();
            self.must(dispatcher, send(&unit), "退单后改派")?;
        }
        Some(())
    }

    /// Signing, working, answering.
    fn with_unit(&mut self) -> Option<()> {
        let leg = self.lead()?;
        let clerk = self.cast.clerk(&leg.unit, self.chance);
        if self.part.course == Course::AtHub {
            return None;
        }
        if leg.state == LegState::Dispatched {
            let forgets = !self.quick && self.chance.percent(5);
            self.sign(leg.id, &clerk, forgets)?;
        }
        if self.part.course == Course::Late {
            return None;
        }
        self.set_aside(&leg, &clerk)?;
        if leg.unit.kind == UnitKind::Hub {
            self.relayed(&leg, &clerk)?;
        }
        if self.part.course == Course::ExtensionAsked || (!self.quick && self.chance.percent(6)) {
            self.wait(Runs::Office, 60, 500);
            let reason = self.words(EXTENSION_REASONS);
            let days = 1 + u32::try_from(self.chance.below(2)).unwrap_or_default();
            self.may(
                &clerk,
                Action::AskExtension { days, contacted_at: Some(self.at), how: None },
                &reason,
            );
            if self.part.course == Course::ExtensionAsked {
                return None;
            }
            if self.play.ticket.life.extension.is_some() {
                self.wait(Runs::Hotline, 20, 180);
                let dispatcher = self.cast.someone(Role::Dispatcher, self.chance);
                let approve = self.chance.percent(75);
                self.may(&dispatcher, Action::DecideExtension { approve }, "");
            }
        }
        if !self.quick && self.chance.percent(6) {
            self.wait(Runs::Office, 100, 600);
            let agent = self.cast.someone(Role::Agent, self.chance);
            self.may(&agent, Action::Urge {}, "诉求人再次来电催办");
        }
        self.work_until_due();
        self.answered(&clerk)
    }

    /// The unit signs; when it does not, the system does at the deadline.
    pub(super) fn sign(&mut self, leg: LegId, clerk: &Actor, forgets: bool) -> Option<()> {
        let urgent = self.play.ticket.life.urgency != ticket::Urgency::Normal;
        self.wait(Runs::Office, 6, if urgent { 24 } else { 240 });
        if !forgets {
            self.may(clerk, Action::Sign {}, "");
        }
        let found =
            |play: &Play<'_>| play.ticket.life.legs.iter().find(|one| one.id == leg).cloned();
        let unsigned = found(self.play).filter(|leg| leg.state == LegState::Dispatched);
        if let Some(due) = unsigned.and_then(|leg| leg.sign_due) {
            self.at = self.at.max(due + TimeDelta::minutes(2));
            self.play.let_pass(self.at);
        }
        let signed = found(self.play).is_some_and(|leg| leg.state == LegState::Handling);
        let enough = self.part.course == Course::Until(self.play.stage());
        (signed && !enough).then_some(())
    }

    /// The hub sends on; the street or the bureau answers to it.
    fn relayed(&mut self, leg: &Leg, hub: &Actor) -> Option<()> {
        self.wait(Runs::Office, 10, 90);
        let below = self.cast.below(&leg.unit, self.part.place, self.chance)?.clone();
        self.must(hub, send(&below), "请按职责办理")?;
        let clerk = self.cast.clerk(&below, self.chance);
        if self.part.course == Course::BelowHub && self.chance.percent(50) {
            return None;
        }
        let child = self.play.ticket.life.legs.last()?.id;
        self.sign(child, &clerk, false)?;
        if self.part.course == Course::BelowHub {
            return None;
        }
        self.wait(Runs::Office, 200, 900);
        self.must(&clerk, self.reply(), "")?;
        if self.part.course == Course::BackAtHub {
            return None;
        }
        Some(())
    }

    /// Most answer well before the due, some at the last hour, a few after it.
    fn work_until_due(&mut self) {
        let Some(leg) = self.lead() else { return };
        if self.quick {
            self.wait(Runs::Office, 0, 0);
            return;
        }
        let percent = match self.chance.below(100) {
            0..=6 => 103 + self.chance.below(40),
            7..=20 => 88 + self.chance.below(11),
            _ => 20 + self.chance.below(65),
        };
        let percent = i32::try_from(percent).unwrap_or(50);
        let natural = self.play.ticket.life.urgency != ticket::Urgency::Normal;
        let from = leg.dispatched_at;
        let done = match self.play.rules().calendar(Runs::Office).filter(|_| !natural) {
            Some(office) => {
                let whole = office.elapsed(from, leg.due_at);
                office.add(from, whole * percent / 100).unwrap_or(leg.due_at)
            }
            None => from + (leg.due_at - from) * percent / 100,
        };
        self.at = done.max(self.at + TimeDelta::minutes(5));
    }

    fn after_reply(&mut self) -> Option<()> {
        let reviewer = self.cast.someone(Role::Reviewer, self.chance);
        let leg = self.lead()?;
        let clerk = self.cast.clerk(&leg.unit, self.chance);
        self.wait(Runs::Hotline, 15, 320);
        let wanted = self.part.course == Course::Until(Stage::Correction);
        if wanted || (!self.quick && self.chance.percent(9)) {
            let missing = self.words(MISSING);
            self.must(&reviewer, Action::send_back(&missing), "")?;
            self.wait(Runs::Office, 40, 200);
            self.answered(&clerk)?;
            self.wait(Runs::Hotline, 15, 200);
        }
        self.must(&reviewer, Action::pass(), "")?;
        let caller = self.cast.someone(Role::FollowUp, self.chance);
        let mut tries = 0;
        while self.play.stage() == Stage::InFollowUp && tries < 3 {
            tries += 1;
            self.wait(Runs::Hotline, 60, 700);
            let action = self.what_the_citizen_says();
            if !self.play.step(self.at, &caller, &Step::new(action)) {
                return None;
            }
            if self.part.course == Course::Until(self.play.stage()) {
                return None;
            }
        }
        match self.play.stage() {
            Stage::Dispatched if self.part.course != Course::Reworked => self.again(),
            Stage::Disputed => {
                self.wait(Runs::Hotline, 60, 400);
                let supervisor = self.cast.someone(Role::Supervisor, self.chance);
                self.must(&supervisor, Action::Close {}, "已向诉求人解释政策依据，按最终答复办结")
            }
            _ => None,
        }
    }

    /// The second cycle.
    fn again(&mut self) -> Option<()> {
        self.with_unit()?;
        self.after_reply()
    }

    fn what_the_citizen_says(&self) -> Action {
        let life = &self.play.ticket.life;
        let course = self.part.course;
        let unhappy = match course {
            Course::Reworked | Course::Until(Stage::Disputed) => true,
            Course::Until(_) => false,
            _ => self.chance.percent(if life.cycle == 1 { 9 } else { 20 }),
        };
        if !unhappy && !self.quick && self.chance.percent(8) {
            return answer(false, None, None, "");
        }
        if unhappy {
            let words = self.words(BAD_WORDS);
            let very = self.chance.percent(30);
            let grade =
                if very { Satisfaction::VeryDissatisfied } else { Satisfaction::Dissatisfied };
            return answer(true, Some(Solved::No), Some(grade), &words);
        }
        let (solved, grade) = match self.chance.below(100) {
            0..=44 => (Solved::Yes, Satisfaction::VerySatisfied),
            45..=74 => (Solved::Yes, Satisfaction::Satisfied),
            75..=86 => (Solved::Yes, Satisfaction::Fairly),
            87..=94 => (Solved::Partly, Satisfaction::Fairly),
            _ => (Solved::Yes, Satisfaction::Declined),
        };
        answer(true, Some(solved), Some(grade), &self.words(GOOD_WORDS))
    }

    fn reply(&self) -> Action {
        let solved = match self.chance.below(100) {
            0..=79 => Solved::Yes,
            80..=93 => Solved::Partly,
            _ => Solved::No,
        };
        let plan = self.play.rules().day_of(self.at) + chrono::Days::new(20);
        Action::Reply {
            text: self.words(self.part.matter.replies),
            contacted: self.play.ticket.life.reachable,
            contacted_at: Some(self.at - TimeDelta::minutes(40)),
            how: Some("电话".to_owned()),
            solved,
            facts: Some(ticket::Facts::True),
            basis: Some("《信访工作条例》及本部门职责规定".to_owned())
                .filter(|_| self.needs_basis()),
            public_text: None,
            attachments: Vec::new(),
            plan_date: (solved != Solved::Yes).then_some(plan),
        }
    }

    fn needs_basis(&self) -> bool {
        self.play.ticket.life.kind == ticket::Kind::Report || self.chance.percent(40)
    }

    pub(super) fn words(&self, texts: &[&str]) -> String {
        self.chance.one_of(texts).copied().unwrap_or("已办理。").to_owned()
    }
}

pub(super) fn send(unit: &Post) -> Action {
    Action::Dispatch { unit_id: unit.unit, assisting: Vec::new() }
}
