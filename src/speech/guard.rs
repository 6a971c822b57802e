//! What Whisper makes up when it hears nothing: phantom phrases, loops, foreign script. Pure.
use crate::script::{is_han, letters};

/// Why a text is not believed (幻听).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// A phrase from the films and videos that the model was trained on.
    Phantom,
    /// More characters than anybody can say in that time.
    TooFast,
    /// The same words over and over.
    Loop,
    /// Hardly a Chinese character in it.
    Foreign,
}

/// Never said on a hotline; enough to find them anywhere in the text.
const ANYWHERE: [&str; 16] = [
    "请不吝点赞",
    "点赞订阅",
    "订阅转发",
    "打赏支持",
    "明镜与点点",
    "明镜需要您的支持",
    "amaraorg",
    "字幕志愿者",
    "中文字幕",
    "字幕by",
    "字幕制作",
    "字幕组",
    "优优独播剧场",
    "yoyotelevision",
    "以下是普通话的句子",
    "一个很好的朋友",
];

/// Could be said, so believed unless it is all there is.
const ALONE: [&str; 20] = [
    "谢谢观看",
    "感谢观看",
    "谢谢收看",
    "感谢收看",
    "感谢您的收看",
    "感谢您的观看",
    "多谢您的观看",
    "谢谢大家收看",
    "下期再见",
    "下集再见",
    "我们下期见",
    "请订阅我的频道",
    "欢迎订阅",
    "点赞",
    "本集完",
    "未完待续",
    "音乐",
    "音乐播放中",
    "掌声",
    "笑声",
];

/// Whether `text`, heard in `seconds` of sound, is to be believed.
pub(crate) fn doubt(text: &str, seconds: f64) -> Option<Doubt> {
    let said = letters(text);
    if said.is_empty() {
        return None;
    }
    let plain: String = said.iter().collect();
    if ANYWHERE.iter().any(|phrase| plain.contains(phrase)) || ALONE.contains(&plain.as_str()) {
        return Some(Doubt::Phantom);
    }
    if looped(&said) {
        return Some(Doubt::Loop);
    }
    let count = said.len();
    #[expect(clippy::cast_precision_loss, reason = "a text is short")]
    if count > 12 && count as f64 > 12.0 * seconds {
        return Some(Doubt::TooFast);
    }
    let ours = said.iter().filter(|c| is_han(**c) || c.is_ascii_digit()).count();
    (ours * 10 < count * 7).then_some(Doubt::Foreign)
}

/// A run of 1 to 12 letters four times in a row (a lone letter: six times), or three times when
/// that makes eighteen letters. Numbers repeat as they like.
fn looped(said: &[char]) -> bool {
    (1..=12).any(|n| {
        let times = match n {
            1 => 6,
            2..=5 => 4,
            _ => 3,
        };
        said.windows(n * times).any(|window| {
            let unit = &window[..n];
            !unit.iter().all(char::is_ascii_digit) && window.chunks(n).all(|part| part == unit)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phantoms_are_not_believed() {
        assert_eq!(doubt("请不吝点赞 订阅 转发 打赏支持明镜与点点栏目", 5.0), Some(Doubt::Phantom));
        assert_eq!(doubt("字幕by索兰娅", 2.0), Some(Doubt::Phantom));
        assert_eq!(doubt("谢谢观看。", 2.0), Some(Doubt::Phantom));
    }

    #[test]
    fn thanks_on_a_hotline_are_real() {
        assert_eq!(doubt("好的，谢谢你。", 1.5), None);
        assert_eq!(doubt("感谢您的来电，再见。", 2.0), None);
    }

    #[test]
    fn loops_are_not_believed() {
        assert_eq!(doubt("三维尼4维尼4维尼4维尼4维尼4", 6.0), Some(Doubt::Loop));
        assert_eq!(doubt(&"请您稍等一下".repeat(3), 9.0), Some(Doubt::Loop));
    }

    #[test]
    fn a_number_may_repeat_itself() {
        assert_eq!(doubt("电话是13888888888", 4.0), None);
    }

    #[test]
    fn nobody_speaks_that_fast() {
        assert_eq!(doubt("我家住在铁西区阳光小区三号楼门口", 0.8), Some(Doubt::TooFast));
    }

    #[test]
    fn foreign_script_is_not_believed() {
        assert_eq!(doubt("Thank you for watching", 2.0), Some(Doubt::Foreign));
        assert_eq!(doubt("Маняни", 2.0), Some(Doubt::Foreign));
        assert_eq!(doubt("12345", 2.0), None);
    }
}
