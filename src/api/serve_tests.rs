//! The port itself: TLS, closing.
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc as StdArc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::{Tls, serve};

#[tokio::test]
async fn a_self_signed_certificate_is_made_once_and_its_key_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let first = Tls::self_signed(folder.path(), &[]).unwrap();
    let again = Tls::self_signed(folder.path(), &[]).unwrap();
    assert_eq!(first.fingerprint, again.fingerprint);
    assert_eq!(first.fingerprint.len(), 32 * 3 - 1);
    let key = std::fs::metadata(folder.path().join("tls-key.pem")).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_that_is_no_certificate_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, "no").unwrap();
    std::fs::write(&key, "no").unwrap();
    let error = Tls::from_files(&certificate, &key).unwrap_err().to_string();
    assert!(error.contains("key.pem") || error.contains("cert.pem"), "{error}");
}

#[tokio::test]
async fn a_page_comes_over_tls_while_another_client_dawdles_in_its_handshake() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Tls::self_signed(folder.path(), &[]).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/", axum::routing::get(|| async { "over TLS" }));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let tasks = base::Tasks::default();
    tasks.spawn("http", async move {
        serve(listener, router, Some(tls), async { drop(stopped.await) }).await;
    });
    let _dawdling = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.path().join("tls-cert.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(StdArc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(StdArc::new(config)).connect(name, tcp).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("over TLS"), "{answer}");
    let mut plain = tokio::net::TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    plain.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("https://"), "{answer}");
    drop(stop);
}
