//! The lists that can be exported. Each is asked as a person asks it, by the same handler: what it
//! hides from them it hides from the file, too.
use axum::extract::State;
use chrono::DateTime;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{
    App, Error, Json, Query, Viewer, callbacks, calls, days, knowledge, notices, people, tickets,
};

/// A list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Tickets,
    Calls,
    People,
    Knowledge,
    Callbacks,
    Notices,
    Audit,
}

/// Rows of one page: what is in memory at once.
const PAGE: i64 = 100;

type Page = (Vec<Value>, Option<String>);

impl List {
    pub(super) fn from_word(word: &str) -> Result<Self, Error> {
        Ok(match word {
            "tickets" => Self::Tickets,
            "calls" => Self::Calls,
            "people" => Self::People,
            "knowledge" => Self::Knowledge,
            "callbacks" => Self::Callbacks,
            "notices" => Self::Notices,
            "audit" => Self::Audit,
            other => return Err(Error::invalid("bad_list", format!("没有列表 {other}"))),
        })
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Tickets => "工单",
            Self::Calls => "通话",
            Self::People => "人员",
            Self::Knowledge => "知识",
            Self::Callbacks => "回拨",
            Self::Notices => "通知",
            Self::Audit => "审计",
        }
    }

    /// A field of the list's rows, as a JSON pointer, and its heading.
    fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Tickets => &[
                ("/number", "工单编号"),
                ("/title", "标题"),
                ("/kind", "诉求类型"),
                ("/urgency", "紧急程度"),
                ("/state_label", "状态"),
                ("/unit_name", "承办单位"),
                ("/district", "区域"),
                ("/channel", "来源渠道"),
                ("/created_at", "受理时间"),
                ("/promise_at", "答复期限"),
                ("/due_at", "办理期限"),
                ("/ended_at", "办结时间"),
                ("/left_text", "剩余"),
                ("/late", "超期"),
                ("/flags", "标记"),
                ("/secrecy", "保密"),
            ],
            Self::Calls => &[
                ("/started_at", "开始时间"),
                ("/direction", "方向"),
                ("/hotline_number", "热线号码"),
                ("/hotline_name", "热线"),
                ("/caller_masked", "主叫（脱敏）"),
                ("/agent_name", "话务员"),
                ("/answered_at", "接听时间"),
                ("/ended_at", "结束时间"),
                ("/wait_secs", "等待（秒）"),
                ("/talk_secs", "通话（秒）"),
                ("/ending", "结束方式"),
                ("/outcome", "通话结果"),
                ("/ticket_number", "工单编号"),
                ("/rating", "评价"),
            ],
            Self::People => &[
                ("/number", "工号"),
                ("/name", "登录名"),
                ("/display_name", "姓名"),
                ("/roles", "角色"),
                ("/unit/name", "单位"),
                ("/skills", "技能"),
                ("/disabled", "停用"),
            ],
            Self::Knowledge => &[
                ("/title", "标题"),
                ("/answer", "答复"),
                ("/issuer", "发布单位"),
                ("/version", "版本"),
                ("/valid_until", "有效期至"),
                ("/expired", "已过期"),
            ],
            Self::Callbacks => &[
                ("/caller_masked", "主叫（脱敏）"),
                ("/hotline_name", "热线"),
                ("/missed_at", "漏接时间"),
                ("/due_at", "回拨期限"),
                ("/tries", "漏接次数"),
                ("/state", "状态"),
            ],
            Self::Notices => &[
                ("/at", "时间"),
                ("/kind", "方式"),
                ("/template", "模板"),
                ("/to_masked", "收件人（脱敏）"),
                ("/text", "内容"),
                ("/segments", "条数"),
                ("/state", "状态"),
                ("/why", "原因"),
                ("/sent_at", "发送时间"),
            ],
            Self::Audit => &[
                ("/at", "时间"),
                ("/actor", "人员"),
                ("/act", "行为"),
                ("/thing", "对象"),
                ("/thing_id", "对象编号"),
                ("/reason", "理由"),
            ],
        }
    }

    pub(super) fn columns(self) -> &'static [&'static str] {
        use std::sync::LazyLock;
        static ALL: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
            let all = [
                List::Tickets,
                List::Calls,
                List::People,
                List::Knowledge,
                List::Callbacks,
                List::Notices,
                List::Audit,
            ];
            all.iter().map(|list| list.fields().iter().map(|(_, name)| *name).collect()).collect()
        });
        &ALL[self as usize]
    }

    /// A row's cells, in the order of the columns.
    pub(super) fn cells(self, app: &App, item: &Value) -> Vec<String> {
        self.fields().iter().map(|(field, _)| text(app, field, item.pointer(field))).collect()
    }

    /// A page of the list as this person sees it, and where the next begins.
    pub(super) async fn page(
        self,
        app: &App,
        viewer: &Viewer,
        filter: &Map<String, Value>,
        after: Option<String>,
    ) -> Result<Page, Error> {
        let mut filter = filter.clone();
        for paging in ["cursor", "after", "limit", "counts"] {
            filter.remove(paging);
        }
        filter.insert("limit".to_owned(), PAGE.into());
        if self == Self::Knowledge {
            filter.insert("all".to_owned(), true.into());
        }
        if let Some(after) = after {
            // a number where the list's cursor is one
            let number = after.parse::<i64>().ok().filter(|_| self == Self::Audit);
            filter.insert("cursor".to_owned(), number.map_or(after.into(), Value::from));
        }
        let (app, who) = (State(app.clone()), viewer.clone());
        match self {
            Self::Tickets => items(tickets::list(app, who, query(filter)?).await?),
            Self::Calls => items(calls::list(app, who, query(filter)?).await?),
            Self::People => items(people::list(app, who, query(filter)?).await?),
            Self::Knowledge => items(knowledge::search(app, who, query(filter)?).await?),
            Self::Callbacks => items(callbacks::list(app, who, query(filter)?).await?),
            Self::Notices => items(notices::list(app, who, query(filter)?).await?),
            Self::Audit => items(people::audit_lines(app, who, query(filter)?).await?),
        }
    }
}

fn query<T: DeserializeOwned>(filter: Map<String, Value>) -> Result<Query<T>, Error> {
    let read = serde_json::from_value(Value::Object(filter));
    read.map(Query).map_err(|error| Error::invalid("bad_query", format!("筛选条件有误：{error}")))
}

fn items<T: Serialize>(Json(page): Json<T>) -> Result<Page, Error> {
    let mut page = serde_json::to_value(page).map_err(Error::internal)?;
    let next = page["next"].as_str().map(str::to_owned);
    match page["items"].take() {
        Value::Array(items) => Ok((items, next)),
        _ => Ok((Vec::new(), None)),
    }
}

/// What stands in a cell: words in Chinese, times as the city's clocks show them.
fn text(app: &App, field: &str, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Bool(yes)) => if *yes { "是" } else { "否" }.to_owned(),
        Some(Value::String(word)) if field.ends_with("at") => {
            match DateTime::parse_from_rfc3339(word) {
                Ok(at) => days::local(app, at.to_utc()),
                Err(_) => word.clone(),
            }
        }
        Some(Value::String(word)) => said(field, word),
        Some(Value::Array(words)) => {
            let words: Vec<_> = words.iter().map(|word| text(app, field, Some(word))).collect();
            words.join("、")
        }
        Some(other) => other.to_string(),
    }
}

/// A word of the interface in Chinese, where it has one.
fn said(field: &str, word: &str) -> String {
    let label = match field {
        "/kind" => ticket::Kind::from_word(word).map(ticket::Kind::label),
        "/urgency" => ticket::Urgency::from_word(word).map(ticket::Urgency::label),
        "/channel" => ticket::Channel::from_word(word).map(ticket::Channel::label),
        "/flags" => match word.strip_prefix("oversight:") {
            Some(level) => ticket::Level::from_word(level).map(ticket::Level::label),
            None => ticket::Flag::from_word(word).map(ticket::Flag::label),
        },
        "/roles" => word.parse().ok().map(org::Role::label),
        _ => None,
    };
    label.unwrap_or(word).to_owned()
}
