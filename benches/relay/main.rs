//! How many G.711 calls one core relays, beside rtpengine in user space.
//!
//! `ours` starts a process of itself (`serve`) that holds the calls of the media room, `rtpengine`
//! starts that; both make the packets from another core, count what comes through, and charge the
//! relay's process for the processor time it took, the kernel's share included. `ops/bench` runs
//! them in turn.
#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]
#![expect(clippy::cast_precision_loss, reason = "figures of a benchmark are small")]
mod load;
mod rtpengine;
mod serve;

use std::path::Path;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
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
            base::out("usage: bench-relay ours CALLS SECONDS (FOLDER of recordings | -)");
            base::out("       bench-relay rtpengine CALLS SECONDS");
            std::process::exit(2);
        }
    }
}
