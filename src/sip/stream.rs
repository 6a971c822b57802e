//! Connections: SIP messages cut from a TCP stream (RFC 3261 §18.3), and the pumps that carry them.
use bytes::{Bytes, BytesMut};
use chrono::TimeDelta;
use std::net::SocketAddr;
use std::sync::Arc;

use base::Clock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::FlowId;
use crate::guard::{self, STREAM_AT_MOST};
use crate::run::Arrival;

/// A connection that has said nothing by then is closed.
const FIRST_WORD: TimeDelta = TimeDelta::seconds(10);
/// A peer that does not take our bytes for so long is gone.
const WRITE_WITHIN: TimeDelta = TimeDelta::seconds(10);

/// Cuts a stream into messages.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    buffer: BytesMut,
    /// Line ends seen since the last message: two are a ping (RFC 5626 §4.4.1).
    ends: u8,
}

/// A piece of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Message(Bytes),
    /// To be answered with CRLF.
    Ping,
}

impl Framer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next piece; an error ends the connection: nobody knows where the next message begins.
    pub(crate) fn next(&mut self) -> Result<Option<Piece>, &'static str> {
        while self.buffer.starts_with(b"\r\n") {
            drop(self.buffer.split_to(2));
            self.ends += 1;
            if self.ends == 2 {
                self.ends = 0;
                return Ok(Some(Piece::Ping));
            }
        }
        let Some(head) = guard::header_end(&self.buffer) else {
            return if self.buffer.len() > STREAM_AT_MOST { Err("too long") } else { Ok(None) };
        };
        let body = guard::stream_length(&self.buffer[..head]).map_err(|()| "bad Content-Length")?;
        let length = head + 4 + body;
        if length > STREAM_AT_MOST {
            return Err("too long");
        }
        if self.buffer.len() < length {
            return Ok(None);
        }
        self.ends = 0;
        Ok(Some(Piece::Message(self.buffer.split_to(length).freeze())))
    }
}

/// Carries one TCP connection until it, or the endpoint, ends it.
pub(crate) async fn serve(
    stream: TcpStream,
    flow: FlowId,
    mut outgoing: mpsc::Receiver<Bytes>,
    arrivals: mpsc::Sender<Arrival>,
    clock: Arc<dyn Clock>,
) {
    let (mut read, mut write) = stream.into_split();
    let mut framer = Framer::default();
    let mut buffer = vec![0; 16 * 1024];
    let mut silent_until = Some(clock.now() + FIRST_WORD);
    'open: loop {
        let silence = async {
            match silent_until {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let count = tokio::select! {
            biased;
            bytes = outgoing.recv() => {
                let Some(bytes) = bytes else { break };
                silent_until = None;
                if !written(&mut write, &bytes, &*clock).await {
                    break;
                }
                continue;
            }
            count = read.read(&mut buffer) => count.unwrap_or(0),
            () = silence => break,
        };
        if count == 0 {
            break;
        }
        framer.push(&buffer[..count]);
        loop {
            match framer.next() {
                Ok(Some(Piece::Message(bytes))) => {
                    silent_until = None;
                    if arrivals.send(Arrival::Frame { flow, bytes }).await.is_err() {
                        break 'open;
                    }
                }
                Ok(Some(Piece::Ping)) => {
                    if !written(&mut write, b"\r\n", &*clock).await {
                        break 'open;
                    }
                }
                Ok(None) => break,
                Err(why) => {
                    metrics::counter!("sip_malformed").increment(1);
                    tracing::warn!(%flow, why, "closed a connection that lost its framing");
                    break 'open;
                }
            }
        }
    }
    drop(arrivals.send(Arrival::Closed { flow }).await);
}

async fn written(
    write: &mut (impl AsyncWriteExt + Unpin),
    bytes: &[u8],
    clock: &dyn Clock,
) -> bool {
    tokio::select! {
        biased;
        done = write.write_all(bytes) => done.is_ok(),
        () = clock.sleep_until(clock.now() + WRITE_WITHIN) => false,
    }
}

/// Opens a connection, then carries it.
pub(crate) async fn dial(
    to: SocketAddr,
    flow: FlowId,
    outgoing: mpsc::Receiver<Bytes>,
    arrivals: mpsc::Sender<Arrival>,
    clock: Arc<dyn Clock>,
) {
    let connected = tokio::select! {
        biased;
        stream = TcpStream::connect(to) => stream.ok(),
        () = clock.sleep_until(clock.now() + WRITE_WITHIN) => None,
    };
    match connected {
        Some(stream) => serve(stream, flow, outgoing, arrivals, clock).await,
        None => drop(arrivals.send(Arrival::Closed { flow }).await),
    }
}

/// Carries what a browser says.
pub(crate) async fn pump(
    mut from_ws: mpsc::Receiver<String>,
    flow: FlowId,
    arrivals: mpsc::Sender<Arrival>,
) {
    while let Some(text) = from_ws.recv().await {
        let frame = Arrival::Frame { flow, bytes: text.into() };
        if arrivals.send(frame).await.is_err() {
            return;
        }
    }
    drop(arrivals.send(Arrival::Closed { flow }).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] = b"OPTIONS sip:a@h SIP/2.0\r\nl: 3\r\n\r\nabc";

    #[test]
    fn messages_are_cut_wherever_the_chunks_end() {
        let stream = [ONE, b"\r\n\r\n", ONE].concat();
        for size in 1..stream.len() {
            let mut framer = Framer::default();
            let mut pieces = Vec::new();
            for chunk in stream.chunks(size) {
                framer.push(chunk);
                while let Some(piece) = framer.next().unwrap() {
                    pieces.push(piece);
                }
            }
            let message = || Piece::Message(Bytes::from_static(ONE));
            assert_eq!(pieces, [message(), Piece::Ping, message()], "chunks of {size}");
        }
    }

    #[test]
    fn a_stream_without_one_sane_length_ends() {
        for head in [
            "",
            "Content-Length: 1\r\nl: 2\r\n",
            "l: -1\r\n",
            "l: 99999999999999999999\r\n",
            "l: 70000\r\n",
        ] {
            let mut framer = Framer::default();
            framer.push(format!("BYE sip:a@h SIP/2.0\r\n{head}\r\n").as_bytes());
            assert!(framer.next().is_err(), "{head:?}");
        }
    }

    #[test]
    fn endless_headers_end() {
        let mut framer = Framer::default();
        framer.push(&vec![b'a'; STREAM_AT_MOST + 1]);
        assert!(framer.next().is_err());
    }
}
