//! One script and one spelling: Whisper writes Traditional and Simplified, full and half width.
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

static SIMPLIFIED: LazyLock<OpenCC> =
    LazyLock::new(|| OpenCC::from_config(BuiltinConfig::T2s).expect("the tables are compiled in"));

/// Simplified script, Chinese punctuation between Chinese words, no spaces between them. Digits
/// stay as they were heard.
pub(crate) fn tidy(heard: &str) -> String {
    let text: Vec<char> = SIMPLIFIED
        .convert(heard)
        .chars()
        .filter(|c| *c != char::REPLACEMENT_CHARACTER)
        .map(narrow)
        .collect();
    let mut out = String::with_capacity(heard.len());
    for (n, &c) in text.iter().enumerate() {
        let before = out.chars().next_back();
        let after = text[n + 1..].iter().copied().find(|c| !c.is_whitespace());
        if c.is_whitespace() {
            let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
            if latin(before) && latin(after) {
                out.push(' ');
            }
            continue;
        }
        let c = if before.is_some_and(is_han) || after.is_some_and(is_han) { wide(c) } else { c };
        if is_punctuation(c) && before.is_none_or(is_punctuation) {
            continue;
        }
        out.push(c);
    }
    out
}

/// Letters and digits only, lower case: what two texts are compared by.
pub(crate) fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn is_punctuation(c: char) -> bool {
    !c.is_alphanumeric() && !c.is_whitespace() && !matches!(c, '%' | '+' | '#' | '*' | '-')
}

/// Full-width letters and digits as plain ones.
fn narrow(c: char) -> char {
    match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
            char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
        }
        '\u{3000}' => ' ',
        c => c,
    }
}

fn wide(c: char) -> char {
    match c {
        ',' => '，',
        '?' => '？',
        '!' => '！',
        ';' => '；',
        ':' => '：',
        '.' => '。',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traditional_script_becomes_simplified() {
        assert_eq!(tidy("您好,請問有什麼可以幫您?"), "您好，请问有什么可以帮您？");
    }

    #[test]
    fn digits_stay_as_they_were_heard() {
        assert_eq!(tidy(" 我的電話是 138 4340 5678"), "我的电话是13843405678");
        assert_eq!(tidy("二十多個工人"), "二十多个工人");
    }

    #[test]
    fn a_text_does_not_begin_with_punctuation() {
        assert_eq!(tidy(", 好的。"), "好的。");
    }

    #[test]
    fn foreign_words_keep_their_space() {
        assert_eq!(tidy("下載 Open Street 地圖"), "下载Open Street地图");
    }
}
