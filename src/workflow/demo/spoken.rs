//! What citizen and agent said when a request was made by telephone: the words of its ticket, as
//! somebody says them.

/// One sentence: whether the citizen said it, and the words.
pub type Said = (bool, String);

/// How a ticket's content begins, and how the citizen began.
const BEGINNINGS: &[(&str, &str)] = &[
    ("市民来电表扬", "你好，我想表扬一下，"),
    ("市民反映", "你好，我想反映个事，"),
    ("村民反映", "你好，我们村的事想反映一下，"),
    ("市民投诉", "你好，我要投诉，"),
    ("市民咨询", "你好，我想咨询一下，"),
    ("市民建议", "你好，我提个建议，"),
    ("群众举报", "我要举报，"),
];

/// The conversation about a request.
pub(super) fn conversation(content: &str, address: &str) -> Vec<Said> {
    let agent = |words: &str| (false, words.to_owned());
    let citizen = |words: String| (true, words);
    let begun = BEGINNINGS.iter().find_map(|(written, said)| {
        content.strip_prefix(written).map(|rest| format!("{said}{rest}"))
    });
    let whole = begun.unwrap_or_else(|| format!("你好，{content}"));
    // the matter first, what is wanted after a word of the agent
    let parts: Vec<&str> = whole.split('，').collect();
    let (first, rest) = parts.split_at(parts.len().div_ceil(2).max(1));
    let mut said = vec![
        agent("您好，四平12345热线，请问有什么可以帮您？"),
        citizen(format!("{}。", first.join("，").trim_end_matches('。'))),
    ];
    if !rest.is_empty() {
        said.push(agent("嗯，您接着说。"));
        said.push(citizen(rest.join("，")));
    }
    if !address.trim().is_empty() {
        said.push(agent("请问具体地址是哪里？"));
        said.push(citizen(format!("在{}。", address.trim())));
    }
    said.push(agent("好的，情况已经记录下来，我们会转给承办单位办理，有结果会给您回复。"));
    said.push(citizen("好的，谢谢。".to_owned()));
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_citizen_says_what_the_ticket_holds() {
        let content =
            "市民反映阳光小区3号楼家中供热温度只有15度左右，已持续三天，希望尽快上门测温处理。";
        let said = conversation(content, "铁西区 阳光小区 3号楼");
        let citizen: String =
            said.iter().filter(|(citizen, _)| *citizen).map(|(_, words)| words.as_str()).collect();
        for words in ["供热温度只有15度左右", "已持续三天", "上门测温处理", "阳光小区 3号楼"]
        {
            assert!(citizen.contains(words), "{words}: {citizen}");
        }
        assert!(!citizen.contains("市民反映"));
    }

    #[test]
    fn every_matter_of_the_demonstration_has_its_way_of_being_said() {
        for matter in crate::demo::texts::THEMES.iter().flat_map(|theme| theme.matters) {
            let known = BEGINNINGS.iter().any(|(written, _)| matter.content.starts_with(written));
            assert!(known, "{}", matter.content);
        }
    }
}
