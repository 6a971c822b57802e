//! The life of a ticket, in the large. Pure: no clock, no database, no I/O.
use crate::kind::words;

words! {
    /// Where a ticket stands (工单状态).
    Stage {
        /// Taken down, waiting to be sent to a unit (已受理).
        Accepted = "accepted" "待派单",
        /// Sent to a unit that has not yet signed for it (已交办).
        Dispatched = "dispatched" "待签收",
        /// The unit has signed and works on it (办理中).
        Handling = "handling" "办理中",
        /// The unit says that it is not competent; somebody else decides (退单审核中).
        ReturnAsked = "return_asked" "退单待审",
        /// The unit has replied; the reply is checked (待审单).
        InReview = "in_review" "待审单",
        /// The reply was not good enough (补正).
        Correction = "correction" "补正中",
        /// The citizen is asked whether it was solved (待回访).
        InFollowUp = "in_follow_up" "待回访",
        /// Not satisfied once more: work again, or close (不满意待判).
        Disputed = "disputed" "不满意待判",
        /// The outcome stands (已办结).
        Closed = "closed" "已办结",
        /// Not the hotline's to deal with; the legal way was told (不予受理).
        NotAccepted = "not_accepted" "不予受理",
        /// Withdrawn by the citizen (已撤单).
        Cancelled = "cancelled" "已撤单",
        /// A meeting names the unit, and that binds (会商裁定).
        InArbitration = "in_arbitration" "会商裁定中",
        /// A long-term matter, set aside until a date; the clocks pause (挂账).
        Suspended = "suspended" "挂账",
        /// The unit proposes that nothing more can be done (最终答复审核).
        FinalReview = "final_review" "最终答复审核",
        /// The citizen wishes to withdraw; somebody else confirms (撤单待核).
        Withdrawal = "withdrawal" "撤单待核",
        /// With another platform, whose feedback is waited for (已转出).
        TransferredOut = "transferred_out" "已转出",
        /// Goes with another ticket of the same matter (已并单).
        Merged = "merged" "已并单",
        /// Filed: read only (已归档).
        Archived = "archived" "已归档",
    }
}

/// What happens to the ticket as a whole when a step is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    Dispatch,
    Sign,
    AskReturn,
    GrantReturn,
    RefuseReturn,
    Reply,
    /// Passed, and the citizen is to be asked.
    Pass,
    /// Passed, and nobody is to be asked.
    PassAndClose,
    SendBack,
    /// Nobody answered.
    Miss,
    /// The citizen says it is done, or was tried often enough.
    Settle,
    Dispute,
    /// The rating that ended it is doubted: the citizen is asked once more.
    AskAgain,
    Rework,
    Close,
    /// Answered at once from the knowledge base (直接答复).
    Answer,
    RefuseToAccept,
    /// Granted, and nobody but a meeting can say whose it is.
    Refer,
    /// A meeting has named the unit.
    Arbitrate,
    /// Another unit, without waiting for the first.
    Reassign,
    Suspend,
    Resume,
    AskFinal,
    /// The final reply stands.
    Final,
    AskWithdrawal,
    /// Confirmed: the citizen is asked as at any end.
    ConfirmWithdrawal,
    /// Withdrawn for good.
    Withdraw,
    /// Not so: back to where it stood.
    Back(Stage),
    TransferOut,
    /// The other platform has it.
    OutsideTook,
    OutsideRefused,
    Merge,
    Unmerge,
    /// The parent's reply passed, and this citizen is to be asked.
    ParentAnswered,
    /// The parent's reply passed, and nobody is to be asked.
    ParentAnsweredAndClose,
    Archive,
}

#[cfg(test)]
impl Move {
    /// Every one, for the drawing.
    pub(crate) fn all() -> Vec<(&'static str, Self)> {
        let mut all = vec![
            ("派单", Self::Dispatch),
            ("签收", Self::Sign),
            ("申请退单", Self::AskReturn),
            ("同意退单", Self::GrantReturn),
            ("不同意退单", Self::RefuseReturn),
            ("答复", Self::Reply),
            ("通过", Self::Pass),
            ("通过，无须回访", Self::PassAndClose),
            ("退回补正", Self::SendBack),
            ("未接通", Self::Miss),
            ("回访", Self::Settle),
            ("不满意", Self::Dispute),
            ("评价存疑", Self::AskAgain),
            ("重办", Self::Rework),
            ("办结", Self::Close),
            ("直接答复", Self::Answer),
            ("告知法定途径", Self::RefuseToAccept),
            ("同意退单，会商", Self::Refer),
            ("会商裁定", Self::Arbitrate),
            ("改派", Self::Reassign),
            ("挂账", Self::Suspend),
            ("恢复办理", Self::Resume),
            ("申请最终答复", Self::AskFinal),
            ("最终答复", Self::Final),
            ("申请撤单", Self::AskWithdrawal),
            ("确认撤单", Self::ConfirmWithdrawal),
            ("撤单", Self::Withdraw),
            ("转出", Self::TransferOut),
            ("对方办结", Self::OutsideTook),
            ("对方退回", Self::OutsideRefused),
            ("并单", Self::Merge),
            ("拆分", Self::Unmerge),
            ("主单答复", Self::ParentAnswered),
            ("主单答复，无须回访", Self::ParentAnsweredAndClose),
            ("归档", Self::Archive),
        ];
        all.extend(Stage::ALL.iter().map(|stage| ("退回原环节", Self::Back(*stage))));
        all
    }
}

impl Stage {
    /// Every legal step, one per line. What is not here is refused.
    pub fn after(self, step: Move) -> Option<Self> {
        use {Move as M, Stage as S};
        Some(match (self, step) {
            (S::Accepted, M::Dispatch) => S::Dispatched,
            (S::Accepted, M::Answer) => S::Closed,
            (S::Accepted, M::RefuseToAccept) => S::NotAccepted,
            (S::Accepted, M::TransferOut) => S::TransferredOut,
            (S::TransferredOut, M::OutsideTook) => S::Closed,
            (S::TransferredOut, M::OutsideRefused) => S::Accepted,
            (S::Dispatched, M::Sign) => S::Handling,
            (S::Dispatched | S::Handling, M::Reassign) => S::Dispatched,
            (S::Handling, M::AskReturn) => S::ReturnAsked,
            (S::ReturnAsked, M::GrantReturn) => S::Accepted,
            (S::ReturnAsked, M::Refer) => S::InArbitration,
            (S::ReturnAsked, M::RefuseReturn) => S::Handling,
            (S::Accepted | S::ReturnAsked | S::InArbitration, M::Arbitrate) => S::Dispatched,
            (S::Handling, M::Suspend) => S::Suspended,
            (S::Suspended, M::Resume) => S::Handling,
            (S::Handling | S::Correction, M::Reply) => S::InReview,
            (S::InReview, M::SendBack) => S::Correction,
            (S::InReview, M::Pass) => S::InFollowUp,
            (S::InReview, M::PassAndClose) => S::Closed,
            (S::InFollowUp, M::Miss) => S::InFollowUp,
            (S::InFollowUp, M::Settle) => S::Closed,
            (S::InFollowUp, M::Dispute) => S::Disputed,
            (S::Closed, M::AskAgain) => S::InFollowUp,
            (S::InFollowUp | S::Disputed | S::Closed, M::Rework) => S::Dispatched,
            (S::Disputed, M::Close) => S::Closed,
            (S::Handling | S::Disputed, M::AskFinal) => S::FinalReview,
            (S::FinalReview, M::Final) => S::Closed,
            (S::FinalReview, M::Back(to @ (S::Handling | S::Disputed))) => to,
            (from, M::AskWithdrawal) if from.can_be_withdrawn() => S::Withdrawal,
            (S::Withdrawal, M::ConfirmWithdrawal) => S::InFollowUp,
            (S::Withdrawal | S::InFollowUp, M::Withdraw) => S::Cancelled,
            (S::Withdrawal | S::InFollowUp, M::Back(to)) if to.can_be_withdrawn() => to,
            (from, M::Merge) if from.can_be_merged() => S::Merged,
            (S::Merged, M::Unmerge) => S::Accepted,
            (S::Merged, M::ParentAnswered) => S::InFollowUp,
            (S::Merged, M::ParentAnsweredAndClose) => S::Closed,
            (S::Closed | S::NotAccepted | S::Cancelled, M::Archive) => S::Archived,
            _ => return None,
        })
    }

    /// Nothing more is to be done, unless it is taken up again.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Closed | Self::NotAccepted | Self::Cancelled | Self::Archived)
    }

    /// Before the unit's reply lies on the table, the citizen may think again.
    pub fn can_be_withdrawn(self) -> bool {
        matches!(
            self,
            Self::Accepted
                | Self::Dispatched
                | Self::Handling
                | Self::ReturnAsked
                | Self::InArbitration
        )
    }

    /// Until its reply is checked it may join another ticket of the same matter.
    pub fn can_be_merged(self) -> bool {
        matches!(
            self,
            Self::Accepted
                | Self::Dispatched
                | Self::Handling
                | Self::ReturnAsked
                | Self::InArbitration
                | Self::Correction
                | Self::InReview
        )
    }

    /// A unit has it in hand.
    pub fn is_with_unit(self) -> bool {
        matches!(self, Self::Dispatched | Self::Handling | Self::Correction)
    }
}

words! {
    /// Where a unit's part stands (办理环节状态).
    LegState {
        Dispatched = "dispatched" "待签收",
        Handling = "handling" "办理中",
        ReturnAsked = "return_asked" "退单待审",
        Replied = "replied" "已答复",
        Correction = "correction" "补正中",
        /// The reply waits for the unit's leader (单位审核中).
        InApproval = "in_approval" "单位审核中",
        /// Sent back as not competent.
        Returned = "returned" "已退单",
        /// Ended with the ticket.
        Done = "done" "已完成",
        /// Ended from outside: withdrawn, or closed above it.
        Recalled = "recalled" "已收回",
    }
}

/// What happens to a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegMove {
    Sign,
    AskReturn,
    GrantReturn,
    RefuseReturn,
    Reply,
    /// Written, for the unit's leader to approve.
    Submit,
    Approve,
    /// The unit's leader does not approve.
    Disapprove,
    SendBack,
    Finish,
    Recall,
}

impl LegState {
    /// Every legal step of a leg, one per line.
    pub fn after(self, step: LegMove) -> Option<Self> {
        use {LegMove as M, LegState as S};
        Some(match (self, step) {
            (S::Dispatched, M::Sign) => S::Handling,
            (S::Handling, M::AskReturn) => S::ReturnAsked,
            (S::ReturnAsked, M::GrantReturn) => S::Returned,
            (S::ReturnAsked, M::RefuseReturn) => S::Handling,
            (S::Handling | S::Correction, M::Reply) => S::Replied,
            (S::Handling | S::Correction, M::Submit) => S::InApproval,
            (S::InApproval, M::Approve) => S::Replied,
            (S::InApproval, M::Disapprove) => S::Correction,
            (S::Replied, M::SendBack) => S::Correction,
            (S::Replied, M::Finish) => S::Done,
            (
                S::Dispatched
                | S::Handling
                | S::ReturnAsked
                | S::InApproval
                | S::Replied
                | S::Correction,
                M::Recall,
            ) => S::Recalled,
            _ => return None,
        })
    }

    /// The unit still has to do something.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::Dispatched
                | Self::Handling
                | Self::ReturnAsked
                | Self::InApproval
                | Self::Correction
        )
    }
}
