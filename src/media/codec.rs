use crate::{Error, g711};

/// How the voice is packed on a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    Pcma,
    Pcmu,
    Opus,
}

impl Codec {
    /// Timestamp units a second.
    pub(crate) fn rate(self) -> u32 {
        match self {
            Self::Pcma | Self::Pcmu => 8000,
            Self::Opus => 48_000,
        }
    }

    /// The payload type that we offer it with.
    pub(crate) fn payload_type(self) -> u8 {
        match self {
            Self::Pcma => 8,
            Self::Pcmu => 0,
            Self::Opus => 111,
        }
    }

    /// Its `a=rtpmap`.
    pub(crate) fn rtpmap(self) -> &'static str {
        match self {
            Self::Pcma => "PCMA/8000",
            Self::Pcmu => "PCMU/8000",
            Self::Opus => "opus/48000/2",
        }
    }
}

/// 120 ms at 8 kHz, the longest packet of Opus.
const LONGEST: usize = 960;

/// Turns payloads into 8 kHz samples.
pub(crate) enum Decoder {
    Pcma,
    Pcmu,
    Opus(Box<opus::Decoder>),
}

impl Decoder {
    pub(crate) fn new(codec: Codec) -> Result<Self, Error> {
        Ok(match codec {
            Codec::Pcma => Self::Pcma,
            Codec::Pcmu => Self::Pcmu,
            Codec::Opus => Self::Opus(Box::new(
                opus::Decoder::new(crate::RATE, opus::Channels::Mono).map_err(broken)?,
            )),
        })
    }

    /// None for a payload that is none of this codec.
    pub(crate) fn decode(&mut self, payload: &[u8]) -> Option<Vec<i16>> {
        match self {
            Self::Pcma => Some(payload.iter().copied().map(g711::alaw_to_linear).collect()),
            Self::Pcmu => Some(payload.iter().copied().map(g711::ulaw_to_linear).collect()),
            Self::Opus(decoder) => {
                let mut pcm = vec![0; LONGEST];
                let samples = decoder.decode(payload, &mut pcm, false).ok()?;
                pcm.truncate(samples);
                Some(pcm)
            }
        }
    }
}

/// Turns 8 kHz samples into payloads.
pub(crate) enum Encoder {
    Pcma,
    Pcmu,
    Opus(Box<opus::Encoder>),
}

impl Encoder {
    pub(crate) fn new(codec: Codec) -> Result<Self, Error> {
        Ok(match codec {
            Codec::Pcma => Self::Pcma,
            Codec::Pcmu => Self::Pcmu,
            Codec::Opus => {
                let (mono, voip) = (opus::Channels::Mono, opus::Application::Voip);
                let mut encoder = opus::Encoder::new(crate::RATE, mono, voip).map_err(broken)?;
                encoder.set_inband_fec(true).map_err(broken)?;
                encoder.set_packet_loss_perc(5).map_err(broken)?;
                Self::Opus(Box::new(encoder))
            }
        })
    }

    /// None when the samples are no frame that the codec knows.
    pub(crate) fn encode(&mut self, pcm: &[i16]) -> Option<Vec<u8>> {
        match self {
            Self::Pcma => Some(pcm.iter().copied().map(g711::linear_to_alaw).collect()),
            Self::Pcmu => Some(pcm.iter().copied().map(g711::linear_to_ulaw).collect()),
            Self::Opus(encoder) => encoder.encode_vec(pcm, 1000).ok(),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn broken(error: opus::Error) -> Error {
    Error::Io(std::io::Error::other(format!("Opus: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level;

    #[test]
    fn a_tone_survives_opus() {
        let mut encoder = Encoder::new(Codec::Opus).unwrap();
        let mut decoder = Decoder::new(Codec::Opus).unwrap();
        let tone = level::sine(440.0, 8000.0, 8000);
        let heard: Vec<i16> = tone
            .chunks(160)
            .flat_map(|frame| decoder.decode(&encoder.encode(frame).unwrap()).unwrap())
            .collect();
        assert_eq!(heard.len(), tone.len());
        assert!(level::share_of(&heard[1600..], 440.0) > 0.8);
    }

    #[test]
    fn garbage_is_no_opus_frame_and_no_panic() {
        let mut decoder = Decoder::new(Codec::Opus).unwrap();
        for length in 0..60u8 {
            let garbage: Vec<u8> =
                (0..length).map(|i| i.wrapping_mul(37).wrapping_add(length)).collect();
            let _ = decoder.decode(&garbage);
        }
    }
}
