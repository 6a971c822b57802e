//! Session descriptions of plain RTP (RFC 8866, offer and answer by RFC 3264): pure text work.
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use crate::Error;
pub use crate::codec::Codec;

/// Longer descriptions are refused.
const MAX_LENGTH: usize = 16 * 1024;
/// More media are refused.
const MAX_MEDIA: usize = 8;

/// Without encryption, and with DTLS-SRTP.
const PLAIN: [&str; 2] = ["RTP/AVP", "RTP/AVPF"];
const ICE: [&str; 2] = ["UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"];

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    fn parse(attribute: &str) -> Option<Self> {
        Some(match attribute {
            "sendrecv" => Self::SendRecv,
            "sendonly" => Self::SendOnly,
            "recvonly" => Self::RecvOnly,
            "inactive" => Self::Inactive,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The other side's view of it.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            same => same,
        }
    }

    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// A description as far as we read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// `o=`, whole: it tells a changed description from a repeated one.
    pub origin: String,
    pub media: Vec<Medium>,
}

/// One `m=` line and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Medium {
    pub kind: String,
    pub port: u16,
    pub protocol: String,
    /// Formats as they stand in the line.
    pub formats: Vec<String>,
    /// None when no connection line names an address that we can read.
    pub address: Option<IpAddr>,
    pub rtcp_port: Option<u16>,
    pub direction: Direction,
    /// Payload type and `NAME/RATE`, upper case.
    maps: Vec<(u8, String)>,
}

/// What both sides agreed on for the voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Where the peer wants its RTP; none when it is held without an address.
    pub peer: Option<SocketAddr>,
    pub peer_rtcp: Option<SocketAddr>,
    pub codec: Codec,
    /// The payload type to send with, and that we expect.
    pub payload_type: u8,
    /// That of telephone-event at the codec's clock rate.
    pub telephone_event: Option<u8>,
    /// Ours: whether we send and receive.
    pub direction: Direction,
}

/// Our own side of a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    pub address: IpAddr,
    pub port: u16,
    /// `o=` id, constant for a dialog, and version, one more with each change.
    pub id: u64,
    pub version: u64,
}

impl Description {
    /// Reads a description.
    ///
    /// # Errors
    /// [`Error::BadSdp`] when it breaks the grammar where we look at it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = |why: &str| Error::BadSdp(why.to_owned());
        if text.len() > MAX_LENGTH {
            return Err(bad("longer than 16 KiB"));
        }
        let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        if lines.next() != Some("v=0") {
            return Err(bad("it does not begin with v=0"));
        }
        let mut read = Self { origin: String::new(), media: Vec::new() };
        let (mut address, mut direction) = (None, Direction::SendRecv);
        for line in lines {
            let (kind, value) = line
                .split_once('=')
                .filter(|(kind, _)| kind.len() == 1)
                .ok_or_else(|| bad(&format!("no x=: {}", shortened(line))))?;
            match (kind, read.media.last_mut()) {
                ("o", None) => value.clone_into(&mut read.origin),
                ("m", _) => {
                    if read.media.len() == MAX_MEDIA {
                        return Err(bad("more than 8 media"));
                    }
                    read.media.push(Medium::parse(value, address, direction)?);
                }
                ("c", None) => address = connection(value)?,
                ("c", Some(medium)) => medium.address = connection(value)?,
                ("a", None) => direction = Direction::parse(value).unwrap_or(direction),
                ("a", Some(medium)) => medium.attribute(value)?,
                _ => {}
            }
        }
        if read.origin.is_empty() || read.media.is_empty() {
            return Err(bad("it has no o= or no m="));
        }
        Ok(read)
    }

    /// What we agree on out of this offer (or, `offered` false, this answer to ours), with the
    /// codecs that we can do in our order of preference.
    ///
    /// # Errors
    /// [`Error::NoCommonCodec`]; [`Error::BadSdp`] when the voice has no address.
    pub fn agree(&self, codecs: &[Codec]) -> Result<Agreed, Error> {
        self.agree_over(&PLAIN, codecs)
    }

    /// The same for a WebRTC peer, whose addresses come by ICE.
    pub(crate) fn agree_ice(&self, codecs: &[Codec]) -> Result<Agreed, Error> {
        self.agree_over(&ICE, codecs)
    }

    fn agree_over(&self, protocols: &[&str], codecs: &[Codec]) -> Result<Agreed, Error> {
        let (_, voice) = self.voice(protocols)?;
        let (codec, payload_type) = codecs
            .iter()
            .find_map(|codec| voice.payload_type(codec.rtpmap()).map(|at| (*codec, at)))
            .ok_or_else(|| Error::NoCommonCodec(format!("offered {}", voice.formats.join(" "))))?;
        let address = voice.address.ok_or_else(|| Error::BadSdp("no c= address".to_owned()))?;
        // The old way to hold (RFC 3264 §8.4); with ICE it means nothing.
        let held = address.is_unspecified() && protocols == PLAIN;
        let theirs = match voice.direction {
            Direction::SendRecv if held => Direction::SendOnly,
            Direction::RecvOnly if held => Direction::Inactive,
            direction => direction,
        };
        let rtcp = voice.rtcp_port.or(voice.port.checked_add(1));
        Ok(Agreed {
            peer: (!held).then(|| SocketAddr::new(address, voice.port)),
            peer_rtcp: rtcp.filter(|_| !held).map(|port| SocketAddr::new(address, port)),
            codec,
            payload_type,
            telephone_event: voice.payload_type(&format!("TELEPHONE-EVENT/{}", codec.rate())),
            direction: theirs.reversed(),
        })
    }

    /// The first voice in it, with its place.
    fn voice(&self, protocols: &[&str]) -> Result<(usize, &Medium), Error> {
        let usable = |medium: &Medium| {
            let Medium { kind, port, protocol, .. } = medium;
            kind == "audio" && *port != 0 && protocols.contains(&protocol.as_str())
        };
        self.media
            .iter()
            .enumerate()
            .find(|(_, medium)| usable(medium))
            .ok_or_else(|| Error::NoCommonCodec("no plain audio offered".to_owned()))
    }

    /// Our answer to this offer.
    ///
    /// # Errors
    /// As [`Description::agree`].
    pub fn answer(&self, agreed: &Agreed, local: &Local) -> Result<String, Error> {
        let (place, voice) = self.voice(&PLAIN)?;
        let mut text = head(local);
        for (at, medium) in self.media.iter().enumerate() {
            if at == place {
                let events = agreed.telephone_event.into_iter();
                let formats = [(agreed.payload_type, agreed.codec)];
                text += &audio(local, &voice.protocol, &formats, events, agreed.direction);
            } else {
                // RFC 3264 §6: the same number of media; what we do not want gets port 0.
                let format = medium.formats.first().map_or("0", String::as_str);
                let Medium { kind, protocol, .. } = medium;
                let _ = write!(text, "m={kind} 0 {protocol} {format}\r\n");
            }
        }
        Ok(text)
    }
}

/// Our offer of plain RTP.
pub fn offer(local: &Local, codecs: &[Codec]) -> String {
    let formats: Vec<_> = codecs.iter().map(|codec| (codec.payload_type(), *codec)).collect();
    head(local) + &audio(local, "RTP/AVP", &formats, Some(101).into_iter(), Direction::SendRecv)
}

/// The description without telephone-event of other clock rates than that one.
pub(crate) fn with_events_at(text: &str, rate: u32) -> String {
    let wanted = format!("telephone-event/{rate}");
    let others: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("a=rtpmap:")?.split_once(' '))
        .map(|(at, name)| (at, name.trim()))
        .filter(|(_, name)| name.starts_with("telephone-event/") && *name != wanted)
        .map(|(at, _)| at)
        .collect();
    let mut kept = String::with_capacity(text.len());
    for line in text.lines().map(str::trim_end) {
        let about = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"]
            .iter()
            .find_map(|name| line.strip_prefix(name)?.split(' ').next());
        if about.is_some_and(|at| others.contains(&at)) {
            continue;
        }
        let mut words: Vec<&str> = line.split(' ').collect();
        if line.starts_with("m=audio ") {
            let mut place = 0;
            words.retain(|word| {
                place += 1;
                place <= 3 || !others.contains(word)
            });
        }
        kept += &words.join(" ");
        kept += "\r\n";
    }
    kept
}

fn head(local: &Local) -> String {
    let Local { address, id, version, .. } = local;
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    format!(
        "v=0\r\no=lianxin {id} {version} IN {family} {address}\r\ns=-\r\n\
         c=IN {family} {address}\r\nt=0 0\r\n"
    )
}

fn audio(
    local: &Local,
    protocol: &str,
    formats: &[(u8, Codec)],
    events: impl Iterator<Item = u8> + Clone,
    direction: Direction,
) -> String {
    let types = formats.iter().map(|(at, _)| *at).chain(events.clone());
    let types: Vec<String> = types.map(|at| at.to_string()).collect();
    let mut text = format!("m=audio {} {protocol} {}\r\n", local.port, types.join(" "));
    for (at, codec) in formats {
        let _ = write!(text, "a=rtpmap:{at} {}\r\n", codec.rtpmap());
    }
    for at in events {
        let _ = write!(text, "a=rtpmap:{at} telephone-event/8000\r\na=fmtp:{at} 0-15\r\n");
    }
    let _ = write!(text, "a=ptime:20\r\na={}\r\n", direction.name());
    text
}

fn shortened(line: &str) -> String {
    line.chars().take(40).collect()
}

fn connection(value: &str) -> Result<Option<IpAddr>, Error> {
    let mut words = value.split_whitespace();
    let (Some("IN"), Some(_), Some(address)) = (words.next(), words.next(), words.next()) else {
        return Err(Error::BadSdp(format!("c={}", shortened(value))));
    };
    // A name instead of an address is legal, but no trunk does it; it counts as no address.
    Ok(address.split('/').next().and_then(|address| address.parse().ok()))
}

impl Medium {
    fn parse(value: &str, address: Option<IpAddr>, direction: Direction) -> Result<Self, Error> {
        let bad = || Error::BadSdp(format!("m={}", shortened(value)));
        let mut words = value.split_whitespace();
        let (kind, port) = (words.next().ok_or_else(bad)?, words.next().ok_or_else(bad)?);
        let protocol = words.next().ok_or_else(bad)?;
        let port = port.split('/').next().unwrap_or(port).parse().map_err(|_| bad())?;
        let formats: Vec<String> = words.take(64).map(str::to_owned).collect();
        if formats.is_empty() {
            return Err(bad());
        }
        let maps = Vec::new();
        let (kind, protocol) = (kind.to_owned(), protocol.to_owned());
        Ok(Self { kind, port, protocol, formats, address, rtcp_port: None, direction, maps })
    }

    fn attribute(&mut self, value: &str) -> Result<(), Error> {
        let bad = || Error::BadSdp(format!("a={}", shortened(value)));
        if let Some(map) = value.strip_prefix("rtpmap:") {
            let (at, name) = map.split_once(' ').ok_or_else(bad)?;
            let at = at.parse().map_err(|_| bad())?;
            if self.maps.len() < 128 {
                self.maps.push((at, name.trim().to_ascii_uppercase()));
            }
        } else if let Some(rtcp) = value.strip_prefix("rtcp:") {
            let port = rtcp.split_whitespace().next().unwrap_or_default();
            self.rtcp_port = Some(port.parse().map_err(|_| bad())?);
        } else if let Some(direction) = Direction::parse(value) {
            self.direction = direction;
        }
        Ok(())
    }

    /// The payload type under which `NAME/RATE` is offered; 0 and 8 need no map.
    fn payload_type(&self, rtpmap: &str) -> Option<u8> {
        let rtpmap = rtpmap.to_ascii_uppercase();
        let offered = self.formats.iter().filter_map(|format| format.parse::<u8>().ok());
        offered.filter(|at| *at < 128).find(|at| {
            match self.maps.iter().find(|(mapped, _)| mapped == at) {
                Some((_, name)) => *name == rtpmap || *name == format!("{rtpmap}/1"),
                None => matches!((*at, rtpmap.as_str()), (0, "PCMU/8000") | (8, "PCMA/8000")),
            }
        })
    }
}

#[cfg(test)]
#[path = "sdp_tests.rs"]
mod tests;
