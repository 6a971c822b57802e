use std::net::SocketAddr;

use chrono::{DateTime, Utc};

use crate::call::Call;
use crate::leg::{Incoming, Leg, Voice, Wire};
use crate::reception::Seen;
use crate::{LegName, MediaEvent, level, rtp};

/// Comfort noise (RFC 3389): silence that was announced.
const COMFORT_NOISE: u8 = 13;

/// A party's voice out of one packet.
struct Heard {
    ssrc: u32,
    sequence: i64,
    /// At the clock rate of the leg.
    timestamp: i64,
    payload: Vec<u8>,
    pcm: Vec<i16>,
}

impl Call {
    /// Takes what came in on a leg.
    pub(crate) async fn incoming(&mut self, name: LegName, incoming: Incoming) {
        let now = self.shared.clock.now();
        let Some(leg) = self.leg(name) else { return };
        let heard = match incoming {
            Incoming::Rtp(datagram, from) => leg.datagram(&datagram, from, now),
            Incoming::Packet(owned) => leg.packet(&owned.packet(), now),
            Incoming::Rtcp(datagram, from) => return leg.reported(&datagram, from, now),
            Incoming::Connected => return,
            Incoming::Broken(why) => {
                leg.broken = true;
                self.events.push(MediaEvent::Failed { leg: name, why });
                return;
            }
        };
        if leg.reception.received() > 0 && !leg.up {
            leg.up = true;
            self.events.push(MediaEvent::Up { leg: name });
        }
        match heard {
            None => {}
            Some(FromParty::Key(digit)) => {
                self.events.push(MediaEvent::Dtmf { leg: name, digit });
                if let Some(other) = self.other(name) {
                    other.keys_out.press(digit);
                }
            }
            Some(FromParty::Voice(heard)) => self.voice(name, &heard, now).await,
        }
    }

    /// The leg at the other end of the bridge, when there is one.
    fn other(&mut self, name: LegName) -> Option<&mut Leg> {
        if self.connected { self.leg(name.other()) } else { None }
    }

    async fn voice(&mut self, name: LegName, heard: &Heard, now: DateTime<Utc>) {
        let Some(leg) = self.leg(name) else { return };
        leg.silence.heard(level::dbov(&heard.pcm), now);
        let (codec, factor) = (leg.codec(), leg.voice.as_ref().map_or(1, Voice::factor));
        let at = heard.timestamp / i64::from(factor); // at 8 kHz
        if let Some(timeline) = &mut self.timeline {
            timeline.heard(name, heard.ssrc, at, &heard.pcm, now);
        }
        let Some(other) = self.other(name) else { return };
        if !other.listens() || other.keys_out.busy() {
            return;
        }
        other.open = true;
        other.relayed = Some(now);
        if other.player.plays_prompt() {
            return other.player.hear(&heard.pcm);
        }
        if other.codec() == codec {
            let ticks = u32::try_from(heard.pcm.len()).unwrap_or(0) * factor;
            let numbers = (heard.sequence, heard.timestamp);
            other.relay(heard.ssrc, numbers, ticks, &heard.payload, now).await;
        } else {
            other.recode(heard.ssrc, heard.sequence, at, &heard.pcm, now).await;
        }
    }
}

/// What a packet carries.
enum FromParty {
    Key(char),
    Voice(Heard),
}

impl Leg {
    /// A datagram on the RTP port of a plain leg.
    fn datagram(
        &mut self,
        datagram: &[u8],
        from: SocketAddr,
        now: DateTime<Utc>,
    ) -> Option<FromParty> {
        if rtp::is_rtcp(datagram) {
            self.reported(datagram, from, now);
            return None;
        }
        let Ok(packet) = rtp::Packet::parse(datagram) else {
            self.counts.malformed += 1;
            metrics::counter!("rtp_malformed").increment(1);
            return None;
        };
        let known = self.knows(packet.payload_type);
        let Wire::Rtp(wire) = &mut self.wire else { return None };
        if !known || !wire.latch.accept(from, packet.ssrc, packet.sequence, now) {
            self.counts.refused += 1;
            metrics::counter!("rtp_refused").increment(1);
            return None;
        }
        self.packet(&packet, now)
    }

    fn knows(&self, payload_type: u8) -> bool {
        self.voice.as_ref().is_some_and(|voice| {
            let agreed = &voice.agreed;
            payload_type == agreed.payload_type
                || Some(payload_type) == agreed.telephone_event
                || payload_type == COMFORT_NOISE
        })
    }

    /// A packet of the right peer.
    fn packet(&mut self, packet: &rtp::Packet<'_>, now: DateTime<Utc>) -> Option<FromParty> {
        let rate = self.codec()?.rate();
        let voice = self.voice.as_mut()?;
        let sound = packet.payload_type == voice.agreed.payload_type && !packet.payload.is_empty();
        let Seen { sequence, timestamp, duplicate } = self.reception.take(packet, rate, sound, now);
        if duplicate || packet.payload.is_empty() {
            return None;
        }
        if Some(packet.payload_type) == voice.agreed.telephone_event {
            let key = self.keys_in.take(packet.ssrc, packet.timestamp, packet.payload);
            return key.map(FromParty::Key);
        }
        if !sound || !voice.agreed.direction.receives() {
            return None;
        }
        let Some(pcm) = voice.decoder.decode(packet.payload) else {
            self.counts.malformed += 1;
            return None;
        };
        let (ssrc, payload) = (packet.ssrc, packet.payload.to_vec());
        Some(FromParty::Voice(Heard { ssrc, sequence, timestamp, payload, pcm }))
    }

    /// Passes a payload on as it is.
    async fn relay(
        &mut self,
        source: u32,
        numbers: (i64, i64),
        ticks: u32,
        payload: &[u8],
        now: DateTime<Utc>,
    ) {
        let Some(payload_type) = self.voice.as_ref().map(|voice| voice.agreed.payload_type) else {
            return;
        };
        if let Some(numbers) = self.outgoing.relay(source, numbers, ticks, now) {
            self.send(payload_type, numbers, payload).await;
        }
    }

    /// Passes a voice on in this leg's codec. `at` is its timestamp at 8 kHz.
    async fn recode(
        &mut self,
        source: u32,
        sequence: i64,
        at: i64,
        pcm: &[i16],
        now: DateTime<Utc>,
    ) {
        let Some(voice) = self.voice.as_mut() else { return };
        let factor = voice.factor();
        let frames = if factor == 1 {
            vec![crate::repack::Frame { sequence, timestamp: at, pcm: pcm.to_vec() }]
        } else {
            voice.repack.take(at, pcm)
        };
        for frame in frames {
            let Some(voice) = self.voice.as_mut() else { return };
            let Some(payload) = voice.encoder.encode(&frame.pcm) else { continue };
            let ticks = u32::try_from(frame.pcm.len()).unwrap_or(0) * factor;
            let numbers = (frame.sequence, frame.timestamp * i64::from(factor));
            self.relay(source, numbers, ticks, &payload, now).await;
        }
    }
}
