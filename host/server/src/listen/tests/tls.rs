//! TLS: versions, protocols, handshakes that never end, and a certificate that changes.

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::listen::Certificate;

const SHORT: Duration = Duration::from_millis(200);

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

fn certificate() -> Certificate {
    Certificate::read(&data("first.pem"), &data("first.key")).expect("they belong together")
}

fn connector(versions: &[&'static SupportedProtocolVersion], protocol: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(data("authority.pem")).expect("a certificate")).expect("an authority");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).expect("known versions");
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    TlsConnector::from(Arc::new(config))
}

async fn greet(stage: &Stage, connector: &TlsConnector) -> TlsStream<TcpStream> {
    let name = ServerName::try_from("localhost").expect("a name");
    connector.connect(name, stage.connect().await).await.expect("the handshake succeeds")
}

/// The certificate that is shown.
async fn shown(stage: &Stage) -> Vec<u8> {
    let stream = greet(stage, &connector(&[&rustls::version::TLS13], "http/1.1")).await;
    stream.get_ref().1.peer_certificates().expect("one is shown")[0].to_vec()
}

fn pem(name: &str) -> Vec<u8> {
    CertificateDer::from_pem_file(data(name)).expect("a certificate").to_vec()
}

#[rstest::rstest]
#[case(&rustls::version::TLS13)]
#[case(&rustls::version::TLS12)]
#[tokio::test]
async fn both_versions_are_spoken(#[case] version: &'static SupportedProtocolVersion) {
    let stage = Stage::set(bounds(), Some(certificate().acceptor().expect("a configuration"))).await;
    let mut stream = greet(&stage, &connector(&[version], "http/1.1")).await;
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.expect("it is taken");
    assert!(said(&mut stream).await.ends_with("served"));
}

#[tokio::test]
async fn the_newest_version_and_http2_are_preferred() {
    let stage = Stage::set(bounds(), Some(certificate().acceptor().expect("a configuration"))).await;
    let both = [&rustls::version::TLS12, &rustls::version::TLS13];
    let stream = greet(&stage, &connector(&both, "h2")).await;
    let session = stream.get_ref().1;
    assert_eq!(session.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    assert_eq!(session.alpn_protocol(), Some(&b"h2"[..]));
}

#[rstest::rstest]
#[case::nothing(b"")]
#[case::half_a_hello(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")]
#[tokio::test]
async fn a_handshake_that_never_ends_ends_the_connection(#[case] begun: &[u8]) {
    let tls = certificate().acceptor().expect("a configuration");
    let stage = Stage::set(Bounds { handshake_timeout: SHORT, ..bounds() }, Some(tls)).await;
    let mut half_open = vec![];
    for _ in 0..50 {
        let mut stream = stage.connect().await;
        stream.write_all(begun).await.expect("it is taken");
        half_open.push(stream);
    }
    assert_eq!(shown(&stage).await, pem("first.pem"), "others are served meanwhile");
    for mut stream in half_open {
        assert_eq!(said(&mut stream).await, "");
    }
}

#[tokio::test]
async fn plain_requests_to_a_tls_port_end_without_harm() {
    let stage = Stage::set(bounds(), Some(certificate().acceptor().expect("a configuration"))).await;
    let answer = stage.ask("/").await;
    assert!(!answer.contains("served"), "{answer}");
    assert_eq!(shown(&stage).await, pem("first.pem"));
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_without_a_restart() {
    let place = TempDir::new().expect("a directory");
    let (certificate, key) = (place.path().join("tls.pem"), place.path().join("tls.key"));
    let put = |name: &str| {
        std::fs::copy(data(&format!("{name}.pem")), &certificate).expect("it can be written");
        std::fs::copy(data(&format!("{name}.key")), &key).expect("it can be written");
    };
    put("first");
    let held = Certificate::read(&certificate, &key).expect("they belong together");
    let stage = Stage::set(bounds(), Some(held.acceptor().expect("a configuration"))).await;
    assert_eq!(shown(&stage).await, pem("first.pem"));
    assert!(!held.reload().expect("nothing changed"));
    put("second");
    assert!(held.reload().expect("it is a good one"));
    assert_eq!(shown(&stage).await, pem("second.pem"));
    // Half a change: the old one stays until the rest has come.
    std::fs::copy(data("first.pem"), &certificate).expect("it can be written");
    let error = format!("{:#}", held.reload().expect_err("the key is another's"));
    assert!(error.contains("http.tls_key"), "{error}");
    assert_eq!(shown(&stage).await, pem("second.pem"));
}

#[test]
fn files_that_are_no_certificates_are_named() {
    for (certificate, key, named) in [
        ("missing.pem", "first.key", "missing.pem cannot be read"),
        ("README.md", "first.key", "README.md holds no certificate"),
        ("first.pem", "README.md", "README.md holds no private key"),
        ("first.pem", "second.key", "does not belong to"),
    ] {
        let error = Certificate::read(&data(certificate), &data(key)).map(drop).expect_err("it cannot be used");
        assert!(format!("{error:#}").contains(named), "{error:#}");
    }
}
