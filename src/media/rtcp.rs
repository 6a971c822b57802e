//! The little of RTCP that plain legs need (RFC 3550 §6): sender and receiver reports.

/// What one side tells about a stream that it receives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// The stream that is reported on.
    pub ssrc: u32,
    /// Lost since the last report, of 256.
    pub fraction_lost: u8,
    /// Lost in all; negative when there were duplicates.
    pub lost: i32,
    pub highest_sequence: u32,
    /// In timestamp units.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report heard.
    pub last_sr: u32,
    /// Since then, in 1/65536 s.
    pub delay_since_sr: u32,
}

/// What a sender tells about its own stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// 64-bit NTP time.
    pub ntp: u64,
    pub timestamp: u32,
    pub packets: u32,
    pub octets: u32,
}

/// What we read out of a compound packet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compound {
    pub sender: Option<SenderInfo>,
    pub reports: Vec<Report>,
}

/// Reads a compound packet. None when its lengths or versions are wrong; packets of other kinds
/// in it are passed over.
pub fn parse(mut datagram: &[u8]) -> Option<Compound> {
    let mut compound = Compound::default();
    while !datagram.is_empty() {
        let ([first, kind, high, low], _) = datagram.split_first_chunk::<4>()?;
        let length = 4 * (usize::from(u16::from_be_bytes([*high, *low])) + 1);
        let packet = datagram.get(..length)?;
        if first >> 6 != 2 {
            return None;
        }
        let blocks = usize::from(first & 0x1f);
        match kind {
            200 => {
                let body = packet.get(8..)?;
                compound.sender = Some(sender_info(body)?);
                read_reports(body.get(20..)?, blocks, &mut compound.reports)?;
            }
            201 => read_reports(packet.get(8..)?, blocks, &mut compound.reports)?,
            _ => {}
        }
        datagram = datagram.get(length..)?;
    }
    Some(compound)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn sender_info(body: &[u8]) -> Option<SenderInfo> {
    Some(SenderInfo {
        ntp: u64::from(word(body, 0)?) << 32 | u64::from(word(body, 4)?),
        timestamp: word(body, 8)?,
        packets: word(body, 12)?,
        octets: word(body, 16)?,
    })
}

fn read_reports(body: &[u8], blocks: usize, into: &mut Vec<Report>) -> Option<()> {
    for block in body.get(..24 * blocks)?.chunks_exact(24) {
        let lost = word(block, 4)?;
        into.push(Report {
            ssrc: word(block, 0)?,
            fraction_lost: block[4],
            lost: (lost << 8).cast_signed() >> 8, // 24 bits, signed
            highest_sequence: word(block, 8)?,
            jitter: word(block, 12)?,
            last_sr: word(block, 16)?,
            delay_since_sr: word(block, 20)?,
        });
    }
    Some(())
}

/// A sender report (receiver report without `sender`) with our CNAME.
pub fn write(
    ssrc: u32,
    sender: Option<&SenderInfo>,
    report: Option<&Report>,
    cname: &str,
) -> Vec<u8> {
    let mut body = ssrc.to_be_bytes().to_vec();
    if let Some(sender) = sender {
        body.extend(sender.ntp.to_be_bytes());
        for value in [sender.timestamp, sender.packets, sender.octets] {
            body.extend(value.to_be_bytes());
        }
    }
    if let Some(report) = report {
        let lost = report.lost.clamp(-0x80_0000, 0x7f_ffff).cast_unsigned() & 0xff_ffff;
        let lost = u32::from(report.fraction_lost) << 24 | lost;
        let Report { ssrc, highest_sequence, jitter, last_sr, delay_since_sr, .. } = *report;
        for value in [ssrc, lost, highest_sequence, jitter, last_sr, delay_since_sr] {
            body.extend(value.to_be_bytes());
        }
    }
    let mut out = Vec::with_capacity(100);
    let kind = if sender.is_some() { 200 } else { 201 };
    append(&mut out, u8::from(report.is_some()), kind, &body);
    let name = &cname.as_bytes()[..cname.len().min(64)];
    let mut sdes = ssrc.to_be_bytes().to_vec();
    sdes.extend([1, u8::try_from(name.len()).expect("cut to 64")]);
    sdes.extend(name);
    sdes.push(0);
    sdes.resize(sdes.len().next_multiple_of(4), 0);
    append(&mut out, 1, 202, &sdes);
    out
}

fn append(out: &mut Vec<u8>, count: u8, kind: u8, body: &[u8]) {
    let words = u16::try_from(body.len() / 4).expect("a report is short");
    out.extend([0x80 | count, kind]);
    out.extend(words.to_be_bytes());
    out.extend(body);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_report_reads_as_it_was_written() {
        let sender = SenderInfo { ntp: 1 << 40 | 9, timestamp: 160, packets: 3, octets: 480 };
        let report = Report {
            ssrc: 5,
            fraction_lost: 12,
            lost: -2,
            highest_sequence: 70_000,
            jitter: 8,
            last_sr: 77,
            delay_since_sr: 65_536,
        };
        let wire = write(9, Some(&sender), Some(&report), "lianxin");
        assert_eq!(parse(&wire), Some(Compound { sender: Some(sender), reports: vec![report] }));
        let wire = write(9, None, None, "x");
        assert_eq!(parse(&wire), Some(Compound::default()));
    }

    #[test]
    fn a_length_beyond_the_datagram_is_refused() {
        let mut wire = write(9, None, None, "x");
        wire[3] = 200;
        assert_eq!(parse(&wire), None);
    }

    proptest! {
        #[test]
        fn no_datagram_panics(mut datagram in proptest::collection::vec(any::<u8>(), 0..200), kind in 199u8..203) {
            let _ = parse(&datagram);
            if datagram.len() > 3 {
                datagram[0] = 0x80 | datagram[0] & 0x1f;
                datagram[1] = kind;
                datagram[2] = 0;
                let _ = parse(&datagram);
            }
        }
    }
}
