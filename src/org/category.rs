//! Categories (诉求类别): what a request is about, in two levels, with the unit that usually handles
//! it. A change writes a new version; the old ones stay.
use std::collections::BTreeMap;
use std::io::Read;

use base::{CategoryId, Clock, Dice, KnowledgeId, UnitId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{PgConnection, PgPool};

use crate::audit::{self, Act};
use crate::{Actor, BadRow, Error, Right, Thing, can, store};

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Category {
    pub id: CategoryId,
    pub code: String,
    pub parent: Option<CategoryId>,
    pub name: String,
    /// 城乡建设 / 供热
    pub path: String,
    /// The unit that usually handles it.
    pub unit: Option<UnitId>,
    /// Others that may.
    pub candidates: Vec<UnitId>,
    /// What a request about it usually is: `help`, `complaint` …
    pub kind: Option<String>,
    /// Handled with care: sealed is proposed, leaders are told.
    pub sensitive: bool,
    /// What the agent should read first.
    pub knowledge: Option<KnowledgeId>,
    /// What the form asks for beside the words.
    pub form: Vec<Question>,
    pub version: i32,
    /// No longer chosen; tickets keep it.
    pub withdrawn: bool,
}

/// A question of a category's own form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// `temperature`: letters, digits and `_`.
    pub name: String,
    pub label: String,
    #[serde(default)]
    pub required: bool,
}

/// What one writes about a category.
#[derive(Debug, Clone, Default)]
pub struct Text {
    pub code: String,
    pub parent: Option<CategoryId>,
    pub name: String,
    pub unit: Option<UnitId>,
    pub candidates: Vec<UnitId>,
    pub kind: Option<String>,
    pub sensitive: bool,
    pub knowledge: Option<KnowledgeId>,
    pub form: Vec<Question>,
    pub withdrawn: bool,
}

/// How a category was at some time.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    pub version: i32,
    pub written_at: DateTime<Utc>,
    pub written_by: String,
    /// The [`Category`] as JSON.
    pub data: serde_json::Value,
}

const KINDS: [&str; 6] = ["inquiry", "help", "complaint", "report", "suggestion", "praise"];

/// All categories, in the order of the file.
pub async fn all(db: &PgPool) -> Result<Vec<Category>, Error> {
    store::category::all(&mut *db.acquire().await?).await
}

/// One category.
pub async fn find(db: &mut PgConnection, id: CategoryId) -> Result<Category, Error> {
    store::category::find(db, id).await?.ok_or(Error::NotFound("诉求类别"))
}

/// How it was before, the newest first.
pub async fn versions(id: CategoryId, db: &PgPool) -> Result<Vec<Version>, Error> {
    store::category::versions(&mut *db.acquire().await?, id).await
}

/// Adds a category, or writes a new version of one.
pub async fn save(
    actor: &Actor,
    id: Option<CategoryId>,
    text: Text,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Category, Error> {
    can(actor, Right::EditCatalogue, Thing::City)?;
    let mut tx = db.begin().await?;
    let category = lay(&mut tx, actor, id, text, false, clock, dice).await?;
    let act = Act::new("category_saved", "category", category.id.to_string())
        .with(json!({ "code": category.code, "version": category.version }));
    audit::write(&mut tx, actor, &act, clock).await?;
    tx.commit().await?;
    Ok(category)
}

/// Writes a version. Used by whoever has checked the right to.
pub(crate) async fn lay(
    db: &mut PgConnection,
    actor: &Actor,
    id: Option<CategoryId>,
    text: Text,
    demo: bool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Category, Error> {
    store::category::lock(db).await?;
    let before = match id {
        Some(id) => Some(find(db, id).await?),
        None => None,
    };
    let id = id.unwrap_or_else(|| CategoryId::new(clock.now(), dice.bytes()));
    let category = checked(db, id, before.as_ref(), text).await?;
    if before.as_ref().is_some_and(|before| same(before, &category)) {
        return Ok(category);
    }
    let category = Category { version: before.map_or(1, |before| before.version + 1), ..category };
    store::category::upsert(db, &category, demo, clock.now()).await?;
    store::category::add_version(db, &category, &actor.name, clock.now()).await?;
    Ok(category)
}

fn same(before: &Category, after: &Category) -> bool {
    Category { version: after.version, ..before.clone() } == *after
}

async fn checked(
    db: &mut PgConnection,
    id: CategoryId,
    before: Option<&Category>,
    text: Text,
) -> Result<Category, Error> {
    let wrong = |why: &str| Error::Invalid(why.to_owned());
    let (code, name) = (text.code.trim().to_owned(), text.name.trim().to_owned());
    if code.is_empty() || code.len() > 12 || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(wrong("类别代码为1至12位数字或字母"));
    }
    if name.is_empty() || name.chars().count() > 40 || name.contains('/') {
        return Err(wrong("类别名称为1至40个字，不含斜线"));
    }
    if text.kind.as_deref().is_some_and(|kind| !KINDS.contains(&kind)) {
        return Err(wrong("默认诉求类型不存在"));
    }
    for question in &text.form {
        let plain = question.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if question.name.is_empty() || !plain || question.label.trim().is_empty() {
            return Err(wrong("表单项须有英文名称和中文标签"));
        }
    }
    let path = match text.parent {
        None => name.clone(),
        Some(parent) if parent == id => return Err(wrong("类别不能是自己的上级")),
        Some(parent) => {
            let above = find(db, parent).await?;
            if above.parent.is_some() {
                return Err(wrong("诉求类别最多两级"));
            }
            format!("{} / {name}", above.path)
        }
    };
    let mut units: Vec<UnitId> = text.candidates.clone();
    units.extend(text.unit);
    for unit in units {
        crate::unit::find(db, unit).await?;
    }
    Ok(Category {
        id,
        code,
        parent: text.parent,
        name,
        path,
        unit: text.unit,
        candidates: text.candidates,
        kind: text.kind,
        sensitive: text.sensitive,
        knowledge: text.knowledge,
        form: text.form,
        version: before.map_or(1, |before| before.version),
        withdrawn: text.withdrawn,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    code: String,
    name: String,
    /// The code of a row above, or nothing.
    parent: String,
    /// The name of the city unit that usually handles it, or nothing.
    unit: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    sensitive: String,
    /// Names of units, parted by `;`.
    #[serde(default)]
    candidates: String,
    /// The title of a knowledge entry.
    #[serde(default)]
    knowledge: String,
    /// `name:label`, parted by `;`.
    #[serde(default)]
    form: String,
}

/// Brings a file `code,name,parent,unit,kind,sensitive,candidates,knowledge,form` in (the last five may
/// be left out). What is there under its code is brought up to date, so it may be repeated. A unit
/// or knowledge entry that is not there yet is left out. Gives the number of rows.
pub async fn import(
    db: &mut PgConnection,
    file: &str,
    from: impl Read,
    demo: bool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<usize, Error> {
    let rows = crate::csv_rows::<Row>(file, from)?;
    let units: BTreeMap<String, UnitId> =
        store::unit::all(db).await?.into_iter().map(|unit| (unit.name, unit.id)).collect();
    let mut known: BTreeMap<String, CategoryId> =
        store::category::all(db).await?.into_iter().map(|there| (there.code, there.id)).collect();
    let count = rows.len();
    for (line, row) in rows {
        let bad = |column: &str, why: String| BadRow {
            file: file.to_owned(),
            line,
            column: column.to_owned(),
            why,
        };
        if row.code.is_empty() || row.name.is_empty() {
            let column = if row.code.is_empty() { "code" } else { "name" };
            return Err(bad(column, "is empty".to_owned()).into());
        }
        let parent =
            match row.parent.as_str() {
                "" => None,
                code => Some(*known.get(code).ok_or_else(|| {
                    bad("parent", format!("there is no category {code:?} above"))
                })?),
            };
        let text = Text {
            parent,
            unit: units.get(&row.unit).copied(),
            candidates: list(&row.candidates).filter_map(|name| units.get(name).copied()).collect(),
            kind: Some(row.kind).filter(|kind| !kind.is_empty()),
            sensitive: row.sensitive == "yes",
            knowledge: store::knowledge::titled(db, &row.knowledge).await?,
            form: questions(&row.form),
            withdrawn: false,
            code: row.code.clone(),
            name: row.name,
        };
        let id = known.get(&row.code).copied();
        let laid = lay(db, &Actor::system(), id, text, demo, clock, dice).await;
        let laid = laid.map_err(|error| match error {
            Error::Invalid(why) => bad("row", why).into(),
            other => other,
        })?;
        known.insert(row.code, laid.id);
    }
    Ok(count)
}

/// What stands between semicolons.
pub(crate) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '；']).map(str::trim).filter(|one| !one.is_empty())
}

/// `temperature:室内温度;*amount:金额`; what has a star must be answered.
pub(crate) fn questions(text: &str) -> Vec<Question> {
    let one = |text: &str| {
        let (name, label) = text.split_once([':', '：']).unwrap_or((text, text));
        Question {
            required: name.starts_with('*'),
            name: name.trim_start_matches('*').trim().to_owned(),
            label: label.trim().to_owned(),
        }
    };
    list(text).map(one).collect()
}
