//! What the switchboard and the speech process say to each other, as heads of `base::frames`.
use serde::{Deserialize, Serialize};

use crate::pace::Gait;

/// One track of one call, as the switchboard numbers them.
pub(crate) type Stream = u32;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(crate) enum Request {
    /// A track begins, or goes on after a restart: where its first sample stands, and what number
    /// its next sentence has.
    Open { stream: Stream, at_ms: u64, next_index: u32 },
    /// The body is what was said next: 16 bit samples, little endian, 8 kHz, no gaps.
    Audio { stream: Stream },
    /// Nothing more will be said.
    Close { stream: Stream },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub(crate) enum Reply {
    Sentence {
        stream: Stream,
        sentence: Sentence,
    },
    /// No sound before this is needed any more.
    Settled {
        stream: Stream,
        to_ms: u64,
    },
    /// All sentences of a closed track are out.
    Closed {
        stream: Stream,
    },
    /// The load changed.
    Gait {
        gait: Gait,
    },
}

/// A [`crate::Segment`] whose track the stream tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sentence {
    pub(crate) index: u32,
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
    pub(crate) text: String,
    pub(crate) r#final: bool,
    pub(crate) committed: usize,
}

/// Samples as a frame's body.
pub(crate) fn pack(pcm: impl Iterator<Item = i16>) -> Vec<u8> {
    pcm.flat_map(i16::to_le_bytes).collect()
}

/// A frame's body as samples.
pub(crate) fn unpack(body: &[u8]) -> Vec<i16> {
    body.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}
