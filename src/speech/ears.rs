//! All tracks of one connection, and which of them is heard next. No threads, no waiting: time and
//! requests in, replies and work out.
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::Error;
use crate::ear::{Ear, Work};
use crate::pace::Pace;
use crate::wire::{Reply, Request, Stream, unpack};

#[derive(Default)]
pub(crate) struct Ears {
    ears: BTreeMap<Stream, Ear>,
    pace: Pace,
}

impl Ears {
    pub(crate) fn on(
        &mut self,
        request: &Request,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Vec<Reply>, Error> {
        let stream = match *request {
            Request::Open { stream, at_ms, next_index } => {
                self.ears.insert(stream, Ear::new(at_ms, next_index));
                return Ok(Vec::new());
            }
            Request::Audio { stream } | Request::Close { stream } => stream,
        };
        let Some(ear) = self.ears.get_mut(&stream) else { return Ok(Vec::new()) };
        let withdrawn = match request {
            Request::Close { .. } => ear.end(now)?,
            _ => ear.hear(&unpack(body), now)?,
        };
        let mut replies: Vec<Reply> =
            withdrawn.into_iter().map(|sentence| Reply::Sentence { stream, sentence }).collect();
        replies.extend(ear.settled(false).map(|to_ms| Reply::Settled { stream, to_ms }));
        replies.extend(self.part_with(stream));
        Ok(replies)
    }

    /// The most pressing piece of work, if there is any. Finished sentences come before open ones
    /// of the same age; an old one comes before a young one.
    pub(crate) fn work(&mut self, now: DateTime<Utc>) -> Option<(Stream, Work, Vec<Reply>)> {
        let interval = self.pace.gait().interval_ms();
        let (stream, ready) = self
            .ears
            .iter_mut()
            .filter_map(|(stream, ear)| {
                ear.due(interval, now).map(|(due, ready)| (due, *stream, ready))
            })
            .min()
            .map(|(_, stream, ready)| (stream, ready))?;
        let work = self.ears.get_mut(&stream)?.take()?;
        let changed = self.pace.on(now - ready, now);
        let replies = changed.then(|| Reply::Gait { gait: self.pace.gait() });
        Some((stream, work, replies.into_iter().collect()))
    }

    /// What a worker heard; an error gives the sentence up, so that the others go on.
    pub(crate) fn done(
        &mut self,
        stream: Stream,
        work: &Work,
        text: Result<String, Error>,
    ) -> Vec<Reply> {
        let Some(ear) = self.ears.get_mut(&stream) else { return Vec::new() };
        let sentence = match text {
            Ok(text) => ear.done(work, &text),
            Err(error) => {
                tracing::error!(%error, "a sentence could not be heard");
                ear.failed(work)
            }
        };
        let anyway = sentence.as_ref().is_some_and(|sentence| sentence.r#final);
        let mut replies: Vec<Reply> =
            sentence.into_iter().map(|sentence| Reply::Sentence { stream, sentence }).collect();
        replies.extend(ear.settled(anyway).map(|to_ms| Reply::Settled { stream, to_ms }));
        replies.extend(self.part_with(stream));
        replies
    }

    fn part_with(&mut self, stream: Stream) -> Option<Reply> {
        if !self.ears.get(&stream)?.finished() {
            return None;
        }
        self.ears.remove(&stream);
        Some(Reply::Closed { stream })
    }
}
