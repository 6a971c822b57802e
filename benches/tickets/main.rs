//! How many tickets a second are accepted through HTTP, as an agent's browser sends them.
//!
//! `bench-tickets http://ADDR ACCOUNTS.json CLIENTS SECONDS [RATE]` signs in as the demonstration's
//! agent and lets so many clients submit one form after the other (closed loop); then it submits RATE
//! a second whether or not the answers have come (open loop): that is what one agent waits.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::cast_precision_loss, reason = "figures of a benchmark are small")]
use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use reqwest::{Client, StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (address, accounts, clients, seconds, rate) = match words[..] {
        [address, accounts, clients, seconds] => (address, accounts, clients, seconds, "0"),
        [address, accounts, clients, seconds, rate] => (address, accounts, clients, seconds, rate),
        _ => {
            base::out("usage: bench-tickets http://ADDR ACCOUNTS.json CLIENTS SECONDS [RATE]");
            std::process::exit(2);
        }
    };
    let (clients, rate) = (clients.parse().unwrap(), rate.parse().unwrap());
    let length = Duration::from_secs(seconds.parse().unwrap());
    drop(rustls::crypto::ring::default_provider().install_default());
    let desk = Desk::sign_in(address, accounts).await;
    desk.busy(clients, Duration::from_secs(2)).await; // warm caches, plans and connections
    print("closed loop", clients, &desk.busy(clients, length).await);
    if rate > 0 {
        print("open loop", rate, &desk.paced(rate, length).await);
    }
}

/// What came of it.
struct Done {
    micros: Vec<u128>,
    seconds: f64,
    refused: usize,
}

fn print(how: &str, many: u32, done: &Done) {
    let mut micros = done.micros.clone();
    micros.sort_unstable();
    let at = |percent: usize| {
        let micros = micros.get((micros.len() * percent / 100).min(micros.len().max(1) - 1));
        *micros.unwrap_or(&0) as f64 / 1000.0
    };
    base::out(&format!(
        "{how}\tmany {many}\tper_second {:.1}\tp50_ms {:.2}\tp99_ms {:.2}\trefused {}",
        done.micros.len() as f64 / done.seconds,
        at(50),
        at(99),
        done.refused
    ));
}

/// An agent's desk.
struct Desk {
    client: Client,
    address: String,
    cookie: String,
    categories: Vec<Uuid>,
    run: u64,
    next: Cell<u64>,
}

impl Desk {
    async fn sign_in(address: &str, accounts: &str) -> Self {
        let accounts: Value =
            serde_json::from_str(&std::fs::read_to_string(accounts).unwrap()).unwrap();
        let mut accounts = accounts.as_array().unwrap().iter();
        let agent = accounts.find(|account| account["role"] == "agent").unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        let form = json!({ "name": agent["name"], "password": agent["password"] });
        let login = client.post(format!("{address}/api/v1/login")).header(header::ORIGIN, address);
        let answer = login.json(&form).send().await.unwrap().error_for_status().unwrap();
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let list = client.get(format!("{address}/api/v1/categories"));
        let list = list.header(header::COOKIE, &cookie).send().await.unwrap();
        let list: Value = list.error_for_status().unwrap().json().await.unwrap();
        let categories = list["items"].as_array().unwrap().iter();
        let categories = categories.map(|item| item["id"].as_str().unwrap().parse().unwrap());
        let (categories, next) = (categories.collect(), Cell::new(0));
        let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let run = u64::try_from(since_1970.as_nanos()).unwrap();
        Self { client, address: address.to_owned(), cookie, categories, run, next }
    }

    /// So many clients, each of which sends the next form when it has the answer to the last.
    async fn busy(&self, clients: u32, length: Duration) -> Done {
        let start = Instant::now();
        let all = (0..clients).map(async |_| {
            let (mut micros, mut refused) = (Vec::new(), 0);
            while start.elapsed() < length {
                match self.submit().await {
                    Some(time) => micros.push(time),
                    None => refused += 1,
                }
            }
            (micros, refused)
        });
        let all = join_all(all).await;
        let seconds = start.elapsed().as_secs_f64();
        let refused = all.iter().map(|(_, refused)| refused).sum();
        Done { micros: all.into_iter().flat_map(|(micros, _)| micros).collect(), seconds, refused }
    }

    /// So many forms a second, at even distances.
    async fn paced(&self, rate: u32, length: Duration) -> Done {
        let start = Instant::now();
        let mut tick = tokio::time::interval(Duration::from_secs(1) / rate);
        let (mut open, mut answers) = (FuturesUnordered::new(), Vec::new());
        while start.elapsed() < length {
            tokio::select! {
                _ = tick.tick() => open.push(self.submit()),
                Some(answer) = open.next() => answers.push(answer),
            }
        }
        answers.extend(open.collect::<Vec<_>>().await);
        let seconds = start.elapsed().as_secs_f64();
        let refused = answers.iter().filter(|answer| answer.is_none()).count();
        Done { micros: answers.into_iter().flatten().collect(), seconds, refused }
    }

    /// One ticket, and the microseconds it took; none when it was not accepted.
    async fn submit(&self) -> Option<u128> {
        let n = self.next.get();
        self.next.set(n + 1);
        let many = u64::try_from(self.categories.len()).unwrap();
        let category = self.categories[usize::try_from(n % many).unwrap()];
        let form = json!({
            "draft": {
                "title": format!("阳光小区{n}号楼供热不足"),
                "content": "从昨晚起室内温度只有14度,家里有老人和孩子,已向供热公司反映两次没有解决,请尽快处理。",
                "kind": "help", "urgency": "normal", "category_id": category, "place_id": null,
                "address": format!("阳光小区{n}号楼"), "contact_name": "张先生",
                // some thousand citizens, who call more than once
                "contact_number": format!("139{:08}", (n * 7919) % 10_000),
                "secrecy": false, "wants_reply": true
            },
            "call_id": null, "channel": "manual", "key": Uuid::from_u64_pair(self.run, n)
        });
        let request = self.client.post(format!("{}/api/v1/tickets", self.address));
        let request = request.header(header::ORIGIN, &self.address);
        let request = request.header(header::COOKIE, &self.cookie).json(&form);
        let start = Instant::now();
        let answer = request.send().await.ok()?;
        let status = answer.status();
        answer.bytes().await.ok()?;
        (status == StatusCode::CREATED).then(|| start.elapsed().as_micros())
    }
}
