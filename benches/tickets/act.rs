//! Steps of a ticket's life: dispatched, signed, and urged by the citizen.
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::create::Forms;
use crate::desk::{Desk, House};
use crate::pace::{self, Load};

/// How many tickets are accepted ahead of the steps, for each second of load.
const AHEAD: u64 = 300;

pub(crate) async fn run(house: &House, load: &Load) {
    let steps = Steps::new(house).await;
    let seconds = load.length.as_secs().max(1) + 2;
    steps.accept(AHEAD * seconds + u64::from(load.rate) * seconds).await;
    let send = async || steps.next().await;
    pace::busy(load.clients, Duration::from_secs(2), send).await;
    pace::print(
        "closed loop",
        load.clients,
        &mut pace::busy(load.clients, load.length, send).await,
    );
    if load.rate > 0 {
        pace::print("open loop", load.rate, &mut pace::paced(load.rate, load.length, send).await);
    }
}

/// A ticket that waits for its next step.
struct Waiting {
    path: String,
    version: i64,
    step: usize,
}

struct Steps {
    forms: Forms,
    dispatcher: Desk,
    clerk: Desk,
    agent: Desk,
    unit: Value,
    waiting: RefCell<VecDeque<Waiting>>,
}

impl Steps {
    async fn new(house: &House) -> Self {
        let clerk = house.sign_in("clerk").await;
        let me = clerk.get("/me").await;
        let unit =
            find(&me, "unit_id").or_else(|| find(&me, "unit").map(|unit| unit["id"].clone()));
        Self {
            forms: Forms::new(house).await,
            dispatcher: house.sign_in("dispatcher").await,
            agent: house.sign_in("agent").await,
            unit: unit.expect("a clerk has a unit"),
            clerk,
            waiting: RefCell::new(VecDeque::new()),
        }
    }

    async fn accept(&self, many: u64) {
        let lines = 16;
        join_all((0..lines).map(async |_| {
            for _ in 0..many.div_ceil(lines) {
                let Some(page) = self.forms.accepted().await else { continue };
                let path = format!("/tickets/{}/actions", page["id"].as_str().unwrap());
                self.waiting.borrow_mut().push_back(Waiting { path, version: 1, step: 0 });
            }
        }))
        .await;
    }

    /// One step of the ticket that has waited longest, and the microseconds it took.
    async fn next(&self) -> Option<u128> {
        let mut waiting = self.waiting.borrow_mut().pop_front().expect("enough tickets wait");
        let (who, step) = match waiting.step {
            0 => (
                &self.dispatcher,
                json!({ "action": "dispatch", "unit_id": self.unit, "assisting": [],
                "reason": "按职责交办" }),
            ),
            1 => (&self.clerk, json!({ "action": "sign" })),
            _ => (&self.agent, json!({ "action": "urge", "reason": "市民来电催办" })),
        };
        let start = Instant::now();
        let answer = who.post(&waiting.path, Some(waiting.version), &step).await.ok()?;
        if !answer.status().is_success() {
            let why = answer.text().await.unwrap_or_default();
            base::out(&format!("refused: {step}: {why}"));
            return None;
        }
        let page: Value = answer.json().await.ok()?;
        let took = start.elapsed().as_micros();
        waiting.version = page["version"].as_i64()?;
        waiting.step += 1;
        if waiting.step < 3 {
            self.waiting.borrow_mut().push_back(waiting);
        }
        Some(took)
    }
}

/// The first value of this name, however deep.
fn find(value: &Value, name: &str) -> Option<Value> {
    let fields = value.as_object()?;
    let own = fields.get(name).filter(|value| !value.is_null()).cloned();
    own.or_else(|| fields.values().find_map(|inner| find(inner, name)))
}
