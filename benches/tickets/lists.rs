//! What the desks' lists take, filter by filter.
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::desk::{Desk, House};
use crate::pace::percentile;

/// How often each list is asked for, at most: the first page, and pages after it.
const TIMES: usize = 40;
const STATES: &[&str] = &[
    "accepted",
    "dispatched",
    "handling",
    "return_asked",
    "in_review",
    "correction",
    "in_follow_up",
    "disputed",
    "closed",
    "not_accepted",
    "cancelled",
];
const FLAGS: &[&str] = &[
    "late",
    "extended",
    "returned",
    "rework",
    "urged",
    "correction",
    "sealed",
    "provisional",
    "mass",
    "merged_children",
    "suspended",
    "withdrawn",
    "self_reported_contact",
    "rating_doubted",
    "oversight:yellow",
    "oversight:red",
    "oversight:order",
];

/// Every filter of every role; the line with the worst comes last.
pub(crate) async fn lists(house: &House, length: Duration) {
    let (mut all, mut worst) = (Vec::new(), (0.0, String::new()));
    let mut roles = house.roles();
    roles.retain(|role| role != "administrator");
    let mut each = Vec::new();
    for role in &roles {
        let desk = house.sign_in(role).await;
        for query in queries(&desk).await {
            each.push((desk_name(role, &query), query, desk.clone()));
        }
    }
    let share = length / u32::try_from(each.len()).unwrap();
    for (name, query, desk) in &each {
        let mut micros = pages(desk, query, share).await;
        all.extend(micros.iter().copied());
        let p99 = percentile(&mut micros, 99);
        if p99 > worst.0 {
            worst = (p99, name.clone());
        }
        if p99 > 50.0 {
            base::out(&format!(
                "  slow: {p99:.1} ms p99, {:.1} ms p50  {name}",
                percentile(&mut micros, 50)
            ));
        }
    }
    base::out(&format!("  the slowest list: {}", worst.1));
    base::out(&format!(
        "lists\tlists {}\tpages {}\tp50_ms {:.2}\tp99_ms {:.2}\tworst_p99_ms {:.2}",
        each.len(),
        all.len(),
        percentile(&mut all, 50),
        percentile(&mut all, 99),
        worst.0
    ));
}

fn desk_name(role: &str, query: &str) -> String {
    format!("{role}: {query}")
}

/// Searches for words that many, some and no tickets hold.
pub(crate) async fn search(house: &House, length: Duration) {
    let words = [
        "供热",
        "噪声扰民",
        "垃圾",
        "小作坊",
        "41号楼",
        "康平街",
        "没有这样的词",
        "无证生产",
        "水压不足",
        "路灯",
    ];
    let (mut all, mut worst) = (Vec::new(), (0.0, String::new()));
    let roles = ["supervisor", "clerk", "hub"];
    let share = length / u32::try_from(words.len() * roles.len()).unwrap();
    for role in roles {
        let desk = house.sign_in(role).await;
        for word in words {
            let mut micros = pages(&desk, &format!("box=all&q={word}"), share).await;
            all.extend(micros.iter().copied());
            let p99 = percentile(&mut micros, 99);
            if p99 > worst.0 {
                worst = (p99, desk_name(role, word));
            }
        }
    }
    base::out(&format!("  the slowest search: {}", worst.1));
    base::out(&format!(
        "search\tsearches {}\tp50_ms {:.2}\tp99_ms {:.2}\tworst_p99_ms {:.2}",
        all.len(),
        percentile(&mut all, 50),
        percentile(&mut all, 99),
        worst.0
    ));
}

/// The first page and those after it, again and again.
async fn pages(desk: &Desk, query: &str, share: Duration) -> Vec<u128> {
    let mut micros = Vec::new();
    let mut next: Option<String> = None;
    let begun = Instant::now();
    desk.try_get(&format!("/tickets?{query}")).await; // the first time reads from the disk
    while micros.len() < TIMES && (begun.elapsed() < share || micros.len() < 4) {
        let path = match &next {
            Some(cursor) => format!("/tickets?{query}&cursor={cursor}"),
            None => format!("/tickets?{query}"),
        };
        let start = Instant::now();
        let page = desk.try_get(&path).await.unwrap_or_else(|| panic!("{}: no {path}", desk.role));
        micros.push(start.elapsed().as_micros());
        next = page["next"].as_str().map(str::to_owned);
    }
    micros
}

/// Every box, alone and with every filter of the console, and some filters together.
async fn queries(desk: &Desk) -> Vec<String> {
    let mut filters = vec![String::new()];
    filters.extend(STATES.iter().map(|state| format!("&state={state}")));
    filters.push("&state=accepted,return_asked".to_owned());
    filters.extend(FLAGS.iter().map(|flag| format!("&flag={flag}")));
    for kind in ["inquiry", "help", "complaint", "report", "suggestion", "praise"] {
        filters.push(format!("&kind={kind}"));
    }
    for urgency in ["normal", "utility", "emergency"] {
        filters.push(format!("&urgency={urgency}"));
    }
    for channel in ["phone", "manual", "web", "message_board", "110"] {
        filters.push(format!("&channel={channel}"));
    }
    for (name, path) in [
        ("unit", "/units"),
        ("category", "/categories"),
        ("place", "/places?q=区"),
        ("place", "/places?q=街"),
    ] {
        let list = desk.get(path).await;
        let ids: Vec<&Value> = list["items"].as_array().into_iter().flatten().collect();
        let some =
            ids.iter().step_by((ids.len() / 4).max(1)).filter_map(|item| item["id"].as_str());
        filters.extend(some.map(|id| format!("&{name}={id}")));
    }
    for time in [
        "&from=2025-03-01&to=2025-03-07",
        "&from=2026-11-20",
        "&to=2024-06-01",
        "&due_before=2026-11-26",
        "&sort=oldest",
        "&sort=due",
        "&sort=newest",
        "&late=true",
        "&oversight=red,order,meeting",
        "&state=handling&kind=complaint&flag=urged",
        "&state=closed&flag=rework&from=2025-01-01&to=2025-12-31",
        "&kind=praise&state=in_review",
    ] {
        filters.push(time.to_owned());
    }
    let boxes = ["todo", "unit", "mine", "all"];
    boxes
        .iter()
        .flat_map(|which| filters.iter().map(move |filter| format!("box={which}{filter}")))
        .collect()
}
