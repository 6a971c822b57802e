//! Knowledge (知识库): short answers with their source and the day until which they hold. A version is
//! never changed, so that a ticket can cite what was said.
use base::{Clock, Dice, KnowledgeId};
use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::json;
use sqlx::{PgConnection, PgPool};

use crate::audit::{self, Act};
use crate::{Actor, Changed, Error, Right, Thing, can, store};

/// One version of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: KnowledgeId,
    pub version: i32,
    pub text: Text,
}

/// A version with who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub entry: Entry,
    pub at: DateTime<Utc>,
    pub by: String,
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub title: String,
    pub answer: String,
    /// The unit that answers for it.
    pub issuer: String,
    /// Other words that people use for it.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// The last day on which it holds.
    #[serde(default)]
    pub valid_until: Option<NaiveDate>,
}

impl Entry {
    /// Whether its last day is over, by the city's calendar.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.text.valid_until.is_some_and(|last| last < today(now))
    }
}

/// The day in China, which has one time zone and no summer time.
pub(crate) fn today(now: DateTime<Utc>) -> NaiveDate {
    let china = FixedOffset::east_opt(8 * 3600).expect("eight hours are an offset");
    now.with_timezone(&china).date_naive()
}

/// Entries that fit what is being typed, the best first; so many at most. Expired ones come last.
pub async fn search(
    text: &str,
    most: i64,
    db: &PgPool,
    clock: &dyn Clock,
) -> Result<Vec<Entry>, Error> {
    let now = clock.now();
    let pieces = pieces(text);
    let mut found =
        store::knowledge::search(&mut *db.acquire().await?, &pieces, text.trim(), most).await?;
    found.sort_by_key(|entry| entry.is_expired(now)); // stable: the rank stays within each half
    Ok(found)
}

/// Every entry that fits, the newest first, page by page: those `before` one.
pub async fn page(
    text: &str,
    before: Option<KnowledgeId>,
    most: i64,
    db: &PgPool,
) -> Result<Vec<Entry>, Error> {
    store::knowledge::page(&mut *db.acquire().await?, &pieces(text), before, most).await
}

/// What is looked for: words as they are, and each run of Chinese as its pairs of characters, since
/// nobody types spaces between Chinese words.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for word in text.split(|c: char| {
        c.is_whitespace() || c.is_ascii_punctuation() || "，。？！、；：“”（）".contains(c)
    }) {
        let letters: Vec<char> = word.chars().take(60).collect();
        if letters.len() <= 2 || word.is_ascii() {
            pieces.push(letters.into_iter().collect::<String>());
        } else {
            pieces.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>()));
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces.sort();
    pieces.dedup();
    pieces
}

/// Every version of an entry, the newest first.
pub async fn versions(db: &mut PgConnection, id: KnowledgeId) -> Result<Vec<Written>, Error> {
    store::knowledge::versions(db, id).await
}

/// The version that is in force, or the one asked for.
pub async fn find(
    db: &mut PgConnection,
    id: KnowledgeId,
    version: Option<i32>,
) -> Result<Entry, Error> {
    store::knowledge::find(db, id, version).await?.ok_or(Error::NotFound("知识条目"))
}

/// Adds an entry.
pub async fn add(
    actor: &Actor,
    text: Text,
    db: &PgPool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Entry, Error> {
    can(actor, Right::EditKnowledge, Thing::City)?;
    let mut tx = db.begin().await?;
    let entry = lay(&mut tx, actor, text, false, clock, dice).await?;
    let act = Act::new("knowledge_added", "knowledge", entry.id.to_string())
        .with(json!({ "title": entry.text.title }));
    audit::write(&mut tx, actor, &act, clock).await?;
    tx.commit().await?;
    Ok(entry)
}

pub(crate) async fn lay(
    db: &mut PgConnection,
    actor: &Actor,
    text: Text,
    demo: bool,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Entry, Error> {
    let now = clock.now();
    let entry = Entry { id: KnowledgeId::new(now, dice.bytes()), version: 1, text: checked(text)? };
    store::knowledge::insert(db, entry.id, demo).await?;
    store::knowledge::insert_version(db, &entry, &actor.name, now).await?;
    Ok(entry)
}

/// Writes a new version over the one that was seen; the old ones stay.
pub async fn revise(
    actor: &Actor,
    id: KnowledgeId,
    seen: i64,
    text: Text,
    db: &PgPool,
    clock: &dyn Clock,
) -> Result<Changed<Entry>, Error> {
    can(actor, Right::EditKnowledge, Thing::City)?;
    let mut tx = db.begin().await?;
    store::knowledge::lock(&mut tx, id).await?;
    let now = find(&mut tx, id, None).await?;
    if i64::from(now.version) != seen {
        let since = audit::since(&mut tx, ("knowledge", &id.to_string()), seen).await?;
        return Ok(Changed::Meanwhile { now, since });
    }
    let entry = write(&mut tx, actor, id, text, clock).await?;
    let act = Act::new("knowledge_revised", "knowledge", id.to_string())
        .with(json!({ "version": entry.version }));
    audit::write(&mut tx, actor, &act, clock).await?;
    tx.commit().await?;
    Ok(Changed::Done(entry))
}

/// The new version itself. Used by whoever has checked the right to.
pub(crate) async fn write(
    db: &mut PgConnection,
    actor: &Actor,
    id: KnowledgeId,
    text: Text,
    clock: &dyn Clock,
) -> Result<Entry, Error> {
    let text = checked(text)?;
    let version =
        store::knowledge::next_version(db, id).await?.ok_or(Error::NotFound("知识条目"))?;
    let entry = Entry { id, version, text };
    store::knowledge::insert_version(db, &entry, &actor.name, clock.now()).await?;
    Ok(entry)
}

fn checked(mut text: Text) -> Result<Text, Error> {
    for (what, field, longest) in [
        ("标题", &mut text.title, 100),
        ("答复", &mut text.answer, 4000),
        ("发布单位", &mut text.issuer, 60),
    ] {
        *field = field.trim().to_owned();
        if field.is_empty() || field.chars().count() > longest {
            return Err(Error::Invalid(format!("{what}为 1–{longest} 个字符")));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn chinese_is_looked_for_by_pairs_and_words_as_they_are() {
        assert_eq!(pieces("供热温度 12345"), ["12345", "供热", "温度", "热温"]);
        assert_eq!(pieces("路灯？"), ["路灯"]);
        assert!(pieces("  ，").is_empty());
    }

    #[test]
    fn an_entry_holds_to_the_end_of_its_last_day_in_china() {
        let text = Text {
            title: String::new(),
            answer: String::new(),
            issuer: String::new(),
            keywords: vec![],
            valid_until: NaiveDate::from_ymd_opt(2026, 11, 23),
        };
        let entry = Entry { id: KnowledgeId::from_uuid(uuid::Uuid::nil()), version: 1, text };
        let at = |hour, minute| Utc.with_ymd_and_hms(2026, 11, 23, hour, minute, 0).unwrap();
        assert!(!entry.is_expired(at(15, 59)));
        assert!(entry.is_expired(at(16, 0)));
    }
}
