use std::path::PathBuf;

use thiserror::Error as ThisError;

/// What can go wrong in the media room.
#[derive(Debug, ThisError)]
pub enum Error {
    /// Answer 488.
    #[error("no common audio codec: {0}")]
    NoCommonCodec(String),
    /// Answer 400.
    #[error("the session description cannot be read: {0}")]
    BadSdp(String),
    #[error("no free media port in the configured range")]
    NoPort,
    #[error("the call has no such leg, or it is of another kind")]
    NoSuchLeg,
    #[error("WebRTC: {0}")]
    Browser(String),
    #[error("prompt {path}: {why}", path = path.display())]
    Prompt { path: PathBuf, why: String },
    #[error("media: {0}")]
    Io(#[from] std::io::Error),
    #[error("the call's media are closed")]
    Closed,
}

impl Error {
    /// The status that a SIP peer whose description caused this should get.
    pub fn sip_status(&self) -> u16 {
        match self {
            Self::NoCommonCodec(_) => 488,
            Self::BadSdp(_) => 400,
            Self::NoPort => 503,
            Self::NoSuchLeg
            | Self::Browser(_)
            | Self::Prompt { .. }
            | Self::Io(_)
            | Self::Closed => 500,
        }
    }
}
