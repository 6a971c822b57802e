use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::interval;

use crate::rtp::Packet;
use crate::sdp::{Codec, Description};
use crate::{g711, level};

/// A telephone: a socket that sends a voice and keeps what it hears.
pub(crate) struct Phone {
    pub(crate) socket: UdpSocket,
    pub(crate) codec: Codec,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) sequence: u16,
    pub(crate) heard: Vec<Vec<u8>>,
    pub(crate) keys: Vec<[u8; 4]>,
}

impl Phone {
    pub(crate) async fn new(codec: Codec) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        Self { socket, codec, peer: None, sequence: 100, heard: Vec::new(), keys: Vec::new() }
    }

    pub(crate) fn description(&self) -> String {
        let (port, at) = (self.socket.local_addr().unwrap().port(), self.codec.payload_type());
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP {at} 101\r\na=rtpmap:101 telephone-event/8000\r\n"
        )
    }

    pub(crate) fn answered(&mut self, sdp: &str) {
        let agreed = Description::parse(sdp).unwrap().agree(&[self.codec]).unwrap();
        self.peer = agreed.peer;
    }

    pub(crate) async fn send(&mut self, payload_type: u8, timestamp: u32, payload: &[u8]) {
        let marker = false;
        let sequence = self.sequence;
        let packet = Packet { marker, payload_type, sequence, timestamp, ssrc: 77, payload };
        self.sequence += 1;
        self.socket.send_to(&packet.write(), self.peer.unwrap()).await.unwrap();
    }

    /// Sends a voice in real time and hears meanwhile.
    pub(crate) async fn talk(&mut self, voice: &[i16]) {
        let mut beat = interval(Duration::from_millis(20));
        for frame in voice.chunks(160) {
            beat.tick().await;
            let payload = packed(self.codec, frame);
            let timestamp = u32::from(self.sequence) * 160;
            self.send(self.codec.payload_type(), timestamp, &payload).await;
            self.hear();
        }
    }

    /// Presses a key as RFC 4733 says, every packet twice.
    pub(crate) async fn press(&mut self, event: u8) {
        let timestamp = u32::from(self.sequence) * 160;
        for (flags, duration) in [(10, 160u16), (10, 320), (0x8a, 480), (0x8a, 480), (0x8a, 480)] {
            let [high, low] = duration.to_be_bytes();
            self.send(101, timestamp, &[event, flags, high, low]).await;
        }
    }

    pub(crate) fn hear(&mut self) {
        let mut buffer = [0; 2000];
        while let Ok((length, _)) = self.socket.try_recv_from(&mut buffer) {
            let packet = Packet::parse(&buffer[..length]).unwrap();
            match packet.payload_type {
                101 => self.keys.push(packet.payload.try_into().unwrap()),
                _ => self.heard.push(packet.payload.to_vec()),
            }
        }
    }

    pub(crate) fn sound(&self) -> Vec<i16> {
        let decode = match self.codec {
            Codec::Pcmu => g711::ulaw_to_linear,
            _ => g711::alaw_to_linear,
        };
        self.heard.iter().flatten().copied().map(decode).collect()
    }
}

pub(crate) fn packed(codec: Codec, pcm: &[i16]) -> Vec<u8> {
    let encode = if codec == Codec::Pcmu { g711::linear_to_ulaw } else { g711::linear_to_alaw };
    pcm.iter().copied().map(encode).collect()
}

pub(crate) fn tone(frequency: f64, samples: usize) -> Vec<i16> {
    level::sine(frequency, 8000.0, samples)
}
