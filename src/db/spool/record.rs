//! One record on disk, and the reading of a segment that may end in the middle of one.
use chrono::{DateTime, Utc};

/// What a record may hold at most; a length above it is damage.
pub(super) const LONGEST: usize = 16 << 20;
/// What a record's content may hold at most.
pub(super) const LONGEST_BYTES: usize = LONGEST - FIXED - (1 << 16);
/// Length and checksum.
const HEAD: usize = 8;
/// Sequence number, time, length of the key.
const FIXED: usize = 8 + 8 + 2;

/// One thing that must not be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Rises by one; a restart goes on counting.
    pub seq: u64,
    /// When it was given to the spool.
    pub at: DateTime<Utc>,
    /// What makes a second reading of the same record harmless.
    pub key: String,
    /// What the writer wrote.
    pub bytes: Vec<u8>,
}

impl Record {
    /// `u32` length of the rest, `u32` CRC32 of length and rest, then the rest.
    pub(super) fn encode(&self, to: &mut Vec<u8>) {
        let key = &self.key.as_bytes()[..self.key.len().min(usize::from(u16::MAX))];
        let length = FIXED + key.len() + self.bytes.len();
        let start = to.len();
        to.extend(u32::try_from(length).expect("checked when it was given").to_le_bytes());
        to.extend([0; 4]);
        to.extend(self.seq.to_le_bytes());
        to.extend(self.at.timestamp_micros().to_le_bytes());
        to.extend(u16::try_from(key.len()).expect("cut to fit").to_le_bytes());
        to.extend(key);
        to.extend(&self.bytes);
        let sum = checksum(&to[start..]).to_le_bytes();
        to[start + 4..start + HEAD].copy_from_slice(&sum);
    }

    /// The record at the start of `bytes` and its size on disk. `None` where no whole one stands.
    pub(super) fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let length = u32::from_le_bytes(bytes.first_chunk().copied()?) as usize;
        if !(FIXED..=LONGEST).contains(&length) || bytes.len() < HEAD + length {
            return None;
        }
        let whole = &bytes[..HEAD + length];
        let sum = u32::from_le_bytes(whole[4..].first_chunk().copied()?);
        if sum != checksum(whole) {
            return None;
        }
        let seq = u64::from_le_bytes(whole[HEAD..].first_chunk().copied()?);
        let at = i64::from_le_bytes(whole[HEAD + 8..].first_chunk().copied()?);
        let key = u16::from_le_bytes(whole[HEAD + 16..].first_chunk().copied()?);
        let (key, rest) = whole[HEAD + FIXED..].split_at_checked(usize::from(key))?;
        let record = Self {
            seq,
            at: DateTime::from_timestamp_micros(at)?,
            key: String::from_utf8_lossy(key).into_owned(),
            bytes: rest.to_vec(),
        };
        Some((record, whole.len()))
    }
}

/// Over the length and everything behind the checksum.
fn checksum(record: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&record[..4]);
    sum.update(&record[HEAD..]);
    sum.finalize()
}

/// The whole records at the start of a segment, and where they end.
pub(super) fn scan(segment: &[u8]) -> (Vec<Record>, usize) {
    let (mut records, mut at) = (Vec::new(), 0);
    while let Some((record, size)) = Record::decode(&segment[at..]) {
        records.push(record);
        at += size;
    }
    (records, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records() -> impl Strategy<Value = Vec<Record>> {
        let one = (".{0,12}", proptest::collection::vec(any::<u8>(), 0..60), 0_i64..4_000_000_000);
        proptest::collection::vec(one, 0..12).prop_map(|all| {
            all.into_iter()
                .zip(1..)
                .map(|((key, bytes, secs), seq)| {
                    let at = DateTime::from_timestamp(secs, 0).unwrap();
                    Record { seq, at, key, bytes }
                })
                .collect()
        })
    }

    fn written(records: &[Record]) -> (Vec<u8>, Vec<usize>) {
        let (mut segment, mut ends) = (Vec::new(), Vec::new());
        for record in records {
            record.encode(&mut segment);
            ends.push(segment.len());
        }
        (segment, ends)
    }

    proptest! {
        #[test]
        fn any_truncation_loses_only_the_torn_tail(records in records(), cut in 0.0..=1.0) {
            let (segment, ends) = written(&records);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place inside")]
            let cut = (segment.len() as f64 * cut) as usize;
            let whole = ends.iter().filter(|end| **end <= cut).count();
            // what stood there before, and what preallocation leaves behind
            for tail in [&[][..], &[0; 64]] {
                let torn = [&segment[..cut], tail].concat();
                let (read, end) = scan(&torn);
                prop_assert_eq!(&read, &records[..whole]);
                prop_assert_eq!(end, whole.checked_sub(1).map_or(0, |last| ends[last]));
            }
        }

        #[test]
        fn a_flipped_bit_is_never_read_as_a_record(records in records(), at: prop::sample::Index, bit in 0..8) {
            let (mut segment, ends) = written(&records);
            prop_assume!(!segment.is_empty());
            let at = at.index(segment.len());
            segment[at] ^= 1_u8 << bit;
            let before = ends.iter().filter(|end| **end <= at).count();
            prop_assert_eq!(scan(&segment).0, &records[..before]);
        }
    }
}
