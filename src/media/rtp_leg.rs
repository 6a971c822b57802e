use std::io;
use std::net::SocketAddr;

use tokio::net::UdpSocket;

use crate::codec::Codec;
use crate::handle::Shared;
use crate::latch::Latch;
use crate::ports::Lease;
use crate::sdp::{self, Agreed, Description, Local};
use crate::{Error, rtp};

/// In our order of preference: trunks and agents' browsers speak A-law, so nothing is recoded.
const CODECS: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];
/// Expedited forwarding.
const DSCP_EF: u32 = 0xb8;

/// A plain RTP peer: two sockets, and whom we take packets from.
pub(crate) struct RtpLeg {
    media: UdpSocket,
    control: UdpSocket,
    local: Local,
    /// The last answer with the offer it was made for: a repeated offer gets the same again.
    last: Option<(Description, String)>,
    pub(crate) latch: Latch,
    pub(crate) peer_rtcp: Option<SocketAddr>,
    _lease: Lease,
}

/// A datagram in the buffer.
pub(crate) enum FromWire {
    Rtp(usize, SocketAddr),
    Rtcp(usize, SocketAddr),
    Broken(io::Error),
}

impl RtpLeg {
    pub(crate) async fn new(shared: &Shared, behind_nat: bool) -> Result<Self, Error> {
        let (lease, media, control) = shared.ports.pair(shared.config.bind).await?;
        if media.local_addr()?.is_ipv4() && media.set_tos_v4(DSCP_EF).is_err() {
            tracing::debug!("the system refuses to mark RTP as urgent");
        }
        media.writable().await?; // so that the first packet is not refused
        control.writable().await?;
        let (address, port) = (shared.config.public, lease.port);
        let id = shared.dice.below(1 << 62);
        Ok(Self {
            media,
            control,
            local: Local { address, port, id, version: 1 },
            last: None,
            latch: Latch::new(behind_nat),
            peer_rtcp: None,
            _lease: lease,
        })
    }

    /// Our answer, and what it agrees on. Nothing has changed when it fails.
    pub(crate) fn answer(&mut self, offer: &str) -> Result<(String, Agreed), Error> {
        let offer = Description::parse(offer)?;
        let agreed = offer.agree(&CODECS)?;
        if let Some((before, answer)) = &self.last {
            if *before == offer {
                return Ok((answer.clone(), agreed));
            }
            self.local.version += 1;
        }
        let answer = offer.answer(&agreed, &self.local)?;
        self.last = Some((offer, answer.clone()));
        self.expect(&agreed);
        Ok((answer, agreed))
    }

    /// Our offer.
    pub(crate) fn offer(&mut self, again: bool) -> String {
        if again {
            self.local.version += 1;
        }
        self.last = None;
        sdp::offer(&self.local, &CODECS)
    }

    /// Takes the answer to our offer.
    pub(crate) fn accept(&mut self, answer: &str) -> Result<Agreed, Error> {
        let agreed = Description::parse(answer)?.agree(&CODECS)?;
        self.expect(&agreed);
        Ok(agreed)
    }

    fn expect(&mut self, agreed: &Agreed) {
        self.latch.expect(agreed.peer);
        self.peer_rtcp = agreed.peer_rtcp.or(self.peer_rtcp);
    }

    /// The next datagram, put into `buffer`. Cancel-safe.
    pub(crate) async fn receive(&self, buffer: &mut [u8], other: &mut [u8]) -> FromWire {
        tokio::select! {
            got = self.media.recv_from(buffer) => match got {
                Ok((length, from)) => FromWire::Rtp(length, from),
                Err(error) => FromWire::Broken(error),
            },
            got = self.control.recv_from(other) => match got {
                Ok((length, from)) => FromWire::Rtcp(length, from),
                Err(error) => FromWire::Broken(error),
            },
        }
    }

    /// Sends to the peer, if there is one; a full socket drops the packet.
    pub(crate) fn send(&self, packet: &rtp::Packet<'_>) -> bool {
        let Some(peer) = self.latch.peer() else { return false };
        self.media.try_send_to(&packet.write(), peer).is_ok()
    }

    pub(crate) fn send_rtcp(&self, report: &[u8]) {
        if let Some(peer) = self.peer_rtcp {
            drop(self.control.try_send_to(report, peer)); // the next report comes in five seconds
        }
    }
}
