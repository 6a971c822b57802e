use chrono::{DateTime, Utc};

use crate::browser::{BrowserLeg, FromBrowser, Owned};
use crate::codec::{Codec, Decoder, Encoder};
use crate::handle::Shared;
use crate::outgoing::{Numbers, Outgoing};
use crate::player::Player;
use crate::reception::Reception;
use crate::repack::Repack;
use crate::rtp_leg::{FromWire, RtpLeg};
use crate::sdp::Agreed;
use crate::silence::Silence;
use crate::{Error, LegSpec, LegStats, dtmf, rtcp, rtp};

/// The longest datagram that is read; longer ones are cut and found malformed.
const DATAGRAM: usize = 2048;

/// One party's media (通话腿).
pub(crate) struct Leg {
    pub(crate) wire: Wire,
    /// What was agreed on; none before an answer.
    pub(crate) voice: Option<Voice>,
    pub(crate) reception: Reception,
    pub(crate) outgoing: Outgoing,
    pub(crate) player: Player,
    pub(crate) keys_in: dtmf::Receiver,
    pub(crate) keys_out: dtmf::Sender,
    /// The timestamp of the key that is being sent.
    pub(crate) key: Option<u32>,
    pub(crate) silence: Silence,
    /// Packets have come.
    pub(crate) up: bool,
    /// Something was to be heard on it: from now on it is sent silence at least.
    pub(crate) open: bool,
    /// Broken; nothing more is read from it.
    pub(crate) broken: bool,
    pub(crate) relayed: Option<DateTime<Utc>>,
    /// The last sender report heard: middle of its NTP time, and when.
    pub(crate) sender_report: Option<(u32, DateTime<Utc>)>,
    pub(crate) counts: LegStats,
}

pub(crate) enum Wire {
    Rtp(Box<RtpLeg>),
    Browser(Box<BrowserLeg>),
}

/// What was agreed on, with the tools for it.
pub(crate) struct Voice {
    pub(crate) agreed: Agreed,
    pub(crate) decoder: Decoder,
    pub(crate) encoder: Encoder,
    pub(crate) repack: Repack,
}

impl Voice {
    /// Timestamp units of this leg in one of 8 kHz.
    pub(crate) fn factor(&self) -> u32 {
        self.agreed.codec.rate() / crate::RATE
    }
}

/// What comes in on a leg.
pub(crate) enum Incoming {
    Rtp(Vec<u8>, std::net::SocketAddr),
    Rtcp(Vec<u8>, std::net::SocketAddr),
    Packet(Owned),
    /// A browser is connected.
    Connected,
    Broken(String),
}

impl Leg {
    pub(crate) async fn new(spec: LegSpec, shared: &Shared) -> Result<Self, Error> {
        let ssrc = u32::from_be_bytes(shared.dice.bytes());
        let sequence = u16::from_be_bytes(shared.dice.bytes());
        let timestamp = u32::from_be_bytes(shared.dice.bytes());
        let wire = match spec {
            LegSpec::Rtp { behind_nat } => {
                Wire::Rtp(Box::new(RtpLeg::new(shared, behind_nat).await?))
            }
            LegSpec::Browser { opus } => {
                let leg = Box::pin(BrowserLeg::new(shared, opus, ssrc)).await?;
                Wire::Browser(Box::new(leg))
            }
        };
        Ok(Self {
            wire,
            voice: None,
            reception: Reception::default(),
            outgoing: Outgoing::new(ssrc, sequence, timestamp, crate::RATE),
            player: Player::default(),
            keys_in: dtmf::Receiver::default(),
            keys_out: dtmf::Sender::default(),
            key: None,
            silence: Silence::default(),
            up: false,
            open: false,
            broken: false,
            relayed: None,
            sender_report: None,
            counts: LegStats::default(),
        })
    }

    /// Our answer to an offer.
    pub(crate) async fn answer(&mut self, offer: &str) -> Result<String, Error> {
        let (answer, agreed) = match &mut self.wire {
            Wire::Rtp(leg) => leg.answer(offer)?,
            Wire::Browser(leg) => leg.answer(offer).await?,
        };
        self.agree(agreed)?;
        Ok(answer)
    }

    /// Our offer; `again` on a leg that is there.
    pub(crate) async fn offer(&mut self, again: bool) -> Result<String, Error> {
        match &mut self.wire {
            Wire::Rtp(leg) => Ok(leg.offer(again)),
            Wire::Browser(leg) => leg.offer().await,
        }
    }

    /// Takes the answer to our offer.
    pub(crate) async fn accept(&mut self, answer: &str) -> Result<(), Error> {
        let agreed = match &mut self.wire {
            Wire::Rtp(leg) => leg.accept(answer)?,
            Wire::Browser(leg) => leg.accept(answer).await?,
        };
        self.agree(agreed)
    }

    fn agree(&mut self, agreed: Agreed) -> Result<(), Error> {
        let same = |voice: &Voice| voice.agreed.codec == agreed.codec;
        if let Some(voice) = self.voice.as_mut().filter(|voice| same(voice)) {
            voice.agreed = agreed;
            return Ok(());
        }
        let codec = agreed.codec;
        self.outgoing.set_rate(codec.rate());
        self.voice = Some(Voice {
            decoder: Decoder::new(codec)?,
            encoder: Encoder::new(codec)?,
            repack: Repack::default(),
            agreed,
        });
        Ok(())
    }

    /// Whether the party can and wants to hear anything now.
    pub(crate) fn listens(&self) -> bool {
        self.voice.as_ref().is_some_and(|voice| voice.agreed.direction.sends())
    }

    pub(crate) fn codec(&self) -> Option<Codec> {
        self.voice.as_ref().map(|voice| voice.agreed.codec)
    }

    /// What comes next on a leg; never, where there is none. Cancel-safe.
    pub(crate) async fn receive(leg: Option<&mut Self>) -> Incoming {
        let Some(leg) = leg.filter(|leg| !leg.broken) else { return std::future::pending().await };
        match &mut leg.wire {
            Wire::Rtp(wire) => {
                let (mut media, mut control) = ([0; DATAGRAM], [0; DATAGRAM]);
                match wire.receive(&mut media, &mut control).await {
                    FromWire::Rtp(length, from) => Incoming::Rtp(media[..length].to_vec(), from),
                    FromWire::Rtcp(length, from) => {
                        Incoming::Rtcp(control[..length].to_vec(), from)
                    }
                    FromWire::Broken(error) => Incoming::Broken(error.to_string()),
                }
            }
            Wire::Browser(wire) => match wire.receive().await {
                FromBrowser::Packet(packet) => Incoming::Packet(packet),
                FromBrowser::Connected => Incoming::Connected,
                FromBrowser::Broken(why) => Incoming::Broken(why),
            },
        }
    }

    /// Sends 20 ms of our own sound.
    pub(crate) async fn say(&mut self, pcm: &[i16], now: DateTime<Utc>) {
        let Some(voice) = self.voice.as_mut() else { return };
        let ticks = u32::try_from(pcm.len()).unwrap_or(0) * voice.factor();
        let Some(payload) = voice.encoder.encode(pcm) else { return };
        let payload_type = voice.agreed.payload_type;
        let numbers = self.outgoing.own(ticks, now);
        self.send(payload_type, numbers, &payload).await;
    }

    /// Sends the next step of a key press. Where no telephone-event was agreed on, keys are lost.
    pub(crate) async fn say_key(&mut self, now: DateTime<Utc>) {
        let Some(voice) = self.voice.as_ref() else { return };
        let factor = voice.factor();
        let event = voice.agreed.telephone_event;
        let Some(step) = self.keys_out.step(u16::try_from(factor).unwrap_or(1)) else {
            self.key = None;
            return;
        };
        let Some(event) = event else { return };
        if step.first {
            self.key = None;
        }
        for _ in 0..step.copies {
            let numbers = self.outgoing.key(self.key, u32::from(step.lasted) * factor, now);
            self.key = Some(numbers.timestamp);
            self.send(event, numbers, &step.payload).await;
        }
    }

    /// Sends a payload.
    pub(crate) async fn send(&mut self, payload_type: u8, numbers: Numbers, payload: &[u8]) {
        let Numbers { sequence, timestamp, marker } = numbers;
        let ssrc = self.outgoing.ssrc;
        let packet = rtp::Packet { marker, payload_type, sequence, timestamp, ssrc, payload };
        let sent = match &self.wire {
            Wire::Rtp(leg) => leg.send(&packet),
            Wire::Browser(leg) => leg.send(&packet).await,
        };
        if sent {
            self.counts.sent += 1;
            let octets = u32::try_from(payload.len()).unwrap_or(0);
            self.outgoing.octets = self.outgoing.octets.wrapping_add(octets);
        }
    }

    /// Sends a report to a plain peer; the library does it for browsers.
    pub(crate) fn report(&mut self, now: DateTime<Utc>) {
        let Wire::Rtp(wire) = &self.wire else { return };
        if self.counts.sent == 0 && self.reception.ssrc().is_none() {
            return;
        }
        let mut report = self.reception.report();
        if let (Some(report), Some((last_sr, at))) = (&mut report, self.sender_report) {
            let delay = (now - at).num_milliseconds().max(0) * 65_536 / 1000;
            report.last_sr = last_sr;
            report.delay_since_sr = u32::try_from(delay).unwrap_or(u32::MAX);
        }
        let sender = rtcp::SenderInfo {
            ntp: ntp(now),
            timestamp: self.outgoing.timestamp_at(now),
            packets: self.outgoing.packets,
            octets: self.outgoing.octets,
        };
        let sender = (self.counts.sent > 0).then_some(&sender);
        wire.send_rtcp(&rtcp::write(self.outgoing.ssrc, sender, report.as_ref(), "lianxin"));
    }

    /// Reads the peer's reports.
    pub(crate) fn reported(
        &mut self,
        datagram: &[u8],
        from: std::net::SocketAddr,
        now: DateTime<Utc>,
    ) {
        let Wire::Rtp(wire) = &self.wire else { return };
        if wire.latch.peer().map(|peer| peer.ip()) != Some(from.ip()) {
            self.counts.refused += 1;
            return;
        }
        let Some(compound) = rtcp::parse(datagram) else {
            self.counts.malformed += 1;
            return;
        };
        if let Some(sender) = compound.sender {
            self.sender_report = Some((middle(sender.ntp), now));
        }
        let ours = self.outgoing.ssrc;
        for report in compound.reports.iter().filter(|report| report.ssrc == ours) {
            self.counts.peer_lost = Some(u32::try_from(report.lost).unwrap_or(0));
            if report.last_sr != 0 {
                let round = middle(ntp(now))
                    .wrapping_sub(report.last_sr)
                    .wrapping_sub(report.delay_since_sr);
                let ms = u64::from(round) * 1000 / 65_536;
                self.counts.round_trip_ms = u32::try_from(ms).ok().filter(|ms| *ms < 60_000);
            }
        }
    }

    /// The counts so far.
    pub(crate) fn stats(&self) -> LegStats {
        LegStats {
            received: self.reception.received(),
            lost: self.reception.lost(),
            jitter_ms: self.reception.jitter_ms(),
            ..self.counts
        }
    }

    pub(crate) async fn close(self) {
        if let Wire::Browser(leg) = self.wire {
            leg.close().await;
        }
    }
}

/// Seconds from 1900 to 1970.
const NTP_EPOCH: u64 = 2_208_988_800;

fn ntp(now: DateTime<Utc>) -> u64 {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0) + NTP_EPOCH;
    let fraction = (u64::from(now.timestamp_subsec_nanos()) << 32) / 1_000_000_000;
    seconds << 32 | fraction
}

fn middle(ntp: u64) -> u32 {
    u32::try_from(ntp >> 16 & 0xffff_ffff).expect("32 bits")
}
