//! What of a sentence still being spoken is firm: LocalAgreement-2 (Macháček, Dabre, Bojar 2023) by
//! characters. Pure.
use crate::script::letters;

/// How many last letters of an agreement stay open: the end of a cut-off sentence is guessed.
const OPEN_END: usize = 2;

/// The hypotheses of one open sentence (增量识别).
#[derive(Debug, Default)]
pub(crate) struct Agreement {
    /// Firm text as shown, with its punctuation.
    firm: String,
    /// The letters of the last hypothesis behind the firm text.
    previous: Vec<char>,
}

impl Agreement {
    /// Takes the next hypothesis of the whole sentence so far; gives the text to show and how many
    /// of its characters are firm.
    pub(crate) fn update(&mut self, hypothesis: &str) -> (String, usize) {
        let rest = self.behind_firm(hypothesis);
        let now = letters(&rest);
        let agreed = now.iter().zip(&self.previous).take_while(|(a, b)| a == b).count();
        let mut firm = agreed.min(now.len().saturating_sub(OPEN_END));
        // a number that may still grow is not cut
        while firm > 0
            && firm < now.len()
            && now[firm - 1].is_ascii_digit()
            && now[firm].is_ascii_digit()
        {
            firm -= 1;
        }
        let at = after_letters(&rest, firm);
        self.firm.push_str(&rest[..at]);
        self.previous = now[firm..].to_vec();
        (format!("{}{}", self.firm, &rest[at..]), self.firm.chars().count())
    }

    /// The finished sentence: the firm text, and behind it what the last hearing adds.
    pub(crate) fn finish(&self, hearing: &str) -> String {
        format!("{}{}", self.firm, self.behind_firm(hearing))
    }

    #[cfg(test)]
    fn firm(&self) -> &str {
        &self.firm
    }

    /// What of `text` lies behind the part that best matches the firm text.
    fn behind_firm(&self, text: &str) -> String {
        let (firm, heard) = (letters(&self.firm), letters(text));
        if firm.is_empty() {
            return text.to_owned();
        }
        let mut row: Vec<usize> = (0..=heard.len()).collect();
        for (i, x) in firm.iter().enumerate() {
            let mut diagonal = row[0];
            row[0] = i + 1;
            for (j, y) in heard.iter().enumerate() {
                let substitute = diagonal + usize::from(x != y);
                diagonal = row[j + 1];
                row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
            }
        }
        // of several equally good ends, the one at the firm text's own length
        let end = (0..=heard.len())
            .min_by_key(|&j| (row[j], j.abs_diff(firm.len())))
            .expect("at least the empty end");
        text[after_letters(text, end)..].to_owned()
    }
}

/// The byte behind the `count`th letter of `text`, punctuation that follows it left outside.
fn after_letters(text: &str, count: usize) -> usize {
    if count == 0 {
        return 0;
    }
    text.char_indices()
        .filter(|(_, c)| c.is_alphanumeric())
        .nth(count - 1)
        .map_or(text.len(), |(at, c)| at + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_two_hearings_agree_on_is_firm_but_for_the_last_letters() {
        let mut agreement = Agreement::default();
        assert_eq!(agreement.update("我家门口的路"), ("我家门口的路".into(), 0));
        assert_eq!(agreement.update("我家门口的路灯不"), ("我家门口的路灯不".into(), 6));
        assert_eq!(agreement.update("我家门口的路登不亮").1, 6);
    }

    #[test]
    fn a_growing_number_is_not_firm() {
        let mut agreement = Agreement::default();
        agreement.update("电话是1384340");
        assert_eq!(agreement.update("电话是1384340567").1, 3);
    }

    #[test]
    fn firm_text_stays_when_a_later_hearing_differs() {
        let mut agreement = Agreement::default();
        agreement.update("我要投诉我家");
        agreement.update("我要投诉，我家里");
        assert_eq!(agreement.firm(), "我要投诉，我");
        assert_eq!(agreement.update("我要头诉，我家里的暖气").0, "我要投诉，我家里的暖气");
        assert_eq!(agreement.finish("我要头诉我家里的暖气不热。"), "我要投诉，我家里的暖气不热。");
    }

    #[test]
    fn nothing_firm_leaves_the_last_hearing_as_it_is() {
        assert_eq!(Agreement::default().finish("，好的。"), "，好的。");
    }

    proptest! {
        #[test]
        fn firm_text_only_grows(hypotheses in proptest::collection::vec("[一二三甲乙1，]{0,12}", 1..12)) {
            let mut agreement = Agreement::default();
            let mut firm = String::new();
            for hypothesis in &hypotheses {
                let (text, committed) = agreement.update(hypothesis);
                let now: String = text.chars().take(committed).collect();
                prop_assert!(now.starts_with(&firm), "{firm} became {now}");
                firm = now;
            }
            prop_assert!(agreement.finish("乙").starts_with(&firm));
        }
    }
}
