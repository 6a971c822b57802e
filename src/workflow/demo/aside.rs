//! The ways beside the straight one: withdrawing, setting aside, final replies, oversight, arbitration.
use org::{Actor, Role};
use ticket::{Action, Leg, Runs, Satisfaction, Solved, Stage};

use super::plan::Course;
use super::story::{Story, send};
use super::texts::RETURN_REASONS;

impl Story<'_, '_> {
    /// The citizen withdraws by the page; somebody confirms it, and the citizen is asked.
    pub(super) fn withdrawn(&mut self, supervisor: &Actor) -> Option<()> {
        let words = "问题已经自行解决，不用再办了".to_owned();
        self.must(&Actor::citizen(), Action::AskWithdrawal { call_id: None, words }, "")?;
        self.wait(Runs::Hotline, 20, 200);
        let opinion = "经核实为诉求人本人意愿";
        self.must(supervisor, Action::DecideWithdrawal { approve: true }, opinion)?;
        self.wait(Runs::Hotline, 60, 500);
        let caller = self.cast.someone(Role::FollowUp, self.chance);
        self.must(&caller, answer(true, None, None, "是我自己要求撤回的"), "")
    }

    /// What a unit may do instead of answering.
    pub(super) fn set_aside(&mut self, leg: &Leg, clerk: &Actor) -> Option<()> {
        let supervisor = self.cast.someone(Role::Supervisor, self.chance);
        match self.part.course {
            Course::Until(Stage::Suspended) => {
                let until = self.play.rules().day_of(self.part.now) + chrono::Days::new(90);
                let cause = self.play.rules().suspension.causes.first()?.clone();
                let reason = "需纳入下一年度改造计划，资金尚未落实";
                self.must(clerk, Action::AskSuspension { until, cause }, reason)?;
                self.wait(Runs::Hotline, 20, 200);
                let action = Action::DecideSuspension { approve: true, review_at: None };
                self.must(&supervisor, action, "情况属实，同意挂账并按期复核")
            }
            Course::Until(Stage::FinalReview) | Course::Final => {
                let leader = self.cast.leader(&leg.unit, self.chance);
                let text = "经多次核查并告知，该诉求无政策依据，现作最终答复。".to_owned();
                let basis = "本部门职责规定及相关政策".to_owned();
                let reason = "同一诉求已两次答复，无新的事实";
                self.must(&leader, Action::AskFinal { text, basis }, reason)?;
                self.wait(Runs::Hotline, 20, 200);
                let action = Action::DecideFinal { approve: true };
                self.must(&supervisor, action, "程序完备，依据充分，同意")?;
                None
            }
            Course::Overseen => {
                let officer = self.cast.someone(Role::Oversight, self.chance);
                let action = Action::Oversee { level: ticket::Level::Order, days: Some(2) };
                self.must(&officer, action, "市领导批示：请限期解决并反馈")?;
                None
            }
            _ => Some(()),
        }
    }

    /// Two units in turn say that it is not theirs: a meeting has to name one.
    pub(super) fn quarrelled(&mut self, dispatcher: &Actor) -> Option<()> {
        for turn in 0..2 {
            let leg = self.lead()?;
            let clerk = self.cast.clerk(&leg.unit, self.chance);
            self.sign(leg.id, &clerk, false)?;
            self.wait(Runs::Office, 5, 60);
            let reason = self.words(RETURN_REASONS);
            self.must(&clerk, Action::Return { unit_id: None }, &reason)?;
            self.wait(Runs::Hotline, 5, 30);
            let other = self.cast.someone_but(Role::Dispatcher, dispatcher, self.chance);
            let action = Action::DecideReturn { approve: true, unit_id: None };
            self.must(&other, action, "情况属实，同意退单")?;
            if turn == 0 {
                self.wait(Runs::Hotline, 5, 30);
                let unit = self.cast.another_department(Some(leg.unit.unit), self.chance)?.clone();
                self.must(dispatcher, send(&unit), "退单后改派")?;
            }
        }
        None
    }
}

pub(super) fn answer(
    reached: bool,
    solved: Option<Solved>,
    satisfaction: Option<Satisfaction>,
    words: &str,
) -> Action {
    Action::FollowUp {
        reached,
        contacted: Some(solved != Some(Solved::No)),
        solved,
        satisfaction,
        words: words.to_owned(),
        not_true: false,
        call_id: None,
    }
}
