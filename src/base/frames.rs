//! Frames between the processes of one house: a JSON head and raw bytes behind it.
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// No frame is longer than this; a peer that announces more has lost the thread.
pub const MAX_FRAME: usize = 4 << 20;

/// Writes one frame: length of the head, length of the body (both u32, big endian), head, body.
///
/// # Errors
/// When the peer is gone, or the frame is longer than [`MAX_FRAME`].
pub async fn write<W: AsyncWrite + Unpin>(
    to: &mut W,
    head: &impl Serialize,
    body: &[u8],
) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    if head.len() + body.len() > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "frame too long"));
    }
    let mut frame = Vec::with_capacity(8 + head.len() + body.len());
    for length in [head.len(), body.len()] {
        frame.extend(u32::try_from(length).expect("checked against MAX_FRAME").to_be_bytes());
    }
    frame.extend(head);
    frame.extend(body);
    to.write_all(&frame).await
}

/// Reads one frame; `None` when the peer closed between two frames.
///
/// # Errors
/// When the peer closed inside a frame, announced too long a frame, or sent a head that is not
/// what was expected.
pub async fn read<R: AsyncRead + Unpin, H: DeserializeOwned>(
    from: &mut R,
) -> io::Result<Option<(H, Vec<u8>)>> {
    let mut lengths = [0; 8];
    if from.read(&mut lengths[..1]).await? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut lengths[1..]).await?;
    let length =
        |bytes: &[u8]| bytes.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    let (head, body) = (length(&lengths[..4]), length(&lengths[4..]));
    if head + body > MAX_FRAME {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "frame too long"));
    }
    let mut bytes = vec![0; head + body];
    from.read_exact(&mut bytes).await?;
    let tail = bytes.split_off(head);
    Ok(Some((serde_json::from_slice(&bytes)?, tail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_written_is_read() {
        let (mut one, mut two) = tokio::io::duplex(64);
        let sent = tokio::join!(
            write(&mut one, &("audio", 7), &[1, 2, 3]),
            read::<_, (String, u8)>(&mut two)
        );
        assert_eq!(sent.1.unwrap(), Some((("audio".to_owned(), 7), vec![1, 2, 3])));
        drop(one);
        assert_eq!(read::<_, (String, u8)>(&mut two).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_frame_of_four_gigabytes_is_refused_before_memory_is_taken() {
        let mut bytes: &[u8] = &[0xff; 8];
        let error = read::<_, ()>(&mut bytes).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
