//! Kafka behind TLS and logins, as partners' clusters are: three more listeners of the same node, for tests alone.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::At;
use crate::{SecuredKafka, StartError};

/// An authority, a certificate of it for 127.0.0.1 with its key, and one for a client with its key. Valid for a hundred
/// years; they protect nothing, and the authority's own key was thrown away.
const AUTHORITY: &str = include_str!("tls/authority.pem");
const SERVER: &str = include_str!("tls/server.pem");
const CLIENT: &str = include_str!("tls/client.pem");

const USER: &str = "gate";
const PASSWORD: &str = "let-the-gate-in";

/// Where the node listens besides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) tls: u16,
    pub(super) sasl_tls: u16,
    pub(super) sasl: u16,
}

impl Ports {
    /// What follows in the list of listeners.
    pub(super) fn listeners(self) -> String {
        let Self { tls, sasl_tls, sasl } = self;
        format!(",SSL://127.0.0.1:{tls},SASL_SSL://127.0.0.1:{sasl_tls},SASL_PLAINTEXT://127.0.0.1:{sasl}")
    }
}

/// The files that the broker reads: its certificate with the key, and its authority.
pub(super) struct Certificates {
    server: PathBuf,
    authority: PathBuf,
}

pub(super) fn certificates(dir: &Path) -> Result<Certificates, StartError> {
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        let mut file = std::fs::OpenOptions::new();
        file.create(true).write(true).truncate(true).mode(0o600);
        let written = file.open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.at("write", &path).map(|()| path)
    };
    Ok(Certificates { server: write("server.pem", SERVER)?, authority: write("authority.pem", AUTHORITY)? })
}

/// What follows in `server.properties`.
pub(super) fn properties(Certificates { server, authority }: &Certificates) -> String {
    let (server, authority) = (server.display(), authority.display());
    let mut properties = format!(
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,\
         SASL_PLAINTEXT:SASL_PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={server}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
listener.name.ssl.ssl.client.auth=required
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
"
    );
    for listener in ["sasl_ssl", "sasl_plaintext"] {
        let of = format!("listener.name.{listener}");
        let security = "org.apache.kafka.common.security";
        properties.push_str(&format!(
            "{of}.plain.sasl.jaas.config={security}.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";
{of}.scram-sha-256.sasl.jaas.config={security}.scram.ScramLoginModule required;
{of}.scram-sha-512.sasl.jaas.config={security}.scram.ScramLoginModule required;
"
        ));
    }
    properties
}

/// Arguments of formatting that make the user known to SCRAM.
pub(super) fn users() -> Vec<String> {
    let user = |mechanism: &str| format!("{mechanism}=[name={USER},password={PASSWORD}]");
    ["SCRAM-SHA-256", "SCRAM-SHA-512"].into_iter().flat_map(|it| ["--add-scram".to_owned(), user(it)]).collect()
}

/// What a client needs to know.
pub(super) fn endpoints(Ports { tls, sasl_tls, sasl }: Ports) -> SecuredKafka {
    let at = |port: u16| format!("127.0.0.1:{port}");
    SecuredKafka {
        tls: at(tls),
        sasl_tls: at(sasl_tls),
        sasl: at(sasl),
        user: USER.to_owned(),
        password: PASSWORD.to_owned(),
        authority: AUTHORITY.to_owned(),
        client: CLIENT.to_owned(),
    }
}
