//! The sound of a call: RTP and WebRTC legs, prompts and tones, the bridge between caller and
//! agent, the recording. It knows no database, no SIP and no queue; what happens on the wire it
//! says as a [`MediaEvent`], and it does nothing that nobody commanded.
mod bridge;
mod browser;
mod call;
mod codec;
mod dtmf;
mod error;
mod g711;
mod handle;
mod latch;
mod leg;
pub mod level;
mod outgoing;
mod pace;
mod player;
mod ports;
mod prompt;
mod reception;
mod recorder;
mod repack;
pub mod rtcp;
pub mod rtp;
mod rtp_leg;
pub mod sdp;
mod silence;
mod spans;
mod timeline;
mod track;
mod wav;

#[cfg(test)]
mod phone;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

pub use error::Error;
pub use handle::{CallMedia, Media};
pub use prompt::Prompt;
pub use wav::{Repaired, repair};

/// Samples a second of everything that is played, recorded and tapped.
pub const RATE: u32 = 8000;
/// Samples in one frame of 20 ms.
pub const FRAME: usize = 160;

/// Where the media room listens and what it tells others about that.
#[derive(Debug, Clone)]
pub struct Config {
    /// The address that plain RTP is received on; `0.0.0.0` is fine.
    pub bind: IpAddr,
    /// The address that stands in our SDP: the one by which trunks and browsers reach `bind`.
    pub public: IpAddr,
    /// The address that browsers' media are received on; a concrete one, no wildcard.
    pub browser_bind: IpAddr,
    /// UDP ports for media. RTP takes an even one and the odd one above it for RTCP.
    pub ports: RangeInclusive<u16>,
    /// Whether loopback addresses are offered to browsers: for one machine and for tests.
    pub loopback: bool,
    /// The folder of prompts, `NAME.wav` each.
    pub prompts: PathBuf,
}

/// The two parties of a call (主叫、坐席).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LegName {
    /// The citizen; the left track of the recording.
    Caller,
    /// The person who answers; the right track.
    Agent,
}

impl LegName {
    /// The party at the other end of the bridge.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Caller => Self::Agent,
            Self::Agent => Self::Caller,
        }
    }
}

/// How a party's media come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegSpec {
    /// Plain RTP, PCMA or PCMU with telephone-event. The peer is held to the IP address of its
    /// SDP, unless it stands `behind_nat` (telephones on desks, never trunks).
    Rtp { behind_nat: bool },
    /// WebRTC. PCMA is preferred, or Opus when `opus` (bad networks, home offices).
    Browser { opus: bool },
}

impl LegSpec {
    /// A carrier's trunk.
    pub const TRUNK: Self = Self::Rtp { behind_nat: false };
    /// An agent's browser.
    pub const BROWSER: Self = Self::Browser { opus: false };
}

/// What sounds on a leg while nobody speaks to it and no prompt plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// 450 Hz, 1 s on and 4 s off, soft: an answered caller waits (等待音).
    Waiting450,
    /// 450 Hz, 1 s on and 4 s off, at the level of an exchange: the far end rings (回铃音).
    Ringback450,
    /// 450 Hz, 0.35 s on and off (忙音).
    Busy450,
    /// Nothing.
    Off,
}

/// What happened on the media of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaEvent {
    /// A key was pressed (RFC 4733), reported once at its beginning.
    Dtmf { leg: LegName, digit: char },
    /// The prompt played to its end. One that was stopped or replaced gives no event.
    PlayDone { leg: LegName, id: u32 },
    /// First packets came from the expected peer (after DTLS on a browser leg). Once a leg.
    Up { leg: LegName },
    /// The party has not been heard for so long, counted while the legs are connected.
    /// Reported at 10, 30, 60 and 120 s. `receiving` says whether packets still come: a muted
    /// microphone sends packets of silence, one-way audio sends none.
    Silent { leg: LegName, for_secs: u32, receiving: bool },
    /// The leg will carry no more media (ICE or DTLS failed, or its socket broke).
    Failed { leg: LegName, why: String },
    /// The recording stopped early, the call goes on (disk full).
    RecordingFailed { why: String },
}

/// 20 ms of one party's voice for speech recognition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TapFrame {
    /// Whose voice.
    pub leg: LegName,
    /// Where it lies in the recording, in milliseconds.
    pub at_ms: u64,
    /// [`FRAME`] samples of 8 kHz.
    pub pcm: Vec<i16>,
}

/// Counts of one leg.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LegStats {
    /// RTP packets sent.
    pub sent: u64,
    /// RTP packets received from the peer; those that repair nothing (padding) are left out.
    pub received: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1), in milliseconds.
    pub jitter_ms: u32,
    /// Datagrams that were no valid RTP or RTCP.
    pub malformed: u64,
    /// Valid packets from elsewhere than the latched peer, or of a payload type nobody agreed on.
    pub refused: u64,
    /// Our packets that the peer reports as lost.
    pub peer_lost: Option<u32>,
    /// Round trip, in milliseconds, from the peer's reports.
    pub round_trip_ms: Option<u32>,
}

/// A stretch of the recording in which the caller was played something, in milliseconds: there the
/// right track holds what we played too, which is no speech. The left track never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from_ms: u64,
    pub to_ms: u64,
}

/// A finished recording: left the caller, right the agent with what the caller was played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingFacts {
    pub path: PathBuf,
    /// Lower-case hexadecimal SHA-256 of the file.
    pub sha256: String,
    pub millis: u64,
    /// Where prompts and tones sounded on the right track.
    pub played: Vec<Span>,
}

/// What is left when a call's media are closed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closed {
    pub recording: Option<RecordingFacts>,
    /// Counts of each leg that there was; of a leg added twice, those of the last.
    pub stats: Vec<(LegName, LegStats)>,
    /// Frames that no consumer of the tap took in time.
    pub tap_dropped: u64,
}
