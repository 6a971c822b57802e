//! The demonstration's organisation: a city with its units, people for every role, places,
//! categories and knowledge. All rows are marked, and go together.
use std::collections::BTreeMap;

use base::{Clock, Dice, UnitId};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};

use crate::import::Sheet;
use crate::knowledge::Text;
use crate::staff::NewStaff;
use crate::unit::NewUnit;
use crate::{
    Actor, BadRow, Error, catalogue, category, duty, import, knowledge, login, password, place,
    staff, store, unit,
};

/// An account of the demonstration, as the file of accounts lists it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoAccount {
    pub role: String,
    pub name: String,
    pub password: String,
}

impl std::fmt::Debug for DemoAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DemoAccount({})", self.name)
    }
}

/// A file of demonstration data: its name for errors, and its text.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// The files that make the demonstration's organisation.
#[derive(Debug, Clone, Copy)]
pub struct Files<'a> {
    /// `name,level,kind,parent`
    pub units: File<'a>,
    /// `name,display_name,number,roles,unit,skills,account`
    pub people: File<'a>,
    /// `name,kind,parent,aliases,source`
    pub gazetteer: File<'a>,
    /// `code,name,parent,unit,…`
    pub categories: File<'a>,
    /// `category,district,units,forbidden`
    pub catalogue: File<'a>,
    /// `[[entry]]`
    pub knowledge: File<'a>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitRow {
    name: String,
    level: String,
    kind: String,
    parent: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonRow {
    name: String,
    display_name: String,
    number: String,
    roles: String,
    unit: String,
    skills: String,
    /// Whether someone may sign in as this person.
    account: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnowledgeFile {
    #[serde(default)]
    entry: Vec<Text>,
}

/// Lays the organisation, or completes it. `known` are the accounts of an earlier start: they are
/// given back unchanged and stay good. Without them (or with those of another database) every
/// account gets a new password.
pub async fn lay(
    files: &Files<'_>,
    known: Option<Vec<DemoAccount>>,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Vec<DemoAccount>, Error> {
    let mut tx = db.begin().await?;
    let units = lay_units(files.units, &mut tx, clock, dice).await?;
    let accounts = lay_people(files.people, &units, &mut tx, clock, dice).await?;
    let File { name, text } = files.gazetteer;
    place::import(&mut tx, name, text.as_bytes(), true, clock, dice).await?;
    lay_knowledge(files.knowledge, &mut tx, clock, dice).await?;
    let File { name, text } = files.categories;
    category::import(&mut tx, name, text.as_bytes(), true, clock, dice).await?;
    lay_catalogue(files.catalogue, &mut tx, clock).await?;
    lay_duty(&units, &mut tx).await?;
    let known = known.unwrap_or_default();
    let accounts = lay_passwords(&accounts, &known, &mut tx, clock, dice).await?;
    tx.commit().await?;
    Ok(accounts)
}

/// The accounts before anything is laid: known ones with their passwords, each other with a new one.
/// They are good once [`lay`] was given them, in a database that knows no others.
pub fn accounts(
    people: File<'_>,
    known: Option<Vec<DemoAccount>>,
    dice: &dyn Dice,
) -> Result<Vec<DemoAccount>, Error> {
    let known = known.unwrap_or_default();
    let rows = crate::csv_rows::<PersonRow>(people.name, people.text.as_bytes())?;
    let may = rows.into_iter().map(|(_, row)| row).filter(|row| row.account == "yes");
    Ok(may
        .map(|row| {
            let old = known.iter().find(|account| account.name == row.name);
            let role = row.roles.split(';').next().unwrap_or_default().trim().to_owned();
            let password = old.map_or_else(|| password::random(dice), |old| old.password.clone());
            DemoAccount { role, name: row.name, password }
        })
        .collect())
}

/// Takes the organisation out again. What other rooms have laid for the demonstration goes first.
pub async fn remove(db: &mut PgConnection) -> Result<(), Error> {
    store::demo::remove(db).await
}

async fn lay_units(
    file: File<'_>,
    db: &mut PgConnection,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<BTreeMap<String, UnitId>, Error> {
    let mut known = BTreeMap::new();
    for (line, row) in crate::csv_rows::<UnitRow>(file.name, file.text.as_bytes())? {
        let bad = |column: &str, why: String| BadRow {
            file: file.name.to_owned(),
            line,
            column: column.to_owned(),
            why,
        };
        let parent = match row.parent.as_str() {
            "" => None,
            name => Some(
                *known
                    .get(name)
                    .ok_or_else(|| bad("parent", format!("there is no unit {name:?} above")))?,
            ),
        };
        let new = NewUnit {
            parent,
            name: row.name,
            level: row
                .level
                .parse()
                .map_err(|_| bad("level", format!("{:?} is no level", row.level)))?,
            kind: row
                .kind
                .parse()
                .map_err(|_| bad("kind", format!("{:?} is no kind of unit", row.kind)))?,
            demo: true,
        };
        let unit = unit::add(db, &new, clock, dice).await?;
        known.insert(unit.name, unit.id);
    }
    Ok(known)
}

/// The accounts that may sign in: role and name.
async fn lay_people(
    file: File<'_>,
    units: &BTreeMap<String, UnitId>,
    db: &mut PgConnection,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Vec<(String, String)>, Error> {
    let mut accounts = Vec::new();
    for (line, row) in crate::csv_rows::<PersonRow>(file.name, file.text.as_bytes())? {
        let bad = |column: &str, why: String| BadRow {
            file: file.name.to_owned(),
            line,
            column: column.to_owned(),
            why,
        };
        let list = |text: &str| {
            text.split(';')
                .map(str::trim)
                .filter(|one| !one.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let roles = list(&row.roles);
        let new = NewStaff {
            number: Some(row.number),
            name: row.name.clone(),
            display_name: row.display_name,
            roles: roles
                .iter()
                .map(|role| role.parse().map_err(|_| bad("roles", format!("{role:?} is no role"))))
                .collect::<Result<_, _>>()?,
            unit: match row.unit.as_str() {
                "" => None,
                name => Some(
                    *units
                        .get(name)
                        .ok_or_else(|| bad("unit", format!("there is no unit {name:?}")))?,
                ),
            },
            skills: list(&row.skills),
            demo: true,
        };
        if store::staff::secret(db, &row.name).await?.is_none() {
            staff::lay(db, &new, None, clock, dice).await?;
        }
        match row.account.as_str() {
            "yes" => accounts.push((roles.first().cloned().unwrap_or_default(), row.name)),
            "no" => {}
            other => return Err(bad("account", format!("{other:?} is neither yes nor no")).into()),
        }
    }
    Ok(accounts)
}

async fn lay_knowledge(
    file: File<'_>,
    db: &mut PgConnection,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<(), Error> {
    if store::knowledge::any(db).await? {
        return Ok(());
    }
    let wrong = |error: toml::de::Error| {
        let before = error.span().map_or("", |span| &file.text[..span.start]);
        let line = before.matches('\n').count() as u64 + 1;
        BadRow {
            file: file.name.to_owned(),
            line,
            column: "entry".to_owned(),
            why: error.message().to_owned(),
        }
    };
    let read: KnowledgeFile = toml::from_str(file.text).map_err(wrong)?;
    for text in read.entry {
        knowledge::lay(db, &Actor::system(), text, true, clock, dice).await?;
    }
    Ok(())
}

/// The first catalogue, unless one is there.
async fn lay_catalogue(
    file: File<'_>,
    db: &mut PgConnection,
    clock: &dyn Clock,
) -> Result<(), Error> {
    let day = knowledge::today(clock.now());
    if store::catalogue::version(db, None, day).await?.is_some() {
        return Ok(());
    }
    let note = "演示数据：派单目录与基层禁派清单";
    let version = catalogue::lay(db, &Actor::system(), day, note, true, clock).await?;
    let sheet = Sheet::csv(file.text)?;
    for line in sheet.lines() {
        let row = import::catalogue_row(db, version.version, &line).await;
        row.map_err(|fault| fault.into_bad_row(file.name, line.number()))?;
    }
    Ok(())
}

/// Who answers for the units; the names and numbers are nobody's.
async fn lay_duty(units: &BTreeMap<String, UnitId>, db: &mut PgConnection) -> Result<(), Error> {
    let surnames =
        ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱"];
    for (i, (name, unit)) in units.iter().enumerate() {
        if !store::duty::of_unit(db, *unit).await?.is_empty() {
            continue;
        }
        // a city's or county's government handles nothing; its leader hears of what is late below it
        let governs = name.ends_with("人民政府") && !name.contains(['乡', '镇']);
        let parts = [
            (duty::Part::Clerk, "经办人", 0),
            (duty::Part::Duty, "值班员", 1),
            (duty::Part::Leader, "分管领导", 2),
        ];
        for (post, title, n) in parts {
            if governs && post != duty::Part::Leader {
                continue;
            }
            let officer = duty::Officer {
                post,
                name: format!("{}{title}", surnames[(i * 3 + n) % surnames.len()]),
                mobile: Some(format!("139{n:02}00{i:04}")),
                email: Some(format!("duty{i}-{n}@units.siping.invalid")),
                starts_at: None,
                ends_at: None,
            };
            duty::lay(db, *unit, &officer, true).await?;
        }
    }
    Ok(())
}

/// Gives each account its password: the known one where that is still of use, else a new one.
async fn lay_passwords(
    accounts: &[(String, String)],
    known: &[DemoAccount],
    db: &mut PgConnection,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Vec<DemoAccount>, Error> {
    let known = if of_this_database(known, db).await? { known } else { &[] };
    let mut laid = Vec::new();
    for (role, name) in accounts {
        let there = store::staff::secret(db, name).await?.ok_or(Error::NotFound("人员"))?;
        let old = known.iter().find(|account| account.name == *name);
        let password = old.map_or_else(|| password::random(dice), |old| old.password.clone());
        // Someone may have changed a known one meanwhile; that is theirs to have done.
        if old.is_none() || there.password.is_none() {
            let hash = password::hash(&password, dice).await;
            store::staff::set_password(db, there.id, &hash, clock.now()).await?;
            login::end_all(db, there.id).await?;
        }
        laid.push(DemoAccount { role: role.clone(), name: name.clone(), password });
    }
    Ok(laid)
}

/// Whether the known accounts belong to this database: one of them is good, or none of them has a
/// password here yet. A start costs one hash, not one for each account.
async fn of_this_database(known: &[DemoAccount], db: &mut PgConnection) -> Result<bool, Error> {
    let mut fresh = true;
    for account in known {
        let hash =
            store::staff::secret(db, &account.name).await?.and_then(|secret| secret.password);
        if hash.is_none() {
            continue;
        }
        fresh = false;
        if password::verify(hash, account.password.clone()).await {
            return Ok(true);
        }
    }
    Ok(fresh)
}
