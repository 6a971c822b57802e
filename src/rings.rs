//! "Ring me": the demonstration's citizens, out of recorded calls.
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use api::{Fixture, Rings};
use base::{Clock, Dice, PhoneNumber, Tasks};

use crate::caller::{self, CallPlan};

/// Rings the house that it lives in.
pub(crate) struct DemoRings {
    pub(crate) fixtures: PathBuf,
    pub(crate) via: SocketAddr,
    pub(crate) main_number: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) dice: Arc<dyn Dice>,
    pub(crate) tasks: Tasks,
}

/// The recorded calls, and what they are about.
const FIXTURES: [(&str, &str); 4] = [
    ("heating", "暖气不热"),
    ("streetlight", "路灯不亮"),
    ("wages", "拖欠工资"),
    ("question", "业务咨询"),
];

impl Rings for DemoRings {
    fn fixtures(&self) -> Vec<Fixture> {
        let there = FIXTURES.iter().filter_map(|(name, title)| {
            let wav = hound::WavReader::open(self.fixtures.join(format!("{name}.wav"))).ok()?;
            let seconds = wav.duration() / wav.spec().sample_rate.max(1);
            Some(Fixture { name: (*name).to_owned(), title: (*title).to_owned(), seconds })
        });
        there.collect()
    }

    fn ring(&self, fixture: &str) -> bool {
        let file = self.fixtures.join(format!("{fixture}.wav"));
        let known = FIXTURES.iter().any(|(name, _)| *name == fixture) && file.is_file();
        let numbers = || -> Result<(PhoneNumber, PhoneNumber), base::NotANumber> {
            let from = format!("138000{:05}", self.dice.below(100_000));
            Ok((from.parse()?, self.main_number.parse()?))
        };
        let (true, Ok((from, to))) = (known, numbers()) else { return false };
        let plan = CallPlan::saying(from, to, self.via, file);
        let (clock, dice, closing) = (self.clock.clone(), self.dice.clone(), self.tasks.clone());
        self.tasks.spawn_passing("demo call", async move {
            let stop = async { closing.stopping().await };
            match caller::place(plan, clock, dice, stop).await {
                Ok(summary) => tracing::info!(?summary, "the demonstration call is over"),
                Err(error) => tracing::warn!(%error, "the demonstration call could not be placed"),
            }
        });
        true
    }
}
