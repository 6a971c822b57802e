//! Which tickets a list shows, as a query or as the filter of a bulk action or an export.
use base::{CategoryId, PlaceId, TicketId, UnitId};
use chrono::{DateTime, Utc};
use org::Actor;
use serde::{Deserialize, Serialize};
use ticket::{Channel, Filter, Flag, Kind, Level, Narrow, Page, Sort, Stage, Urgency};
use utoipa::{IntoParams, ToSchema};

use crate::{App, Error, days};

/// The filters of a list of tickets. What is left out narrows nothing.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TicketSearch)]
pub(crate) struct Search {
    /// todo 待办, unit 本单位, mine 经手, all 全部
    #[serde(default, rename = "box", skip_serializing_if = "Option::is_none")]
    #[param(rename = "box")]
    pub which: Option<String>,
    /// States, by their words, separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The unit that has it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<uuid::Uuid>)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub unit: Option<UnitId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// A category with those below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<uuid::Uuid>)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub category: Option<CategoryId>,
    /// A place with those below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<uuid::Uuid>)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub place: Option<PlaceId>,
    /// Marks, separated by commas: `late`, `extended`, `returned`, `rework`, `urged`, `correction`,
    /// `sealed`, `provisional`, `mass`, `merged_children`, `suspended`, `withdrawn`,
    /// `self_reported_contact`, `rating_doubted`, `oversight:LEVEL`; a ticket carries all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flag: Option<String>,
    /// Levels of oversight, separated by commas: `notice`, `yellow`, `red`, `order`, `meeting`; the
    /// strongest that stands is one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oversight: Option<String>,
    /// Accepted from this time or day on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Accepted before this time, or up to and on this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Open, and due before this time, or up to and on this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_before: Option<String>,
    /// A number or part of title and content.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub q: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// `due`, `newest`, `oldest`; else as the box has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// The `next` of the page before; also `after`.
    #[serde(default, alias = "after", skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// With the page, how many tickets each box holds under these filters.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts: bool,
}

/// How a list shows a level of oversight among the marks.
const OVERSIGHT: &str = "oversight:";

impl Search {
    pub(crate) fn most(&self) -> i64 {
        self.limit.unwrap_or(50).clamp(1, 200)
    }

    /// The filter that these words mean, from the page that was asked for on.
    pub(crate) fn filter<'a>(&'a self, viewer: &'a Actor, app: &App) -> Result<Filter<'a>, Error> {
        let now = app.clock.now();
        let which = match self.which.as_deref().unwrap_or("todo") {
            "todo" => ticket::Box::Todo,
            "unit" => ticket::Box::Unit,
            "mine" => ticket::Box::Mine,
            "all" => ticket::Box::All,
            other => return Err(unknown("列表", other)),
        };
        let order = match self.sort.as_deref().filter(|word| !word.is_empty()) {
            None => None,
            Some("due") => Some(Sort::Due),
            Some("newest") => Some(Sort::Newest),
            Some("oldest") => Some(Sort::Oldest),
            Some(other) => return Err(unknown("排序", other)),
        };
        Ok(Filter {
            text: &self.q,
            late: self.late,
            narrow: self.narrow(app)?,
            order,
            after: self.cursor.as_deref().map(read_cursor).transpose()?,
            most: self.most() + 1, // one more tells whether there is a next page
            ..Filter::new(viewer, which, now)
        })
    }

    fn narrow(&self, app: &App) -> Result<Narrow, Error> {
        let moment = |text: &Option<String>, last| {
            let text = text.as_deref().filter(|text| !text.is_empty());
            text.map(|text| days::moment(app, text, last)).transpose()
        };
        // a mark as the list shows it, `oversight:red`, is a level
        let flags = self.flag.as_deref().unwrap_or_default().split(',');
        let plain = |level: bool| {
            let of = flags.clone().filter(|word| word.trim().starts_with(OVERSIGHT) == level);
            Some(of.collect::<Vec<_>>().join(",")).filter(|words| !words.is_empty())
        };
        let marked = plain(true).map(|words| words.replace(OVERSIGHT, ""));
        let mut oversight = several(self.oversight.as_deref(), "督办级别", Level::from_word)?;
        oversight.extend(several(marked.as_deref(), "督办级别", Level::from_word)?);
        Ok(Narrow {
            states: several(self.state.as_deref(), "状态", Stage::from_word)?,
            unit: self.unit,
            kind: one(self.kind.as_deref(), "诉求类型", Kind::from_word)?,
            urgency: one(self.urgency.as_deref(), "紧急程度", Urgency::from_word)?,
            channel: one(self.channel.as_deref(), "来源渠道", Channel::from_word)?,
            category: self.category,
            place: self.place,
            flags: several(plain(false).as_deref(), "标记", Flag::from_word)?,
            oversight,
            from: moment(&self.from, false)?,
            to: moment(&self.to, true)?,
            due_before: moment(&self.due_before, true)?,
        })
    }
}

fn unknown(what: &str, word: &str) -> Error {
    Error::invalid("bad_query", format!("没有{what} {word}"))
}

fn one<T>(word: Option<&str>, what: &str, read: fn(&str) -> Option<T>) -> Result<Option<T>, Error> {
    let word = word.filter(|word| !word.is_empty());
    word.map(|word| read(word).ok_or_else(|| unknown(what, word))).transpose()
}

fn several<T>(
    words: Option<&str>,
    what: &str,
    read: fn(&str) -> Option<T>,
) -> Result<Vec<T>, Error> {
    let words = words.unwrap_or_default().split(',').map(str::trim);
    let words = words.filter(|word| !word.is_empty());
    words.map(|word| read(word).ok_or_else(|| unknown(what, word))).collect()
}

pub(crate) fn cursor(at: Option<DateTime<Utc>>, id: TicketId) -> String {
    let at = at.map_or_else(|| "-".to_owned(), |at| at.timestamp_micros().to_string());
    format!("{at}_{id}")
}

fn read_cursor(text: &str) -> Result<Page, Error> {
    let read = || {
        let (at, id) = text.split_once('_')?;
        let at = match at {
            "-" => None,
            micros => Some(DateTime::from_timestamp_micros(micros.parse().ok()?)?),
        };
        Some(Page { at, id: id.parse().ok()? })
    };
    read().ok_or_else(|| Error::invalid("bad_cursor", "分页标记有误"))
}
