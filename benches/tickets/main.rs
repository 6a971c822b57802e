//! The load on `lianxin serve`, as browsers send it.
//!
//! `bench-tickets http://ADDR ACCOUNTS.json WHAT CLIENTS SECONDS [RATE]`
//! - `create`: forms of an agent, from so many clients one after the other (closed loop), then RATE a
//!   second whether or not the answers have come (open loop): that is what one agent waits
//! - `act`: tickets are dispatched, signed and urged, in the same two ways
//! - `lists`: each role's every list with every filter, the first page and the pages after it
//! - `search`: words that many, few and no tickets hold
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::cast_precision_loss, reason = "figures of a benchmark are small")]
mod act;
mod create;
mod desk;
mod lists;
mod pace;

use std::time::Duration;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut words = words.iter().map(String::as_str);
    let (Some(address), Some(accounts), Some(what), Some(clients), Some(seconds)) =
        (words.next(), words.next(), words.next(), words.next(), words.next())
    else {
        base::out("usage: bench-tickets http://ADDR ACCOUNTS.json WHAT CLIENTS SECONDS [RATE]");
        std::process::exit(2);
    };
    let rate = words.next().unwrap_or("0");
    drop(rustls::crypto::ring::default_provider().install_default());
    let house = desk::House::new(address, accounts);
    let load = pace::Load {
        clients: clients.parse().unwrap(),
        rate: rate.parse().unwrap(),
        length: Duration::from_secs(seconds.parse().unwrap()),
    };
    match what {
        "create" => create::run(&house, &load).await,
        "act" => act::run(&house, &load).await,
        "lists" => lists::lists(&house, load.length).await,
        "search" => lists::search(&house, load.length).await,
        other => {
            base::out(&format!("bench-tickets: what is {other}?"));
            std::process::exit(2);
        }
    }
}
