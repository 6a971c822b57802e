//! RTP packets (RFC 3550 §5), read with suspicion.

/// One packet; the payload is what is left without padding and extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: &'a [u8],
}

/// Why a datagram is no RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    TooShort,
    Version,
    Csrc,
    Extension,
    Padding,
}

const HEADER: usize = 12;

impl<'a> Packet<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// When it is not RTP of version 2 whose parts all lie within it.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, Malformed> {
        let (header, rest) = datagram.split_first_chunk::<HEADER>().ok_or(Malformed::TooShort)?;
        let [first, second, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *header;
        if first >> 6 != 2 {
            return Err(Malformed::Version);
        }
        let csrc = 4 * usize::from(first & 0x0f);
        let mut payload = rest.get(csrc..).ok_or(Malformed::Csrc)?;
        if first & 0x10 != 0 {
            payload = skip_extension(payload).ok_or(Malformed::Extension)?;
        }
        if first & 0x20 != 0 {
            payload = cut_padding(payload).ok_or(Malformed::Padding)?;
        }
        Ok(Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
            payload,
        })
    }

    /// The packet as it goes on the wire.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER + self.payload.len());
        out.push(0x80);
        out.push(self.payload_type & 0x7f | if self.marker { 0x80 } else { 0 });
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(self.payload);
        out
    }
}

fn skip_extension(payload: &[u8]) -> Option<&[u8]> {
    let ([_, _, high, low], rest) = payload.split_first_chunk::<4>()?;
    rest.get(4 * usize::from(u16::from_be_bytes([*high, *low]))..)
}

fn cut_padding(payload: &[u8]) -> Option<&[u8]> {
    let padding = usize::from(*payload.last()?);
    if padding == 0 { None } else { payload.get(..payload.len().checked_sub(padding)?) }
}

/// Whether a datagram on a port shared with RTP is RTCP (RFC 5761 §4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PACKET: Packet<'_> = Packet {
        marker: true,
        payload_type: 8,
        sequence: 65_535,
        timestamp: 0xdead_beef,
        ssrc: 7,
        payload: &[1, 2, 3],
    };

    #[test]
    fn a_packet_reads_as_it_was_written() {
        assert_eq!(Packet::parse(&PACKET.write()), Ok(PACKET));
    }

    #[test]
    fn csrc_extension_and_padding_are_no_payload() {
        let mut wire = PACKET.write();
        wire[0] = 0x80 | 0x20 | 0x10 | 1;
        wire.splice(12..12, [9, 9, 9, 9, 0xbe, 0xde, 0, 1, 8, 8, 8, 8]);
        wire.extend([0, 2]);
        assert_eq!(Packet::parse(&wire).unwrap().payload, [1, 2, 3]);
    }

    #[test]
    fn a_padding_packet_has_no_payload() {
        let mut wire = Packet { payload: &[], ..PACKET }.write();
        wire[0] |= 0x20;
        wire.extend([0, 0, 0, 4]);
        assert!(Packet::parse(&wire).unwrap().payload.is_empty());
    }

    #[test]
    fn lies_about_lengths_are_refused() {
        let with = |first: u8, tail: &[u8]| {
            let mut wire = Packet { payload: tail, ..PACKET }.write();
            wire[0] = first;
            Packet::parse(&wire).map(|_| ())
        };
        assert_eq!(Packet::parse(&[0x80; 11]), Err(Malformed::TooShort));
        assert_eq!(with(0x40, &[]), Err(Malformed::Version));
        assert_eq!(with(0x8f, &[0; 59]), Err(Malformed::Csrc));
        assert_eq!(with(0x90, &[0, 0, 0]), Err(Malformed::Extension));
        assert_eq!(with(0x90, &[0, 0, 0xff, 0xff, 0]), Err(Malformed::Extension));
        assert_eq!(with(0xa0, &[]), Err(Malformed::Padding));
        assert_eq!(with(0xa0, &[0]), Err(Malformed::Padding));
        assert_eq!(with(0xa0, &[1, 9]), Err(Malformed::Padding));
    }

    proptest! {
        #[test]
        fn no_datagram_panics(datagram in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(packet) = Packet::parse(&datagram) {
                prop_assert!(packet.payload.len() + HEADER <= datagram.len());
            }
        }

        #[test]
        fn what_is_written_reads_the_same(
            marker: bool, payload_type in 0u8..128, sequence: u16, timestamp: u32, ssrc: u32,
            payload in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let packet =
                Packet { marker, payload_type, sequence, timestamp, ssrc, payload: &payload };
            let wire = packet.write();
            prop_assert_eq!(Packet::parse(&wire), Ok(packet));
        }
    }
}
