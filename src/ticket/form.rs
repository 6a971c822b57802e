//! What the form of each step asks for: the console draws it from here.
use serde::Serialize;

use crate::action::Verb;
use crate::kind::{Kind, Satisfaction, Solved, Urgency};
use crate::review::{Code, Facts};
use crate::side::{Level, Outside};

/// One thing that a step needs to be told, for a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    /// `text`, `long_text`, `unit`, `units`, `bool`, `number`, `time`, `date`, `choice`, `choices`,
    /// `ticket` or `attachments`; `category`, `place`, `call`, `leg` and `checklist` as named.
    pub kind: &'static str,
    pub required: bool,
    pub options: Vec<Choice>,
}

/// One of several answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub value: &'static str,
    pub label: &'static str,
}

fn field(name: &'static str, label: &'static str, kind: &'static str, required: bool) -> Field {
    Field { name, label, kind, required, options: Vec::new() }
}

fn choice(name: &'static str, label: &'static str, required: bool, options: Vec<Choice>) -> Field {
    Field { options, ..field(name, label, "choice", required) }
}

/// The words of one of our enums, as choices.
macro_rules! choices {
    ($of:ty) => {
        <$of>::ALL.iter().map(|one| Choice { value: one.word(), label: one.label() }).collect()
    };
}

impl Verb {
    /// What the form of this step asks for.
    #[expect(clippy::too_many_lines, reason = "a table: one form a step")]
    pub fn fields(self) -> Vec<Field> {
        match self {
            Self::Dispatch => vec![
                field("unit_id", "主办单位", "unit", true),
                field("assisting", "协办单位", "units", false),
                field("reason", "派单说明", "text", false),
            ],
            Self::NotAccept => vec![
                field("path", "法定途径", "text", true),
                field("reason", "理由", "long_text", true),
            ],
            Self::Sign => vec![],
            Self::Return => vec![
                field("reason", "退单理由和依据", "long_text", true),
                field("unit_id", "建议承办单位", "unit", false),
            ],
            Self::DecideReturn => vec![
                field("approve", "同意退单", "bool", true),
                field("unit_id", "改派单位", "unit", false),
                field("reason", "审核意见", "text", true),
            ],
            Self::Reply => vec![
                field("text", "答复内容", "long_text", true),
                choice("facts", "是否属实", false, choices!(Facts)),
                field("basis", "法律政策依据", "text", false),
                field("contacted", "已联系诉求人", "bool", false),
                field("contacted_at", "联系时间", "time", false),
                field("how", "联系方式", "text", false),
                choice("solved", "办理结果", true, choices!(Solved)),
                field("plan_date", "计划完成日期", "date", false),
                field("public_text", "公开答复内容", "long_text", false),
                field("attachments", "佐证材料", "attachments", false),
            ],
            Self::Approve => vec![
                field("approve", "同意报送", "bool", true),
                field("missing", "需修改内容", "long_text", false),
            ],
            Self::AskExtension => vec![
                field("days", "延期工作日数", "number", true),
                field("contacted_at", "告知诉求人时间", "time", false),
                field("how", "联系方式", "text", false),
                field("reason", "延期理由", "long_text", true),
            ],
            Self::DecideExtension => vec![
                field("approve", "同意延期", "bool", true),
                field("reason", "审核意见", "text", false),
            ],
            Self::Review => vec![
                field("pass", "通过", "bool", true),
                field("checklist", "核对清单", "checklist", false),
                Field { kind: "choices", ..choice("codes", "退回原因", false, choices!(Code)) },
                field("missing", "需补正内容", "long_text", false),
            ],
            Self::FollowUp => vec![
                field("reached", "已接通", "bool", true),
                field("contacted", "承办单位是否联系过您", "bool", false),
                choice("solved", "问题是否解决", false, choices!(Solved)),
                choice("satisfaction", "满意度", false, choices!(Satisfaction)),
                field("words", "诉求人原话", "long_text", false),
                field("not_true", "反馈不属实", "bool", false),
            ],
            Self::Arbitrate | Self::Reassign => vec![
                field("unit_id", "主办单位", "unit", true),
                field("assisting", "协办单位", "units", false),
                field("reason", "理由", "long_text", true),
            ],
            Self::Assist => vec![
                field("unit_ids", "协办单位", "units", true),
                field("reason", "理由", "text", true),
            ],
            Self::Contact => vec![
                field("at", "联系时间", "time", false),
                field("how", "联系方式", "text", false),
                field("reached", "已联系上", "bool", true),
                field("call_id", "平台通话", "call", false),
                field("attachment_id", "联系凭证", "attachments", false),
            ],
            Self::AskSuspension => vec![
                field("until", "挂账至", "date", true),
                field("cause", "挂账事由", "text", true),
                field("reason", "情况说明", "long_text", true),
            ],
            Self::DecideSuspension => vec![
                field("approve", "同意挂账", "bool", true),
                field("review_at", "复核日期", "date", false),
                field("reason", "审批意见", "text", true),
            ],
            Self::RenewSuspension => vec![
                field("review_at", "下次复核日期", "date", true),
                field("reason", "理由", "text", true),
            ],
            Self::AskChange => vec![
                choice("kind", "诉求类型", false, choices!(Kind)),
                choice("urgency", "紧急程度", false, choices!(Urgency)),
                field("wants_reply", "需要回复", "bool", false),
                field("reason", "理由", "text", true),
            ],
            Self::DecideChange => vec![
                field("approve", "同意变更", "bool", true),
                field("retroactive", "从受理时起重算时限", "bool", false),
                field("reason", "审核意见", "text", true),
            ],
            Self::Recategorise => vec![
                field("category_id", "诉求类别", "category", true),
                field("place_id", "地点", "place", false),
                field("reason", "理由", "text", true),
            ],
            Self::AskWithdrawal => vec![
                field("call_id", "诉求人来电", "call", true),
                field("words", "诉求人原话", "long_text", true),
            ],
            Self::DecideWithdrawal => decision("同意撤单"),
            Self::AskFinal => vec![
                field("text", "最终答复内容", "long_text", true),
                field("basis", "法律政策依据", "text", true),
                field("reason", "理由", "long_text", true),
            ],
            Self::DecideFinal => decision("同意最终答复"),
            Self::Oversee => vec![
                choice("level", "督办级别", true, choices!(Level)),
                field("days", "答复工作日数", "number", false),
                field("reason", "督办事由", "long_text", true),
            ],
            Self::AnswerOversight => vec![field("text", "督办回复", "long_text", true)],
            Self::Merge => vec![
                field("parent_id", "并入工单", "ticket", true),
                field("reason", "理由", "text", true),
            ],
            Self::TransferOut => vec![
                choice("to", "转往", true, choices!(Outside)),
                field("outside_number", "对方编号", "text", false),
                field("reason", "理由", "text", true),
            ],
            Self::OutsideFeedback => vec![
                field("taken", "对方已受理办结", "bool", true),
                field("text", "反馈内容", "long_text", true),
            ],
            Self::Flag => vec![
                field("mass", "群体性诉求", "bool", true),
                field("headcount", "人数", "number", false),
                field("reason", "理由", "text", true),
            ],
            Self::PhoneNotice => vec![
                field("leg_id", "办理环节", "leg", false),
                field("who", "接收人", "text", true),
                field("call_id", "通话", "call", false),
            ],
            Self::Urge
            | Self::Rework
            | Self::Close
            | Self::Resume
            | Self::LiftOversight
            | Self::Unmerge => vec![field("reason", "理由", "text", true)],
        }
    }
}

fn decision(label: &'static str) -> Vec<Field> {
    vec![field("approve", label, "bool", true), field("reason", "审核意见", "text", true)]
}
