//! One row of each kind of table.
use std::collections::BTreeSet;

use base::{CategoryId, KnowledgeId, UnitId};
use sqlx::PgConnection;

use super::{Fault, Hand, Line, Made};
use crate::category::{self, list, questions};
use crate::knowledge::{self, Text};
use crate::staff::{self, NewStaff};
use crate::unit::{self, NewUnit};
use crate::{Level, Role, UnitKind, place, store};

impl Hand<'_> {
    pub(super) async fn unit(&self, db: &mut PgConnection, line: &Line<'_>) -> Result<Made, Fault> {
        let parent = unit_in(db, line, "parent").await?;
        let new = NewUnit {
            parent,
            name: line.get("name").to_owned(),
            level: level(line.get("level"))?,
            kind: kind(line.get("kind"))?,
            demo: false,
        };
        if new.name.chars().count() > 60 {
            return Err(Fault::wrong("name", "单位名称不能超过60个字"));
        }
        if let Some(there) = store::unit::named(db, parent, &new.name).await? {
            store::unit::update(db, there.id, new.level, new.kind).await?;
            return Ok(Made::Updated);
        }
        unit::add(db, &new, self.clock, self.dice).await?;
        Ok(Made::Created)
    }

    /// Someone new has no password yet: an administrator resets it.
    pub(super) async fn person(
        &self,
        db: &mut PgConnection,
        line: &Line<'_>,
    ) -> Result<Made, Fault> {
        let unit = unit_in(db, line, "unit").await?;
        let mut roles = BTreeSet::new();
        for word in list(line.get("roles")) {
            let role =
                Role::ALL.into_iter().find(|role| role.as_str() == word || role.label() == word);
            let role = role.ok_or_else(|| Fault::wrong("roles", format!("没有角色“{word}”")))?;
            roles.insert(role);
        }
        let new = NewStaff {
            number: Some(line.get("number").to_owned()).filter(|number| !number.is_empty()),
            name: line.get("name").to_owned(),
            display_name: line.get("display_name").to_owned(),
            roles,
            unit,
            skills: list(line.get("skills")).map(str::to_owned).collect(),
            demo: false,
        };
        match store::staff::secret(db, &new.name).await? {
            None => staff::lay(db, &new, None, self.clock, self.dice).await.map(|_| Made::Created),
            Some(there) => {
                let change = staff::Change {
                    display_name: Some(new.display_name),
                    roles: Some(new.roles),
                    unit: Some(new.unit),
                    skills: Some(new.skills),
                    disabled: None,
                };
                staff::alter(db, self.actor, there.id, &change, self.clock)
                    .await
                    .map(|_| Made::Updated)
            }
        }
        .map_err(Fault::from)
    }

    pub(super) async fn place(
        &self,
        db: &mut PgConnection,
        line: &Line<'_>,
    ) -> Result<Made, Fault> {
        let parent = place_in(db, line, "parent").await?;
        let text = place::Text {
            name: line.get("name").to_owned(),
            kind: line.get("kind").to_owned(),
            aliases: list(line.get("aliases")).map(str::to_owned).collect(),
            parent: parent.as_ref().map(|parent| parent.id),
            withdrawn: false,
        };
        let path = match &parent {
            Some(above) => format!("{} {}", above.path, text.name),
            None => text.name.clone(),
        };
        let there = store::place::at_path(db, &path).await?.filter(|there| there.path == path);
        let id = there.map(|there| there.id);
        place::lay(db, id, &text, self.clock, self.dice).await?;
        Ok(if id.is_some() { Made::Updated } else { Made::Created })
    }

    pub(super) async fn knowledge(
        &self,
        db: &mut PgConnection,
        line: &Line<'_>,
    ) -> Result<Made, Fault> {
        let valid_until = match line.get("valid_until") {
            "" => None,
            day => {
                let wrong =
                    |_| Fault::wrong("valid_until", format!("“{day}”不是日期，应为2026-12-31"));
                Some(day.replace('/', "-").parse().map_err(wrong)?)
            }
        };
        let text = Text {
            title: line.get("title").to_owned(),
            answer: line.get("answer").to_owned(),
            issuer: line.get("issuer").to_owned(),
            keywords: list(line.get("keywords")).map(str::to_owned).collect(),
            valid_until,
        };
        match store::knowledge::titled(db, &text.title).await? {
            None => {
                knowledge::lay(db, self.actor, text, false, self.clock, self.dice).await?;
                Ok(Made::Created)
            }
            Some(id) => {
                knowledge::write(db, self.actor, id, text, self.clock).await?;
                Ok(Made::Updated)
            }
        }
    }

    pub(super) async fn category(
        &self,
        db: &mut PgConnection,
        line: &Line<'_>,
    ) -> Result<Made, Fault> {
        let parent = category_in(db, line, "parent").await?;
        let unit = unit_in(db, line, "unit").await?;
        let knowledge = knowledge_in(db, line, "knowledge").await?;
        let sensitive = match line.get("sensitive") {
            "是" | "yes" | "true" => true,
            "" | "否" | "no" | "false" => false,
            other => return Err(Fault::wrong("sensitive", format!("“{other}”应为“是”或“否”"))),
        };
        let text = category::Text {
            code: line.get("code").to_owned(),
            parent,
            name: line.get("name").to_owned(),
            unit,
            candidates: units_named(db, "candidates", line.get("candidates")).await?,
            kind: match line.get("kind") {
                "" => None,
                word => Some(request_kind(word)?.to_owned()),
            },
            sensitive,
            knowledge,
            form: questions(line.get("form")),
            withdrawn: false,
        };
        let there = store::category::coded(db, &text.code).await?;
        let (actor, clock, dice) = (self.actor, self.clock, self.dice);
        category::lay(db, actor, there, text, false, clock, dice).await?;
        Ok(if there.is_some() { Made::Updated } else { Made::Created })
    }
}

/// A row of the catalogue, into the version that is being written.
pub(crate) async fn catalogue_row(
    db: &mut PgConnection,
    version: i32,
    line: &Line<'_>,
) -> Result<Made, Fault> {
    use crate::catalogue::{Ban, Entry};
    let category = category_coded(db, "category", line.get("category")).await?;
    let district = place_in(db, line, "district").await?.map(|place| place.id);
    let units = units_named(db, "units", line.get("units")).await?;
    let rule = line.get("forbidden").to_owned();
    if units.is_empty() && rule.is_empty() {
        return Err(Fault::wrong("units", "承办单位和禁派依据至少填写一项"));
    }
    if !units.is_empty() {
        let entry = Entry { category, district, units };
        store::catalogue::add_entry(db, version, &entry)
            .await
            .map_err(|error| at("units", error))?;
    }
    if !rule.is_empty() {
        let ban = Ban { category, rule };
        store::catalogue::add_ban(db, version, &ban)
            .await
            .map_err(|error| at("forbidden", error))?;
    }
    Ok(Made::Created)
}

/// Names the column where the row alone does not say it.
fn at(column: &'static str, error: crate::Error) -> Fault {
    match Fault::from(error) {
        Fault::Wrong { message, .. } => Fault::wrong(column, message),
        broken @ Fault::Broken(_) => broken,
    }
}

/// The place that a cell names, if it is filled.
async fn place_in(
    db: &mut PgConnection,
    line: &Line<'_>,
    column: &'static str,
) -> Result<Option<place::Place>, Fault> {
    let path = line.get(column);
    if path.is_empty() {
        return Ok(None);
    }
    let found = store::place::at_path(db, path).await?;
    found.map(Some).ok_or_else(|| Fault::wrong(column, format!("没有地点“{path}”")))
}

/// The entry of knowledge that a cell names, if it is filled.
async fn knowledge_in(
    db: &mut PgConnection,
    line: &Line<'_>,
    column: &'static str,
) -> Result<Option<KnowledgeId>, Fault> {
    let title = line.get(column);
    if title.is_empty() {
        return Ok(None);
    }
    let found = store::knowledge::titled(db, title).await?;
    found.map(Some).ok_or_else(|| Fault::wrong(column, format!("没有知识条目“{title}”")))
}

/// The unit that a cell names, if it is filled.
async fn unit_in(
    db: &mut PgConnection,
    line: &Line<'_>,
    column: &'static str,
) -> Result<Option<UnitId>, Fault> {
    match line.get(column) {
        "" => Ok(None),
        name => unit_named(db, column, name).await.map(Some),
    }
}

/// The category whose code stands in a cell, if it is filled.
async fn category_in(
    db: &mut PgConnection,
    line: &Line<'_>,
    column: &'static str,
) -> Result<Option<CategoryId>, Fault> {
    match line.get(column) {
        "" => Ok(None),
        code => category_coded(db, column, code).await.map(Some),
    }
}

async fn unit_named(
    db: &mut PgConnection,
    column: &'static str,
    name: &str,
) -> Result<UnitId, Fault> {
    match store::unit::all_named(db, name).await?.as_slice() {
        [] => Err(Fault::wrong(column, format!("没有单位“{name}”"))),
        [one] => Ok(*one),
        _ => Err(Fault::wrong(column, format!("有多个单位叫“{name}”"))),
    }
}

async fn units_named(
    db: &mut PgConnection,
    column: &'static str,
    names: &str,
) -> Result<Vec<UnitId>, Fault> {
    let mut units = Vec::new();
    for name in list(names) {
        units.push(unit_named(db, column, name).await?);
    }
    Ok(units)
}

async fn category_coded(
    db: &mut PgConnection,
    column: &'static str,
    code: &str,
) -> Result<CategoryId, Fault> {
    let found = store::category::coded(db, code).await?;
    found.ok_or_else(|| Fault::wrong(column, format!("没有诉求类别“{code}”")))
}

fn level(word: &str) -> Result<Level, Fault> {
    Ok(match word {
        "city" | "市级" | "市" => Level::City,
        "county" | "县级" | "区县级" | "县（市、区）级" => Level::County,
        "township" | "乡镇级" | "街道级" | "乡镇（街道）级" => Level::Township,
        _ => return Err(Fault::wrong("level", format!("“{word}”应为市级、县级或乡镇级"))),
    })
}

fn kind(word: &str) -> Result<UnitKind, Fault> {
    Ok(match word {
        "government" | "政府" => UnitKind::Government,
        "hotline" | "热线" => UnitKind::Hotline,
        "department" | "部门" => UnitKind::Department,
        "enterprise" | "企业" | "公用企业" => UnitKind::Enterprise,
        "hub" | "热线中心" => UnitKind::Hub,
        "street" | "街道" => UnitKind::Street,
        "township" | "乡镇" => UnitKind::Township,
        _ => {
            let why = "应为政府、热线、部门、公用企业、热线中心、街道或乡镇";
            return Err(Fault::wrong("kind", format!("“{word}”{why}")));
        }
    })
}

fn request_kind(word: &str) -> Result<&'static str, Fault> {
    Ok(match word {
        "inquiry" | "咨询" => "inquiry",
        "help" | "求助" => "help",
        "complaint" | "投诉" => "complaint",
        "report" | "举报" => "report",
        "suggestion" | "建议" => "suggestion",
        "praise" | "表扬" => "praise",
        _ => return Err(Fault::wrong("kind", format!("没有诉求类型“{word}”"))),
    })
}
