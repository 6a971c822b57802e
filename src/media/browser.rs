//! The only module that knows the WebRTC library. A browser leg binds one UDP port of the pool,
//! names only host candidates, and carries one audio stream.
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rtc::crypto::SignatureScheme;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::ice::network_type::NetworkType;
use rtc::interceptor::Registry;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::interceptor_registry::configure_rtcp_reports;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_OPUS, MIME_TYPE_PCMA, MIME_TYPE_TELEPHONE_EVENT, MediaEngine,
};
use rtc::peer_connection::configuration::setting_engine::{SettingEngine, SettingEngineBuilder};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
    RtpCodecKind,
};
use tokio::sync::mpsc;
use tokio::time::timeout;
use webrtc::media_stream::track_local::{TrackLocal, static_rtp::TrackLocalStaticRTP};
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState,
    RTCPeerConnectionState,
};

use crate::codec::Codec;
use crate::handle::Shared;
use crate::ports::Lease;
use crate::sdp::{Agreed, Description};
use crate::{Error, rtp, sdp};

/// Host candidates are there at once; more than this is a fault.
const GATHER: Duration = Duration::from_secs(5);
/// Between two connectivity checks; the library also looks only so often whether DTLS can begin.
const CHECK: Duration = Duration::from_millis(50);
/// A packet that the library has not taken by then is dropped.
const SEND: Duration = Duration::from_millis(50);
const CLOSE: Duration = Duration::from_secs(2);

/// The certificate that all browser legs of this process show.
pub(crate) struct Identity(RTCCertificate);

impl Identity {
    pub(crate) fn new() -> Result<Self, Error> {
        let provider = rtc::crypto::default_provider().map_err(broken)?;
        let params = CertificateParams::new(vec!["lianxin".to_owned()]).map_err(broken)?;
        let scheme = SignatureScheme::EcdsaP256Sha256;
        RTCCertificate::generate(provider.crypto(), scheme, params).map(Self).map_err(broken)
    }
}

/// A WebRTC peer.
pub(crate) struct BrowserLeg {
    connection: Box<dyn PeerConnection>,
    track: Arc<TrackLocalStaticRTP>,
    signals: mpsc::UnboundedReceiver<Signal>,
    remote: Option<Arc<dyn TrackRemote>>,
    codecs: Vec<Codec>,
    gathered: bool,
    connected: bool,
    _lease: Lease,
}

enum Signal {
    Gathered,
    State(RTCPeerConnectionState),
    Track(Arc<dyn TrackRemote>),
}

/// What comes from a browser.
pub(crate) enum FromBrowser {
    Packet(Owned),
    /// ICE and DTLS are done.
    Connected,
    Broken(String),
}

/// A packet whose payload is its own.
pub(crate) struct Owned {
    header: rtc::rtp::header::Header,
    payload: Bytes,
}

impl Owned {
    pub(crate) fn packet(&self) -> rtp::Packet<'_> {
        rtp::Packet {
            marker: self.header.marker,
            payload_type: self.header.payload_type,
            sequence: self.header.sequence_number,
            timestamp: self.header.timestamp,
            ssrc: self.header.ssrc,
            payload: &self.payload,
        }
    }
}

struct Handler(mpsc::UnboundedSender<Signal>);

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            drop(self.0.send(Signal::Gathered));
        }
    }
    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        drop(self.0.send(Signal::State(state)));
    }
    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        drop(self.0.send(Signal::Track(track)));
    }
}

impl BrowserLeg {
    /// A peer that is ready to offer or to answer; what it sends carries `ssrc`.
    pub(crate) async fn new(shared: &Shared, opus: bool, ssrc: u32) -> Result<Self, Error> {
        let codecs = if opus { vec![Codec::Opus, Codec::Pcma] } else { vec![Codec::Pcma] };
        // Voices first: a browser sends the first that it knows. One rate of telephone-event only:
        // the library takes them for the same.
        let voices = codecs.iter().map(|codec| parameters(*codec));
        let known: Vec<_> = voices.chain([events(codecs[0].rate())]).collect();
        let mut engine = MediaEngine::default();
        for codec in &known {
            engine.register_codec(codec.clone(), RtpCodecKind::Audio).map_err(broken)?;
        }
        let lease = shared.ports.single(shared.config.browser_bind).await?;
        let address = SocketAddr::new(shared.config.browser_bind, lease.port);
        let (signal, signals) = mpsc::unbounded_channel();
        let configuration =
            RTCConfigurationBuilder::new().with_certificates(vec![shared.identity.0.clone()]);
        let building = PeerConnectionBuilder::new()
            .with_configuration(configuration.build())
            .with_media_engine(engine)
            .with_setting_engine(settings(shared))
            .with_interceptor_registry(configure_rtcp_reports(Registry::new()))
            .with_handler(Arc::new(Handler(signal)))
            .with_udp_addrs(vec![address])
            .build();
        let connection = Box::pin(building).await.map_err(broken)?;
        let track = Arc::new(TrackLocalStaticRTP::new(stream(ssrc, codecs[0])));
        connection.add_track(track.clone()).await.map_err(broken)?;
        for transceiver in connection.get_transceivers().await {
            // The track named one codec; the keys' are wanted too.
            transceiver.set_codec_preferences(known.clone()).await.map_err(broken)?;
        }
        Ok(Self {
            connection: Box::new(connection),
            track,
            signals,
            remote: None,
            codecs,
            gathered: false,
            connected: false,
            _lease: lease,
        })
    }

    /// Our offer.
    pub(crate) async fn offer(&mut self) -> Result<String, Error> {
        let offer = self.connection.create_offer(None).await.map_err(broken)?;
        self.connection.set_local_description(offer).await.map_err(broken)?;
        self.described().await
    }

    /// Our answer to the browser's offer, and what it agrees on.
    pub(crate) async fn answer(&mut self, offer: &str) -> Result<(String, Agreed), Error> {
        let offered = Description::parse(offer)?.agree_ice(&self.codecs)?;
        let offer = sdp::with_events_at(offer, offered.codec.rate());
        let offer = RTCSessionDescription::offer(offer)
            .map_err(|error| Error::BadSdp(error.to_string()))?;
        self.connection
            .set_remote_description(offer)
            .await
            .map_err(|error| Error::BadSdp(error.to_string()))?;
        let answer = self.connection.create_answer(None).await.map_err(broken)?;
        self.connection.set_local_description(answer).await.map_err(broken)?;
        let answer = self.described().await?;
        let agreed = Description::parse(&answer)?.agree_ice(&self.codecs)?;
        Ok((answer, Agreed { direction: offered.direction, ..agreed }))
    }

    /// Takes the browser's answer to our offer.
    pub(crate) async fn accept(&mut self, answer: &str) -> Result<Agreed, Error> {
        let agreed = Description::parse(answer)?.agree_ice(&self.codecs)?;
        let answer = RTCSessionDescription::answer(answer.to_owned())
            .map_err(|error| Error::BadSdp(error.to_string()))?;
        self.connection
            .set_remote_description(answer)
            .await
            .map_err(|error| Error::BadSdp(error.to_string()))?;
        Ok(agreed)
    }

    /// Our description with all candidates.
    async fn described(&mut self) -> Result<String, Error> {
        let gathering = async {
            while !self.gathered {
                match self.signals.recv().await {
                    Some(Signal::Gathered) => self.gathered = true,
                    Some(Signal::Track(track)) => self.remote = Some(track),
                    Some(Signal::State(_)) => {}
                    None => return,
                }
            }
        };
        timeout(GATHER, gathering).await.map_err(|_| broken("no candidates in time"))?;
        let description = self.connection.local_description().await;
        Ok(description.ok_or_else(|| broken("no local description"))?.sdp)
    }

    /// What comes next. Cancel-safe.
    pub(crate) async fn receive(&mut self) -> FromBrowser {
        loop {
            tokio::select! {
                signal = self.signals.recv() => match signal {
                    Some(Signal::Track(track)) => self.remote = Some(track),
                    Some(Signal::State(RTCPeerConnectionState::Connected)) => {
                        self.connected = true;
                        return FromBrowser::Connected;
                    }
                    Some(Signal::State(RTCPeerConnectionState::Failed)) => {
                        return FromBrowser::Broken("ICE or DTLS failed".to_owned());
                    }
                    Some(_) => {}
                    None => return FromBrowser::Broken("the connection is gone".to_owned()),
                },
                event = next(self.remote.as_ref()) => match event {
                    Some(TrackRemoteEvent::OnRtpPacket(packet)) => {
                        let rtc::rtp::Packet { header, payload } = packet;
                        return FromBrowser::Packet(Owned { header, payload });
                    }
                    Some(TrackRemoteEvent::OnEnded) | None => self.remote = None,
                    Some(_) => {}
                },
            }
        }
    }

    /// Sends a packet, once ICE and DTLS are done; before that it is dropped.
    pub(crate) async fn send(&self, packet: &rtp::Packet<'_>) -> bool {
        if !self.connected {
            return false;
        }
        let header = rtc::rtp::header::Header {
            version: 2,
            marker: packet.marker,
            payload_type: packet.payload_type,
            sequence_number: packet.sequence,
            timestamp: packet.timestamp,
            ssrc: packet.ssrc,
            ..Default::default()
        };
        let payload = Bytes::copy_from_slice(packet.payload);
        let sending = self.track.write_rtp(rtc::rtp::Packet { header, payload });
        matches!(timeout(SEND, sending).await, Ok(Ok(())))
    }

    pub(crate) async fn close(self) {
        // A connection that will not close is dropped, which closes it too.
        drop(timeout(CLOSE, self.connection.close()).await);
    }
}

async fn next(track: Option<&Arc<dyn TrackRemote>>) -> Option<TrackRemoteEvent> {
    match track {
        Some(track) => track.poll().await,
        None => std::future::pending().await,
    }
}

fn settings(shared: &Shared) -> SettingEngine {
    let network =
        if shared.config.browser_bind.is_ipv4() { NetworkType::Udp4 } else { NetworkType::Udp6 };
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    SettingEngineBuilder::new()
        .with_include_loopback_candidate(shared.config.loopback)
        .with_network_types(vec![network])
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_ice_timeouts(seconds(5), seconds(15), seconds(2))
        .with_ice_connection_attempts(Some(CHECK), Some(50))
        .build()
}

fn codec(codec: Codec) -> RTCRtpCodec {
    match codec {
        Codec::Opus => RTCRtpCodec {
            mime_type: MIME_TYPE_OPUS.to_owned(),
            clock_rate: 48_000,
            channels: 2,
            sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
            ..Default::default()
        },
        Codec::Pcma | Codec::Pcmu => RTCRtpCodec {
            mime_type: MIME_TYPE_PCMA.to_owned(),
            clock_rate: 8000,
            ..Default::default()
        },
    }
}

fn parameters(of: Codec) -> RTCRtpCodecParameters {
    RTCRtpCodecParameters { rtp_codec: codec(of), payload_type: of.payload_type() }
}

fn events(rate: u32) -> RTCRtpCodecParameters {
    let rtp_codec = RTCRtpCodec {
        mime_type: MIME_TYPE_TELEPHONE_EVENT.to_owned(),
        clock_rate: rate,
        ..Default::default()
    };
    RTCRtpCodecParameters { rtp_codec, payload_type: if rate == 8000 { 101 } else { 110 } }
}

fn stream(ssrc: u32, of: Codec) -> MediaStreamTrack {
    let coding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
        codec: codec(of),
        ..Default::default()
    };
    let name = || "lianxin".to_owned();
    MediaStreamTrack::new(name(), name(), name(), RtpCodecKind::Audio, vec![coding])
}

fn broken(error: impl std::fmt::Display) -> Error {
    Error::Browser(error.to_string())
}
