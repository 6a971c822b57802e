//! Tickets accepted, as an agent's browser sends the form.
use std::cell::Cell;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{Desk, House};
use crate::pace::{self, Load};

pub(crate) async fn run(house: &House, load: &Load) {
    let forms = Forms::new(house).await;
    let send = async || forms.submit().await;
    pace::busy(load.clients, Duration::from_secs(2), send).await; // warm caches, plans, connections
    pace::print(
        "closed loop",
        load.clients,
        &mut pace::busy(load.clients, load.length, send).await,
    );
    if load.rate > 0 {
        pace::print("open loop", load.rate, &mut pace::paced(load.rate, load.length, send).await);
    }
}

/// An agent who fills in one form after the other.
pub(crate) struct Forms {
    desk: Desk,
    categories: Vec<Uuid>,
    run: u64,
    next: Cell<u64>,
}

impl Forms {
    pub(crate) async fn new(house: &House) -> Self {
        let desk = house.sign_in("agent").await;
        let list = desk.get("/categories").await;
        let categories = list["items"].as_array().unwrap().iter();
        let categories = categories.map(|item| item["id"].as_str().unwrap().parse().unwrap());
        let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let run = u64::try_from(since_1970.as_nanos()).unwrap();
        Self { categories: categories.collect(), desk, run, next: Cell::new(0) }
    }

    /// One ticket, and the microseconds it took; none when it was not accepted.
    async fn submit(&self) -> Option<u128> {
        let start = Instant::now();
        self.accepted().await.map(|_| start.elapsed().as_micros())
    }

    /// The ticket's page.
    pub(crate) async fn accepted(&self) -> Option<Value> {
        let n = self.next.get();
        self.next.set(n + 1);
        let many = u64::try_from(self.categories.len()).unwrap();
        let category = self.categories[usize::try_from(n % many).unwrap()];
        let form = json!({
            "draft": {
                "title": format!("阳光小区{n}号楼供热不足"),
                "content": "从昨晚起室内温度只有14度，家里有老人和孩子，已向供热公司反映两次没有解决，请尽快处理。",
                "kind": "help", "urgency": "normal", "category_id": category, "place_id": null,
                "address": format!("阳光小区{n}号楼"), "contact_name": "张先生",
                // some thousand citizens, who call more than once
                "contact_number": format!("139{:08}", (n * 7919) % 10_000),
                "secrecy": false, "wants_reply": true
            },
            "call_id": null, "channel": "manual", "key": Uuid::from_u64_pair(self.run, n)
        });
        let answer = self.desk.post("/tickets", None, &form).await.ok()?;
        let created = answer.status() == StatusCode::CREATED;
        let page = answer.json().await.ok()?;
        created.then_some(page)
    }
}
