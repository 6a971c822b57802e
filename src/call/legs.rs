//! The media work of one call that takes time, done in order beside the owner, who never waits.
use base::{CallId, Drain};
use media::{CallMedia, Closed, LegName, LegSpec, MediaEvent};
use sip::DialogId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::run::Input;
use crate::state::Event;

/// One piece of work.
#[derive(Debug)]
pub(crate) enum Job {
    /// The caller's offer; none: the answer to the call carries ours.
    Caller {
        offer: Option<String>,
    },
    /// The caller's answer to our offer, in the ACK.
    CallerAnswer {
        sdp: String,
    },
    Agent {
        turn: u32,
    },
    AcceptAgent {
        turn: u32,
        sdp: String,
    },
    DropAgent,
    Citizen,
    AcceptCitizen {
        sdp: String,
    },
    /// A new offer in a dialog; none: we offer again.
    Update {
        dialog: DialogId,
        leg: LegName,
        offer: Option<String>,
    },
    Close,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Done {
    Event(Event),
    Updated { dialog: DialogId, result: Result<String, u16> },
    Closed(Box<Closed>),
}

/// Works through the jobs of one call until it is closed.
pub(crate) async fn work(
    call: CallId,
    media: CallMedia,
    browser: LegSpec,
    mut jobs: UnboundedReceiver<Job>,
    to: UnboundedSender<Input>,
) {
    while let Some(job) = jobs.recv().await {
        let last = matches!(job, Job::Close);
        if let Some(done) = take(&media, browser, job).await {
            drop(to.send(Input::Done(call, done))); // gone only when the house is closing
        }
        if last {
            return;
        }
    }
}

async fn take(media: &CallMedia, browser: LegSpec, job: Job) -> Option<Done> {
    let event = match job {
        Job::Caller { offer } => {
            let ready = match offer {
                Some(offer) => media.add_offered(LegName::Caller, LegSpec::TRUNK, &offer).await,
                None => media.add_offering(LegName::Caller, LegSpec::TRUNK).await,
            };
            Event::CallerMedia(ready.map_err(|error| {
                tracing::info!(%error, "a caller's media cannot be agreed on");
                error.sip_status()
            }))
        }
        Job::CallerAnswer { sdp } => match media.accept_answer(LegName::Caller, &sdp).await {
            Ok(()) => return None,
            Err(error) => {
                tracing::warn!(%error, "a caller's answer cannot be used");
                Event::CallerLost
            }
        },
        Job::Agent { turn } => {
            let offer = media.add_offering(LegName::Agent, browser).await;
            let offer = offer.inspect_err(|error| tracing::error!(%error, "no offer for an agent"));
            Event::AgentMedia { turn, offer: offer.ok() }
        }
        Job::AcceptAgent { turn, sdp } => {
            let taken = media.accept_answer(LegName::Agent, &sdp).await;
            let taken = taken
                .inspect_err(|error| tracing::warn!(%error, "an agent's answer cannot be used"));
            Event::AgentAccepted { turn, ok: taken.is_ok() }
        }
        Job::DropAgent => {
            media.remove(LegName::Agent).await;
            return None;
        }
        Job::Citizen => {
            let offer = media.add_offering(LegName::Caller, LegSpec::TRUNK).await;
            let offer =
                offer.inspect_err(|error| tracing::error!(%error, "no offer for a citizen"));
            Event::CitizenMedia { offer: offer.ok() }
        }
        Job::AcceptCitizen { sdp } => {
            let taken = media.accept_answer(LegName::Caller, &sdp).await;
            let taken = taken
                .inspect_err(|error| tracing::warn!(%error, "a citizen's answer cannot be used"));
            Event::CitizenAccepted { ok: taken.is_ok() }
        }
        Job::Update { dialog, leg, offer } => {
            let result = match offer {
                Some(offer) => media.update_offered(leg, &offer).await,
                None => media.offer_again(leg).await,
            };
            return Some(Done::Updated {
                dialog,
                result: result.map_err(|error| error.sip_status()),
            });
        }
        Job::Close => return Some(Done::Closed(Box::new(media.close().await))),
    };
    Some(Done::Event(event))
}

/// Hands the media's events of one call to the owner, until its media are closed.
pub(crate) async fn pump(call: CallId, mut events: Drain<MediaEvent>, to: UnboundedSender<Input>) {
    while let Some(event) = events.next().await {
        drop(to.send(Input::Media(call, event)));
    }
}
