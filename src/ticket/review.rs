//! The check of a reply (审单): the list that the reviewer goes through, the coded reasons for
//! sending back, and what the system finds by itself. Pure; the reviewer decides.
use serde::{Deserialize, Serialize};

use crate::kind::{Solved, words};
use crate::leg::Reply;
use crate::life::Life;
use crate::state::LegState;

words! {
    /// Whether the facts are as the citizen told them (是否属实).
    Facts {
        True = "true" "属实",
        Partly = "partly" "部分属实",
        Untrue = "untrue" "不属实",
        None = "none" "不涉及",
    }
}

words! {
    /// Why a reply is sent back (退回原因).
    Code {
        NotContacted = "R01" "未联系",
        BesideThePoint = "R02" "答非所问",
        FactsUnclear = "R03" "事实不清",
        NoBasis = "R04" "无依据",
        NoEvidence = "R05" "证据不足",
        Leaks = "R06" "泄露信息",
        PromiseWithoutDate = "R07" "承诺无期限",
        ShiftsBlame = "R08" "推诿",
        NotApproved = "R09" "未签批",
        PartsOpen = "R10" "子单未结",
    }
}

/// What the reviewer looked at (审单清单).
#[expect(clippy::struct_excessive_bools, reason = "a list of questions")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checklist {
    /// Every point of the request is answered.
    pub answered: bool,
    /// A law or rule is named.
    pub basis: bool,
    /// The citizen was contacted.
    pub contacted: bool,
    /// There is evidence.
    pub evidence: bool,
    /// A result, or a plan with its date.
    #[serde(alias = "plan")]
    pub result: bool,
    pub tone: bool,
}

impl Checklist {
    /// Nothing is missing.
    pub fn is_met(self) -> bool {
        self.answered && self.basis && self.contacted && self.evidence && self.result && self.tone
    }
}

/// Something that the system found in a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub code: &'static str,
    pub text: String,
}

impl Life {
    /// What is noticeable in the lead unit's reply, for whoever reviews it. `request` is what the
    /// citizen asked, `sealed` whether the citizen must stay unknown.
    pub fn review_findings(&self, request: &str, sealed: bool, approval: bool) -> Vec<Finding> {
        let Some(leg) = self.lead() else { return Vec::new() };
        let Some(reply) = &leg.reply else { return Vec::new() };
        let mut found = Vec::new();
        let mut add = |code: Code, text: &str| {
            found.push(Finding { code: code.word(), text: text.to_owned() });
        };
        let proved = self.side.contacts.iter().any(|contact| contact.proved);
        if self.reachable && !reply.contacted && self.side.contacts.is_empty() {
            add(Code::NotContacted, "没有联系诉求人的记录");
        } else if self.reachable && !proved {
            add(Code::NotContacted, "联系情况为单位自填，无平台通话或凭证");
        }
        if !shares_words(request, &reply.text) {
            add(Code::BesideThePoint, "答复与诉求内容没有共同的要点");
        }
        if reply.facts.is_none() {
            add(Code::FactsUnclear, "未填写是否属实");
        }
        let cites = |text: &str| {
            ["法", "条例", "规定", "办法", "标准", "《"].iter().any(|w| text.contains(w))
        };
        if reply.basis.as_deref().is_none_or(|basis| basis.trim().is_empty()) && !cites(&reply.text)
        {
            add(Code::NoBasis, "未引用法律、法规或政策依据");
        }
        if reply.attachments.is_empty() {
            add(Code::NoEvidence, "未上传佐证材料");
        }
        for text in std::iter::once(&reply.text).chain(&reply.public_text) {
            if has_personal_number(text) {
                add(Code::Leaks, "答复中有疑似电话或身份证号码");
            } else if sealed && ["举报人", "投诉人是", "来电人是"].iter().any(|w| text.contains(w))
            {
                add(Code::Leaks, "保密工单的答复提到了举报人");
            }
        }
        if promises_without_date(reply) {
            add(Code::PromiseWithoutDate, "承诺办理但没有完成日期");
        }
        if shifts_blame(&reply.text) {
            add(Code::ShiftsBlame, "答复有推诿表述");
        }
        if approval && reply.approved_by.is_none() {
            add(Code::NotApproved, "答复未经单位领导签批");
        }
        let id = leg.id;
        let open = |other: &crate::leg::Leg| {
            (other.parent == Some(id) || (other.parent.is_none() && !other.lead))
                && other.cycle == self.cycle
                && other.state.is_open()
                && other.state != LegState::Returned
        };
        if self.legs.iter().any(open) {
            add(Code::PartsOpen, "还有协办或下级环节未办结");
        }
        found
    }
}

/// Two letters in a row that request and reply have in common: without any, it answers something else.
fn shares_words(request: &str, reply: &str) -> bool {
    let letters: Vec<char> = request.chars().filter(|c| c.is_alphanumeric()).collect();
    letters.len() < 4 || letters.windows(2).any(|pair| reply.contains(&String::from_iter(pair)))
}

/// A mobile number, a landline with its area code or an identity card number.
pub(crate) fn has_personal_number(text: &str) -> bool {
    let mut run = String::new();
    for letter in text.chars().chain(['。']) {
        if letter.is_ascii_digit() || (letter == 'X' && run.len() == 17) {
            run.push(letter);
            continue;
        }
        let mobile = run.len() == 11 && run.starts_with('1') && !run.starts_with("12");
        let landline = matches!(run.len(), 10..=12) && run.starts_with('0');
        if mobile || landline || run.len() == 18 || run.len() == 15 {
            return true;
        }
        run.clear();
    }
    false
}

/// Says that it will be done, and not when.
fn promises_without_date(reply: &Reply) -> bool {
    let text = &reply.text;
    let words = [
        "将尽快",
        "将会",
        "将于近期",
        "近期",
        "下一步将",
        "后续将",
        "争取",
        "力争",
        "尽快解决",
        "尽快处理",
    ];
    let promised = words.iter().any(|word| text.contains(word)) || reply.solved == Solved::Partly;
    let dated = text
        .chars()
        .zip(text.chars().skip(1))
        .any(|(a, b)| a.is_ascii_digit() && matches!(b, '日' | '月' | '天' | '年' | '个'));
    promised && !dated && reply.plan_date.is_none()
}

fn shifts_blame(text: &str) -> bool {
    [
        "不属于我",
        "不归我",
        "不是我单位职责",
        "非我单位职责",
        "请向其他",
        "请联系其他",
        "建议您自行",
        "与我单位无关",
        "不在我单位",
    ]
    .iter()
    .any(|word| text.contains(word))
}
