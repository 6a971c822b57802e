//! The two ways of sending: as fast as answers come, and at an even pace.
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;

pub(crate) struct Load {
    pub(crate) clients: u32,
    /// A second; 0: no second part.
    pub(crate) rate: u32,
    pub(crate) length: Duration,
}

/// What came of it.
pub(crate) struct Done {
    pub(crate) micros: Vec<u128>,
    pub(crate) seconds: f64,
    pub(crate) refused: usize,
}

/// So many clients, each of which sends the next when it has the answer to the last.
pub(crate) async fn busy(
    clients: u32,
    length: Duration,
    send: impl AsyncFn() -> Option<u128>,
) -> Done {
    let start = Instant::now();
    let all = (0..clients).map(async |_| {
        let (mut micros, mut refused) = (Vec::new(), 0);
        while start.elapsed() < length {
            match send().await {
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

/// So many a second, at even distances. Counted from the moment when it was to be sent, so that who
/// had to wait for the sender waited too.
pub(crate) async fn paced(
    rate: u32,
    length: Duration,
    send: impl AsyncFn() -> Option<u128>,
) -> Done {
    let start = Instant::now();
    let send = &send;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / rate);
    let (mut open, mut answers) = (FuturesUnordered::new(), Vec::new());
    while start.elapsed() < length {
        tokio::select! {
            due = tick.tick() => open.push(async move {
                let late = due.elapsed().as_micros();
                send().await.map(|micros| micros + late)
            }),
            Some(answer) = open.next() => answers.push(answer),
        }
    }
    answers.extend(open.collect::<Vec<_>>().await);
    let seconds = start.elapsed().as_secs_f64();
    let refused = answers.iter().filter(|answer| answer.is_none()).count();
    Done { micros: answers.into_iter().flatten().collect(), seconds, refused }
}

/// The time below which so many of a hundred lie, in milliseconds.
pub(crate) fn percentile(micros: &mut [u128], percent: usize) -> f64 {
    micros.sort_unstable();
    let at = (micros.len() * percent / 100).min(micros.len().max(1) - 1);
    *micros.get(at).unwrap_or(&0) as f64 / 1000.0
}

pub(crate) fn print(how: &str, many: u32, done: &mut Done) {
    base::out(&format!(
        "{how}\tmany {many}\tper_second {:.1}\tp50_ms {:.2}\tp99_ms {:.2}\trefused {}",
        done.micros.len() as f64 / done.seconds,
        percentile(&mut done.micros, 50),
        percentile(&mut done.micros, 99),
        done.refused
    ));
}
