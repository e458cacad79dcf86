//! The table over the whole way from a URL to a connection: each is written down instead of made.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use rstest::rstest;

use super::super::address::tests::{CLOSED, OPEN};
use super::super::names::Names;
use super::*;
use crate::config::EgressConfig;

/// Writes down what it should connect to and refuses.
#[derive(Debug, Default)]
struct Notebook(Mutex<Vec<SocketAddr>>);

#[async_trait]
impl Dial for Notebook {
    async fn dial(&self, to: SocketAddr) -> io::Result<TcpStream> {
        self.0.lock().expect("not poisoned").push(to);
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}

/// Resolves like a name server in bad hands: names below `at.` to what they say, every other name to loopback, and
/// `flips.example` to a public address only the first time.
#[derive(Debug, Default)]
struct BadNames(AtomicBool);

#[async_trait]
impl Names for BadNames {
    async fn addresses(&self, host: &str) -> io::Result<Vec<std::net::IpAddr>> {
        let text = match host.strip_prefix("at.") {
            Some(address) => address.trim_end_matches(".example").replace('-', "."),
            None if host == "flips.example" && !self.0.swap(true, Ordering::Relaxed) => "93.184.215.14".to_owned(),
            None => "127.0.0.1".to_owned(),
        };
        Ok(vec![text.parse().map_err(io::Error::other)?])
    }
}

/// What would be connected to, in one go.
async fn dialled(urls: &[&str]) -> Vec<SocketAddr> {
    let gate = Arc::new(Gate::new(&EgressConfig::default(), Arc::new(BadNames::default())).expect("no list"));
    let notebook = Arc::new(Notebook::default());
    for url in urls {
        if let Ok(url) = gate.url(url) {
            let door = Door::new(Arc::clone(&gate), notebook.clone(), Duration::from_secs(5), Duration::from_secs(5));
            let uri: Uri = url.as_str().parse().expect("a URL that was read is a URI");
            assert!(door.open(uri).await.is_err(), "the notebook makes no connection");
        }
    }
    notebook.0.lock().expect("not poisoned").clone()
}

#[tokio::test]
async fn no_spelling_of_a_closed_address_is_dialled() {
    assert!(CLOSED.len() >= 150, "{}", CLOSED.len());
    for host in CLOSED {
        for url in [format!("https://{host}/"), format!("http://{host}/in?x=1"), format!("https://{host}:8443/")] {
            assert_eq!(dialled(&[&url]).await, [], "{url}");
        }
    }
}

#[tokio::test]
async fn every_spelling_of_a_public_address_is_dialled_as_that_address() {
    for host in OPEN {
        let written = url::Url::parse(&format!("https://{host}/")).expect("a URL");
        let address: std::net::IpAddr = match written.host() {
            Some(url::Host::Ipv4(it)) => it.into(),
            Some(url::Host::Ipv6(it)) => it.into(),
            other => panic!("{host}: {other:?}"),
        };
        let address = address.to_canonical();
        assert_eq!(dialled(&[&format!("https://{host}/")]).await, [SocketAddr::new(address, 443)], "{host}");
    }
}

#[rstest]
// Names, however they are written, that lead to loopback.
#[case("http://localhost/")]
#[case("http://LOCALHOST./")]
#[case("http://ⓛocalhost/")]
#[case("http://l%6Fcalhost/")]
#[case("http://ｌｏｃａｌｈｏｓｔ/")]
#[case("http://xn--bcher-kva.example/")]
#[case("http://bücher.example/")]
#[case("http://127.0.0.1.nip.example/")]
#[case("http://localtest.example/")]
#[case("https://a.b.c.d.e.example:8443/")]
// Names that lead to other closed networks.
#[case("http://at.169-254-169-254.example/latest/meta-data/")]
#[case("http://at.10-0-0-1.example/")]
#[case("http://at.100-64-0-1.example/")]
#[case("http://at.198-18-0-1.example/")]
#[case("http://at.0-0-0-0.example/")]
#[case("http://at.255-255-255-255.example/")]
// Credentials, also such as make another host of what stands before them.
#[case("http://1.1.1.1@127.0.0.1/")]
#[case("http://user@1.1.1.1/")]
#[case("http://user:password@1.1.1.1/")]
#[case("http://:password@1.1.1.1/")]
#[case("http://1.1.1.1%40127.0.0.1/")]
#[case("http://127.0.0.1#@1.1.1.1/")]
#[case("http://127.0.0.1\\@1.1.1.1/")]
#[case("http://127.0.0.1%2f@1.1.1.1/")]
// Zones.
#[case("http://[fe80::1%25eth0]/")]
#[case("http://[fe80::1%eth0]/")]
#[case("http://[::1%25lo]/")]
#[case("http://[fe80::1%251]/")]
// Ports.
#[case("http://1.1.1.1:22/")]
#[case("http://1.1.1.1:25/")]
#[case("http://1.1.1.1:6379/")]
#[case("http://1.1.1.1:9092/")]
#[case("http://1.1.1.1:0/")]
#[case("http://1.1.1.1:65536/")]
#[case("http://at.1-1-1-1.example:11211/")]
// Not a number of the URL standard, not a host.
#[case("http://256.256.256.256/")]
#[case("http://127.0.0.0x100/")]
#[case("http://0x100000000/")]
#[case("http://1.2.3.4.5/")]
#[case("http://127.0.0.08/")]
#[case("http://[::ffff:127.0.0.1/")]
#[case("http://[127.0.0.1]/")]
#[case("http://[::127.0.0.256]/")]
#[case("http:///")]
#[case("http://")]
#[case("http://%00/")]
#[case("http://127.0.0.1%00.example/")]
#[case("http://exa mple/")]
// Other schemes.
#[case("ftp://1.1.1.1/")]
#[case("file:///etc/passwd")]
#[case("gopher://127.0.0.1:6379/_INFO")]
#[case("unix:///run/docker.sock")]
#[case("dict://127.0.0.1/")]
#[case("ws://1.1.1.1/")]
#[case("javascript:alert(1)")]
#[case("data:text/plain,x")]
#[case("//127.0.0.1/")]
#[case("127.0.0.1")]
#[tokio::test]
async fn nothing_is_dialled_for(#[case] url: &str) {
    assert_eq!(dialled(&[url]).await, [], "{url}");
}

#[rstest]
#[case("http://at.1-1-1-1.example/", "1.1.1.1:80")]
#[case("https://AT.1-1-1-1.EXAMPLE/", "1.1.1.1:443")]
#[case("https://at.1-1-1-1.example:8443/", "1.1.1.1:8443")]
#[case("HTTPS://[2606:4700::1111]/", "[2606:4700::1111]:443")]
#[tokio::test]
async fn what_was_judged_is_what_is_dialled(#[case] url: &str, #[case] expected: SocketAddr) {
    assert_eq!(dialled(&[url]).await, [expected]);
}

#[tokio::test]
async fn a_name_that_rebinds_to_loopback_is_dialled_once_only() {
    let url = "https://flips.example/";
    assert_eq!(dialled(&[url, url, url]).await, ["93.184.215.14:443".parse().expect("an address")]);
}

/// Gives an address that swallows everything before one that listens.
#[derive(Debug)]
struct Swallowed;

#[async_trait]
impl Names for Swallowed {
    async fn addresses(&self, _: &str) -> io::Result<Vec<std::net::IpAddr>> {
        Ok(["1.1.1.1", "2.2.2.2", "127.0.0.1"].map(|it| it.parse().expect("an address")).to_vec())
    }
}

/// Never hears of public addresses.
#[derive(Debug, Default)]
struct Swallowing(Notebook);

#[async_trait]
impl Dial for Swallowing {
    async fn dial(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let refused = self.0.dial(to).await;
        if to.ip().is_loopback() { refused } else { std::future::pending().await }
    }
}

#[tokio::test]
async fn an_address_that_swallows_everything_leaves_the_others_their_time() {
    let config = EgressConfig { allow: vec!["name.example".to_owned()], ..EgressConfig::default() };
    let gate = Arc::new(Gate::new(&config, Arc::new(Swallowed)).expect("the list is sound"));
    let dialled = Arc::new(Swallowing::default());
    let patience = Duration::from_millis(300);
    let mut door = Door::new(gate, dialled.clone(), patience, patience);
    let error = door.call("http://name.example/".parse().expect("a URI")).await.expect_err("nobody is there");
    assert!(error.to_string().contains("refused"), "the last one answered: {error}");
    let dialled = dialled.0.0.lock().expect("not poisoned").clone();
    assert_eq!(dialled.len(), 3, "{dialled:?}");
}
