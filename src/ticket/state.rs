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
    Rework,
    Close,
    /// Answered at once from the knowledge base (直接答复).
    Answer,
    RefuseToAccept,
    Cancel,
}

impl Stage {
    /// Every legal step, one per line. What is not here is refused.
    pub fn after(self, step: Move) -> Option<Self> {
        use {Move as M, Stage as S};
        Some(match (self, step) {
            (S::Accepted, M::Dispatch) => S::Dispatched,
            (S::Accepted, M::Answer) => S::Closed,
            (S::Accepted, M::RefuseToAccept) => S::NotAccepted,
            (S::Dispatched, M::Sign) => S::Handling,
            (S::Handling, M::AskReturn) => S::ReturnAsked,
            (S::ReturnAsked, M::GrantReturn) => S::Accepted,
            (S::ReturnAsked, M::RefuseReturn) => S::Handling,
            (S::Handling | S::Correction, M::Reply) => S::InReview,
            (S::InReview, M::SendBack) => S::Correction,
            (S::InReview, M::Pass) => S::InFollowUp,
            (S::InReview, M::PassAndClose) => S::Closed,
            (S::InFollowUp, M::Miss) => S::InFollowUp,
            (S::InFollowUp, M::Settle) => S::Closed,
            (S::InFollowUp, M::Dispute) => S::Disputed,
            (S::InFollowUp | S::Disputed | S::Closed, M::Rework) => S::Dispatched,
            (S::Disputed, M::Close) => S::Closed,
            (S::Accepted | S::Dispatched | S::Handling | S::ReturnAsked, M::Cancel) => S::Cancelled,
            _ => return None,
        })
    }

    /// Nothing more is to be done, unless it is taken up again.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Closed | Self::NotAccepted | Self::Cancelled)
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
            (S::Replied, M::SendBack) => S::Correction,
            (S::Replied, M::Finish) => S::Done,
            (
                S::Dispatched | S::Handling | S::ReturnAsked | S::Replied | S::Correction,
                M::Recall,
            ) => S::Recalled,
            _ => return None,
        })
    }

    /// The unit still has to do something.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Dispatched | Self::Handling | Self::ReturnAsked | Self::Correction)
    }
}
