//! Mutual TLS against a real rustls server on loopback: it asks for our certificate, and has authorities of its own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use lockgate_core::delivery::Answer;
use lockgate_core::destination::{Endpoint, HttpOptions};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::world::{World, is_failed, is_refused};

const AUTHORITY: &str = include_str!("../data/tls/ca.pem");
const SERVER: &str = include_str!("../data/tls/server.pem");
const CLIENT: &str = include_str!("../data/tls/client.pem");

/// Serves one request to a client that shows a certificate of our authority; gives what it read, if it came so far.
fn serve() -> (SocketAddr, JoinHandle<Option<String>>) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let chain = CertificateDer::pem_slice_iter(SERVER.as_bytes()).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(SERVER.as_bytes()).unwrap();
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .unwrap();
    // Were HTTP/2 offered, it would be taken, and attempts would share a connection that none could give up.
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let (socket, _) = listener.accept().ok()?;
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).ok()?, socket);
        let mut came = vec![];
        while !came.ends_with(b"the payload") {
            let mut some = [0; 1024];
            let read = stream.read(&mut some).ok().filter(|read| *read > 0)?;
            came.extend_from_slice(&some[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()?;
        stream.flush().ok()?;
        Some(String::from_utf8_lossy(&came).into_owned())
    });
    (address, serving)
}

fn world() -> World {
    let world = World::new();
    let mut secrets = world.secrets.0.lock().unwrap();
    secrets.insert("client".to_owned(), CLIENT.to_owned());
    secrets.insert("authority".to_owned(), AUTHORITY.to_owned());
    secrets.insert("nonsense".to_owned(), "not PEM".to_owned());
    drop(secrets);
    world
}

fn to(address: SocketAddr, client: Option<&str>, authority: Option<&str>) -> Endpoint {
    let (client_secret, ca_secret) = (client.map(str::to_owned), authority.map(str::to_owned));
    Endpoint::Http {
        url: format!("https://{address}/inbox"),
        signing_secret: None,
        bearer_secret: None,
        options: HttpOptions { client_secret, ca_secret, ..HttpOptions::default() },
    }
}

#[tokio::test]
async fn a_receiver_that_asks_for_our_certificate_gets_it_and_is_believed_by_its_own_authority() {
    let (address, serving) = serve();
    let answer = world().deliver(to(address, Some("client"), Some("authority")), "the payload").await;
    assert_eq!(answer, Answer::Taken { receipt: "200".to_owned() });
    let came = serving.join().unwrap().expect("a whole request");
    assert!(came.starts_with("POST /inbox HTTP/1.1"), "{came}");
}

#[tokio::test]
async fn without_our_certificate_or_its_authority_nothing_is_delivered() {
    for (client, authority) in [(None, Some("authority")), (Some("client"), None)] {
        let (address, serving) = serve();
        let answer = world().deliver(to(address, client, authority), "the payload").await;
        assert!(is_failed(&answer), "{client:?} {authority:?}: {answer:?}");
        assert_eq!(serving.join().unwrap(), None, "not one byte of the payload came");
    }
}

#[tokio::test]
async fn a_secret_that_is_no_certificate_is_named_and_not_shown() {
    let address = "127.0.0.1:9".parse().unwrap();
    for (client, authority) in [(Some("nonsense"), None), (None, Some("nonsense"))] {
        let answer = world().deliver(to(address, client, authority), "the payload").await;
        assert!(is_refused(&answer), "{answer:?}");
        assert!(!format!("{answer:?}").contains("not PEM"), "{answer:?}");
    }
}
