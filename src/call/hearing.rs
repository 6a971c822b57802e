//! From the recording's two tracks to the speech room. A slow listener loses words, never a call.
use base::CallId;
use media::{LegName, TapFrame};
use speech::{Speech, Track};
use tokio::sync::mpsc::Receiver;

/// How many frames may wait: five seconds of both tracks.
pub(crate) const FRAMES: usize = 500;

/// Gives what is tapped of a call to the speech room until the call's media are closed.
pub(crate) async fn listen(call: CallId, speech: Speech, mut frames: Receiver<TapFrame>) {
    while let Some(frame) = frames.recv().await {
        let track = match frame.leg {
            LegName::Caller => Track::Citizen,
            LegName::Agent => Track::Agent,
        };
        speech.audio(call, track, frame.at_ms, &frame.pcm);
    }
    speech.close(call);
}
