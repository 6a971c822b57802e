//! Bringing units, people, places, knowledge, categories and the catalogue in from a table (导入).
//! Every wrong row is named; when one is wrong, nothing is written.
mod rows;
mod sheet;

use std::str::FromStr;

use base::{Clock, Dice};
use serde::Serialize;
use serde_json::json;
use sqlx::{Acquire, PgConnection, PgPool};

use crate::audit::{self, Act};
use crate::knowledge::today;
use crate::{Actor, BadRow, Error, Right, Thing, can, catalogue};

pub(crate) use rows::catalogue_row;
pub use sheet::{Line, Sheet};

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// `name,level,kind,parent`
    Units,
    /// `name,display_name,number,roles,unit,skills`
    People,
    /// `name,kind,parent,aliases`
    Places,
    /// `title,answer,issuer,keywords,valid_until`
    Knowledge,
    /// `code,name,parent,unit,kind,sensitive,candidates,knowledge,form`
    Categories,
    /// `category,district,units,forbidden`: a whole new version, in force from today.
    Catalogue,
}

impl What {
    /// Every kind of table.
    pub const ALL: [Self; 6] = [
        Self::Units,
        Self::People,
        Self::Places,
        Self::Knowledge,
        Self::Categories,
        Self::Catalogue,
    ];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Units => "units",
            Self::People => "people",
            Self::Places => "places",
            Self::Knowledge => "knowledge",
            Self::Categories => "categories",
            Self::Catalogue => "catalogue",
        }
    }

    /// The columns with their Chinese names, and whether a cell of it must be filled.
    pub fn columns(self) -> &'static [(&'static str, &'static str, bool)] {
        match self {
            Self::Units => &[
                ("name", "名称", true),
                ("level", "层级", true),
                ("kind", "类型", true),
                ("parent", "上级单位", false),
            ],
            Self::People => &[
                ("name", "登录名", true),
                ("display_name", "姓名", true),
                ("number", "工号", false),
                ("roles", "角色", true),
                ("unit", "单位", false),
                ("skills", "技能", false),
            ],
            Self::Places => &[
                ("name", "名称", true),
                ("kind", "类型", true),
                ("parent", "上级地点", false),
                ("aliases", "别名", false),
            ],
            Self::Knowledge => &[
                ("title", "标题", true),
                ("answer", "答复", true),
                ("issuer", "发布单位", true),
                ("keywords", "关键词", false),
                ("valid_until", "有效期至", false),
            ],
            Self::Categories => &[
                ("code", "代码", true),
                ("name", "名称", true),
                ("parent", "上级代码", false),
                ("unit", "主办单位", false),
                ("kind", "默认类型", false),
                ("sensitive", "敏感", false),
                ("candidates", "备选单位", false),
                ("knowledge", "知识条目", false),
                ("form", "表单", false),
            ],
            Self::Catalogue => &[
                ("category", "类别代码", true),
                ("district", "区域", false),
                ("units", "承办单位", false),
                ("forbidden", "基层禁派依据", false),
            ],
        }
    }
}

impl FromStr for What {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|what| what.word() == word)
            .ok_or(Error::NotFound("可导入的数据"))
    }
}

/// How an import went, or would go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    pub rows: usize,
    pub created: usize,
    pub updated: usize,
    /// Nothing was written when there is one.
    pub errors: Vec<Wrong>,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// As a spreadsheet counts: the header is row 1.
    pub row: usize,
    pub column: String,
    pub message: String,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    Created,
    Updated,
}

/// Why a row cannot be taken.
#[derive(Debug)]
pub(crate) enum Fault {
    Wrong {
        column: &'static str,
        message: String,
    },
    /// Not the row's fault.
    Broken(Error),
}

impl Fault {
    pub(crate) fn wrong(column: &'static str, message: impl Into<String>) -> Self {
        Self::Wrong { column, message: message.into() }
    }

    /// As the files that come with the program are complained about.
    pub(crate) fn into_bad_row(self, file: &str, row: usize) -> Error {
        match self {
            Self::Broken(error) => error,
            Self::Wrong { column, message } => BadRow {
                file: file.to_owned(),
                line: u64::try_from(row).unwrap_or_default(),
                column: column.to_owned(),
                why: message,
            }
            .into(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(what) => Self::wrong("", format!("没有这个{what}")),
            Error::Taken(why) | Error::Invalid(why) => Self::wrong("", why),
            broken => Self::Broken(broken),
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Broken(error.into())
    }
}

/// More rows than this are not one table's.
const MOST_ROWS: usize = 20_000;

/// Brings a table in: all of it, or nothing when a row is wrong. With `dry_run` nothing is kept.
pub async fn bring(
    what: What,
    sheet: &Sheet,
    dry_run: bool,
    actor: &Actor,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Report, Error> {
    can(actor, Right::Import, Thing::City)?;
    let mut report = Report { rows: sheet.len(), ..Report::default() };
    report.errors = sheet.faults(what.columns());
    if sheet.len() > MOST_ROWS {
        let message = format!("一次最多导入{MOST_ROWS}行");
        report.errors.push(Wrong { row: 1, column: String::new(), message });
    }
    if !report.errors.is_empty() {
        return Ok(report);
    }
    let mut tx = db.begin().await?;
    let version = match what {
        What::Catalogue => {
            let day = today(clock.now());
            catalogue::lay(&mut tx, actor, day, "导入", false, clock).await?.version
        }
        _ => 0,
    };
    let hand = Hand { actor, clock, dice, version };
    for line in sheet.named(what.columns()).lines() {
        let mut kept = tx.begin().await?;
        match hand.take(&mut kept, what, &line).await {
            Ok(made) => {
                kept.commit().await?;
                match made {
                    Made::Created => report.created += 1,
                    Made::Updated => report.updated += 1,
                }
            }
            Err(Fault::Broken(error)) => return Err(error),
            Err(Fault::Wrong { column, message }) => {
                kept.rollback().await?;
                let column = column.to_owned();
                report.errors.push(Wrong { row: line.number(), column, message });
            }
        }
    }
    if dry_run || !report.errors.is_empty() {
        tx.rollback().await?;
        return Ok(report);
    }
    let act = Act::new("imported", what.word(), "")
        .with(json!({ "rows": report.rows, "created": report.created, "updated": report.updated }));
    audit::write(&mut tx, actor, &act, clock).await?;
    tx.commit().await?;
    Ok(report)
}

/// Who brings in, and when.
pub(crate) struct Hand<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) dice: &'a dyn Dice,
    /// The catalogue's version that is being filled.
    version: i32,
}

impl Hand<'_> {
    async fn take(
        &self,
        db: &mut PgConnection,
        what: What,
        line: &Line<'_>,
    ) -> Result<Made, Fault> {
        match what {
            What::Units => self.unit(db, line).await,
            What::People => self.person(db, line).await,
            What::Places => self.place(db, line).await,
            What::Knowledge => self.knowledge(db, line).await,
            What::Categories => self.category(db, line).await,
            What::Catalogue => catalogue_row(db, self.version, line).await,
        }
    }
}
