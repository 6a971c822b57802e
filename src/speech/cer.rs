//! Character error rate (字错误率), with the one normalisation that every figure here uses; the same
//! as `audio-fixtures/cer.py`.
use crate::script::tidy;

/// Errors and characters of a comparison; add them up over a set before dividing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Errors {
    pub errors: usize,
    pub characters: usize,
}

impl Errors {
    /// The rate, 0 for an empty set.
    #[expect(clippy::cast_precision_loss, reason = "sets are far smaller than 2^52 characters")]
    pub fn rate(self) -> f64 {
        if self.characters == 0 { 0.0 } else { self.errors as f64 / self.characters as f64 }
    }
}

impl std::ops::Add for Errors {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { errors: self.errors + other.errors, characters: self.characters + other.characters }
    }
}

impl std::iter::Sum for Errors {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), std::ops::Add::add)
    }
}

/// How far `heard` is from `said`.
pub fn compare(said: &str, heard: &str) -> Errors {
    let (said, heard) = (plain(said), plain(heard));
    Errors { errors: distance(&said, &heard), characters: said.len() }
}

const NUMERALS: &str = "零〇一幺二两三四五六七八九十百千";

/// Simplified, lower case, without punctuation, numerals as Arabic ones.
fn plain(text: &str) -> Vec<char> {
    let text: Vec<char> = tidy(text).to_lowercase().chars().collect();
    let mut out = Vec::new();
    for run in text.chunk_by(|a, b| NUMERALS.contains(*a) == NUMERALS.contains(*b)) {
        if NUMERALS.contains(run[0]) {
            out.extend(numeral(run).chars());
        } else {
            out.extend(run.iter().filter(|c| c.is_alphanumeric()));
        }
    }
    out
}

fn digit(c: char) -> Option<u32> {
    Some(match c {
        '零' | '〇' => 0,
        '一' | '幺' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

/// A run of numerals: by its units when it has some (二十 → 20), else digit by digit (一三八 → 138).
fn numeral(run: &[char]) -> String {
    if run.iter().all(|c| digit(*c).is_some()) {
        return run.iter().filter_map(|c| digit(*c)).map(|d| d.to_string()).collect();
    }
    let (mut total, mut last) = (0_u32, None);
    for &c in run {
        match c {
            '十' | '百' | '千' => {
                let unit = match c {
                    '十' => 10,
                    '百' => 100,
                    _ => 1_000,
                };
                total = total.saturating_add(last.take().unwrap_or(1) * unit);
            }
            c => last = digit(c),
        }
    }
    total.saturating_add(last.unwrap_or(0)).to_string()
}

/// Levenshtein's.
pub(crate) fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_no_error() {
        assert_eq!(compare("电话是一三八，二十多个", "電話是138 20多個。").errors, 0);
        assert_eq!(compare("十五度", "15度").errors, 0);
    }

    #[test]
    fn each_wrong_missing_or_added_character_counts_once() {
        assert_eq!(compare("路灯不亮", "路登不亮了"), Errors { errors: 2, characters: 4 });
        assert_eq!(compare("路灯不亮", ""), Errors { errors: 4, characters: 4 });
    }

    #[test]
    fn a_set_is_weighed_by_its_characters() {
        let set: Errors =
            [compare("你好", "你号"), compare("谢谢您的来电", "谢谢您的来电")].into_iter().sum();
        assert!((set.rate() - 0.125).abs() < 1e-9);
    }
}
