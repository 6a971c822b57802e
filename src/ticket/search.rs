//! Search (检索): the words that are typed, as jieba parts them; recall by pairs of characters, rank by
//! where the words stand. Pure.
use std::collections::BTreeSet;
use std::sync::LazyLock;

use base::TicketId;
use jieba_rs::Jieba;

/// Loaded at the first search; takes a part of a second.
static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// How many tickets are ranked.
pub(crate) const RANKED: i32 = 1000;

/// What was typed, as it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// Of two characters at least.
    words: Vec<String>,
}

/// A ticket that holds all pairs.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub id: TicketId,
    pub title: String,
    pub content: String,
    pub address: String,
}

impl Words {
    /// The words of a text; `None` when there is none of two characters.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text: String = text.to_lowercase().chars().take(100).collect();
        let mut words = BTreeSet::new();
        for part in text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()) {
            let mut alone = String::new();
            for token in JIEBA.cut(part, true) {
                let word = token.word;
                if word.chars().count() > 1 {
                    keep(&mut words, std::mem::take(&mut alone));
                    words.insert(word.to_owned());
                } else {
                    alone.push_str(word); // single characters side by side are one word: a name
                }
            }
            keep(&mut words, alone);
            if words.is_empty() && part.chars().count() > 1 {
                words.insert(part.to_owned());
            }
        }
        let words: Vec<_> = words.into_iter().collect();
        (!words.is_empty()).then_some(Self { words })
    }

    /// The pairs of characters that a ticket must hold, as the function `grams` numbers them.
    pub(crate) fn pairs(&self) -> Vec<i64> {
        let mut pairs = BTreeSet::new();
        for word in &self.words {
            let letters: Vec<u32> = word.chars().map(u32::from).collect();
            pairs.extend(letters.windows(2).map(|two| i64::from(two[0]) << 21 | i64::from(two[1])));
        }
        pairs.into_iter().collect()
    }

    /// The best first: words that are rare among what was found count more, and more in the title
    /// than elsewhere. Among equals the newest, as they came.
    pub(crate) fn rank(&self, found: Vec<Found>) -> Vec<TicketId> {
        let lower = |text: &str| text.to_lowercase();
        let texts: Vec<_> = found
            .into_iter()
            .map(|one| (one.id, lower(&one.title), lower(&one.content), lower(&one.address)))
            .collect();
        let mut scores = vec![0.0_f64; texts.len()];
        for word in &self.words {
            let counts: Vec<_> = texts
                .iter()
                .map(|(_, title, content, address)| {
                    let times = |text: &str| text.matches(word.as_str()).count().min(3);
                    3 * times(title) + times(content) + 2 * times(address)
                })
                .collect();
            let holding = counts.iter().filter(|count| **count > 0).count();
            let rare = (small(texts.len()) + 1.0) / (small(holding) + 1.0);
            for (score, count) in scores.iter_mut().zip(counts) {
                // each further time counts less
                *score += (1.0 + rare.ln()) * small(count) / (small(count) + 2.0);
            }
        }
        let mut ranked: Vec<_> = scores.into_iter().zip(texts.iter().map(|text| text.0)).collect();
        ranked.sort_by(|one, other| other.0.total_cmp(&one.0)); // stable
        ranked.into_iter().map(|(_, id)| id).collect()
    }
}

/// A single character says nothing alone.
fn keep(words: &mut BTreeSet<String>, alone: String) {
    if alone.chars().count() > 1 {
        words.insert(alone);
    }
}

fn small(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn words(text: &str) -> Vec<String> {
        Words::read(text).map(|words| words.words).unwrap_or_default()
    }

    #[test]
    fn what_is_typed_without_spaces_is_parted_into_words() {
        assert_eq!(words("小区供热不足"), ["不足", "供热", "小区"]);
        assert_eq!(words("供热"), ["供热"]);
        assert!(words("热").is_empty());
        assert!(words(" ，。").is_empty());
    }

    #[test]
    fn pairs_are_numbered_as_the_database_numbers_them() {
        let pairs = Words::read("供热").unwrap().pairs();
        assert_eq!(pairs, [i64::from(u32::from('供')) << 21 | i64::from(u32::from('热'))]);
    }

    #[test]
    fn a_word_in_the_title_counts_more_than_in_the_content() {
        let found = |n, title: &str, content: &str| Found {
            id: TicketId::from_uuid(Uuid::from_u128(n)),
            title: title.to_owned(),
            content: content.to_owned(),
            address: String::new(),
        };
        let all = vec![found(1, "路灯不亮", "顺便问供热"), found(2, "供热不足", "室温低")];
        let ranked = Words::read("供热").unwrap().rank(all);
        assert_eq!(ranked[0], TicketId::from_uuid(Uuid::from_u128(2)));
    }
}
