//! G.711 A-law and µ-law, as in ITU-T G.191's reference code.

const ALAW_ENDS: [i16; 8] = [0x1f, 0x3f, 0x7f, 0xff, 0x1ff, 0x3ff, 0x7ff, 0xfff];
const ULAW_ENDS: [i16; 8] = [0x3f, 0x7f, 0xff, 0x1ff, 0x3ff, 0x7ff, 0xfff, 0x1fff];
const ULAW_BIAS: i16 = 0x84;
const ULAW_CLIP: i16 = 8159;

pub(crate) fn alaw_to_linear(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let segment = (byte & 0x70) >> 4;
    let mantissa = i16::from(byte & 0x0f) << 4;
    let level = match segment {
        0 => mantissa + 8,
        1 => mantissa + 0x108,
        _ => (mantissa + 0x108) << (segment - 1),
    };
    if byte & 0x80 == 0 { -level } else { level }
}

pub(crate) fn ulaw_to_linear(byte: u8) -> i16 {
    let byte = !byte;
    let level = ((i16::from(byte & 0x0f) << 3) + ULAW_BIAS) << ((byte & 0x70) >> 4);
    if byte & 0x80 == 0 { level - ULAW_BIAS } else { ULAW_BIAS - level }
}

pub(crate) fn linear_to_alaw(sample: i16) -> u8 {
    let level = sample >> 3;
    let (level, mask) = if level >= 0 { (level, 0xd5) } else { (-level - 1, 0x55) };
    let Some(segment) = ALAW_ENDS.iter().position(|end| level <= *end) else {
        return 0x7f ^ mask;
    };
    let mantissa = (level >> segment.max(1)) & 0x0f;
    byte(segment, mantissa) ^ mask
}

pub(crate) fn linear_to_ulaw(sample: i16) -> u8 {
    let level = sample >> 2;
    let (level, mask) = if level < 0 { (-level, 0x7f) } else { (level, 0xff) };
    let level = level.min(ULAW_CLIP) + (ULAW_BIAS >> 2);
    let Some(segment) = ULAW_ENDS.iter().position(|end| level <= *end) else {
        return 0x7f ^ mask;
    };
    byte(segment, (level >> (segment + 1)) & 0x0f) ^ mask
}

fn byte(segment: usize, mantissa: i16) -> u8 {
    let segment = u8::try_from(segment).expect("there are eight segments");
    let mantissa = u8::try_from(mantissa).expect("it is masked to four bits");
    segment << 4 | mantissa
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_a_law_byte_survives_the_way_there_and_back() {
        for byte in 0..=255 {
            assert_eq!(linear_to_alaw(alaw_to_linear(byte)), byte);
        }
    }

    #[test]
    fn every_mu_law_byte_but_negative_zero_survives_the_way_there_and_back() {
        for byte in (0..=255).filter(|byte| *byte != 0x7f) {
            assert_eq!(linear_to_ulaw(ulaw_to_linear(byte)), byte);
        }
    }

    #[test]
    fn the_loudest_samples_do_not_overflow() {
        for sample in [i16::MIN, i16::MIN + 1, -1, 0, 1, i16::MAX] {
            let a = alaw_to_linear(linear_to_alaw(sample));
            let u = ulaw_to_linear(linear_to_ulaw(sample));
            assert!((i32::from(a) - i32::from(sample)).abs() < 1100, "{sample} {a}");
            assert!((i32::from(u) - i32::from(sample)).abs() < 1100, "{sample} {u}");
        }
    }
}
