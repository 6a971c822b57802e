//! How many G.711 calls one core relays, beside rtpengine in user space.
//!
//! `relay serve N` holds N calls of the media room and prints their ports; `relay load …` makes
//! the packets from another core, counts what comes through, and charges the relay's process for
//! the processor time it took. `ops/bench` runs the pairs in turn.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]
#![expect(clippy::cast_precision_loss, reason = "figures of a benchmark are small")]
mod load;
mod rtpengine;
mod serve;

use std::path::Path;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["serve", calls, caller, agent, record] => {
            let record = (record != "-").then(|| Path::new(record));
            serve::run(
                calls.parse().unwrap(),
                caller.parse().unwrap(),
                agent.parse().unwrap(),
                record,
            );
        }
        ["ours", calls, seconds, record] => {
            load::ours(calls.parse().unwrap(), seconds.parse().unwrap(), record);
        }
        ["rtpengine", calls, seconds] => {
            rtpengine::measure(calls.parse().unwrap(), seconds.parse().unwrap());
        }
        _ => {
            base::out("usage: relay ours CALLS SECONDS (FOLDER of recordings | -)");
            base::out("       relay rtpengine CALLS SECONDS");
            std::process::exit(2);
        }
    }
}
