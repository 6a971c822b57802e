//! The HTTP port: plain on loopback, TLS anywhere else.
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::serve::Listener;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// A certificate and its key, ready to serve.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    /// SHA-256 of the certificate, as browsers show it: `AB:CD:…`.
    pub fingerprint: String,
}

/// How long a browser may take for the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long the head of a request may take, and how long a connection may wait for the next one:
/// whoever opens many and says nothing holds no files that calls need.
const HEAD: Duration = Duration::from_secs(30);
/// Handshakes under way at once; more wait in the kernel's queue.
const HANDSHAKES: usize = 256;

impl Tls {
    /// From PEM files.
    pub fn from_files(certificate: &Path, key: &Path) -> io::Result<Self> {
        let named = |path: &Path, error: &dyn std::fmt::Display| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{}: {error}", path.display()))
        };
        let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .map_err(|error| named(certificate, &error))?;
        let private = PrivateKeyDer::from_pem_file(key).map_err(|error| named(key, &error))?;
        Self::new(chain, private).map_err(|error| named(certificate, &error))
    }

    /// The self-signed certificate of this data folder, made at the first start for `localhost` and
    /// these addresses, and kept so that its fingerprint stays.
    pub fn self_signed(folder: &Path, addresses: &[IpAddr]) -> io::Result<Self> {
        let (certificate, key) = (folder.join("tls-cert.pem"), folder.join("tls-key.pem"));
        if !(certificate.exists() && key.exists()) {
            let mut names = vec!["localhost".to_owned()];
            names.extend(addresses.iter().map(ToString::to_string));
            let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
            write_private(&key, made.signing_key.serialize_pem().as_bytes())?;
            std::fs::write(&certificate, made.cert.pem())?;
        }
        Self::from_files(&certificate, &key)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, rustls::Error> {
        let first = chain.first().ok_or(rustls::Error::NoCertificatesPresented)?;
        let fingerprint = hex::encode_upper(Sha256::digest(first));
        let pairs: Vec<_> = fingerprint.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
        let fingerprint = pairs.join(":");
        // The provider is named, so that nothing depends on what else the process has installed.
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        // WebSockets need HTTP/1.1; one protocol is enough for a console.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), fingerprint })
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Serves until `stop` resolves and the open requests are done. Sockets of live events must end by themselves.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    match tls {
        None => accept(listener, router, stop).await,
        Some(tls) => accept(TlsListener::new(listener, tls), router, stop).await,
    }
}

async fn accept<L: Listener<Addr = SocketAddr>>(
    mut listener: L,
    router: Router,
    stop: impl Future<Output = ()>,
) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let (go_on, closing) = watch::channel(());
    let mut open = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut stop => break,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        let router = router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(Peer(peer)));
            router.clone().oneshot(request)
        });
        let connection = server.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut closing = closing.clone();
        open.spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                _ = closing.changed() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::trace!(%error, "a connection ended early");
            }
        });
    }
    drop((listener, go_on)); // whoever comes now is refused at once
    while open.join_next().await.is_some() {}
}

type Handshake = Pin<Box<dyn Future<Output = Option<(TlsStream<TcpStream>, SocketAddr)>> + Send>>;

/// Accepts TCP and hands over what has finished its handshake, so that a slow one holds up no other.
struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    under_way: FuturesUnordered<Handshake>,
}

impl TlsListener {
    fn new(tcp: TcpListener, tls: Tls) -> Self {
        Self { tcp, acceptor: TlsAcceptor::from(tls.config), under_way: FuturesUnordered::new() }
    }

    fn begin(&self, stream: TcpStream, peer: SocketAddr) {
        let acceptor = self.acceptor.clone();
        self.under_way.push(Box::pin(async move {
            match tokio::time::timeout(HANDSHAKE, shake_hands(acceptor, stream)).await {
                Ok(Ok(stream)) => Some((stream, peer)),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "a TLS handshake failed");
                    None
                }
                Err(_) => None,
            }
        }));
    }
}

/// The first byte of a TLS handshake (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 22;

async fn shake_hands(
    acceptor: TlsAcceptor,
    mut stream: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 1 && first[0] != TLS_HANDSHAKE {
        // Whoever typed http:// gets a sentence instead of a broken connection.
        stream.write_all(USE_TLS.as_bytes()).await?;
        stream.shutdown().await?;
        return Err(io::Error::new(io::ErrorKind::InvalidData, "plain HTTP on the TLS port"));
    }
    acceptor.accept(stream).await
}

const USE_TLS: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\r\n此端口只接受 HTTPS：请把地址改为以 https:// 开头。\nUse https:// on this port.\n";

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                Some(done) = self.under_way.next(), if !self.under_way.is_empty() => {
                    if let Some(ready) = done {
                        return ready;
                    }
                }
                (stream, peer) = Listener::accept(&mut self.tcp), if self.under_way.len() < HANDSHAKES => {
                    self.begin(stream, peer);
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(&self.tcp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::AsyncReadExt;

    #[tokio::test(start_paused = true)]
    async fn whoever_never_ends_a_request_loses_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "here" }));
        let serving = serve(listener, router, None, std::future::pending());
        let caller = async {
            let mut slow = TcpStream::connect(address).await.unwrap();
            slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-a: ").await.unwrap();
            let mut mute = TcpStream::connect(address).await.unwrap();
            for stream in [&mut slow, &mut mute] {
                let mut said = String::new();
                stream.read_to_string(&mut said).await.unwrap();
                assert!(!said.contains("200 OK"), "{said}");
            }
        };
        tokio::select! {
            () = serving => panic!("it stopped"),
            () = caller => {}
        }
    }
}
