//! How brokers are spoken to, in librdkafka's words: for partners' clusters and for the installation's own.

use std::collections::BTreeMap;
use std::fmt;

use lockgate_core::destination::KafkaMechanism;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How brokers are spoken to: in the clear to whoever asks, if nothing is said.
#[derive(Debug, Clone, Default)]
pub struct BrokerSecurity {
    /// By TLS.
    pub tls: Option<BrokerTls>,
    /// With a login.
    pub login: Option<BrokerLogin>,
}

/// What is believed and shown; both are PEM.
#[derive(Clone, Default)]
pub struct BrokerTls {
    /// The authorities to believe in place of the machine's.
    pub authorities: Option<String>,
    /// Our certificate chain and private key.
    pub client: Option<String>,
}

/// As whom, and how it is proved.
#[derive(Clone)]
pub struct BrokerLogin {
    /// How the password is proved.
    pub mechanism: KafkaMechanism,
    /// As whom.
    pub user: String,
    /// The password.
    pub password: String,
}

impl BrokerSecurity {
    /// The settings of a client.
    ///
    /// # Errors
    ///
    /// One sentence, without the secret, when something is not PEM.
    pub fn properties(&self) -> Result<BTreeMap<String, String>, String> {
        let mut properties = BTreeMap::new();
        let mut set = |name: &str, value: &str| properties.insert(name.to_owned(), value.to_owned());
        let protocol = match (&self.tls, &self.login) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        set("security.protocol", protocol);
        if let Some(tls) = &self.tls {
            set("ssl.endpoint.identification.algorithm", "https");
            match &tls.authorities {
                Some(pem) => {
                    certificates("authorities", pem)?;
                    set("ssl.ca.pem", pem);
                }
                // OpenSSL is built in and knows no place of its own: the machine's bundle is looked for where systems
                // keep it.
                None => {
                    set("ssl.ca.location", "probe");
                }
            }
            if let Some(pem) = &tls.client {
                certificates("client certificate", pem)?;
                PrivateKeyDer::from_pem_slice(pem.as_bytes())
                    .map_err(|_| wrong("client certificate", "there is no private key in it"))?;
                set("ssl.certificate.pem", pem);
                set("ssl.key.pem", pem);
            }
        }
        if let Some(login) = &self.login {
            let mechanism = match login.mechanism {
                KafkaMechanism::Plain => "PLAIN",
                KafkaMechanism::ScramSha256 => "SCRAM-SHA-256",
                KafkaMechanism::ScramSha512 => "SCRAM-SHA-512",
            };
            set("sasl.mechanisms", mechanism);
            set("sasl.username", &login.user);
            set("sasl.password", &login.password);
        }
        Ok(properties)
    }
}

/// librdkafka would only say that something is wrong.
fn certificates(what: &str, pem: &str) -> Result<(), String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(()),
        Ok(_) => Err(wrong(what, "there is no certificate in it")),
        Err(error) => Err(wrong(what, &error.to_string())),
    }
}

fn wrong(what: &str, why: &str) -> String {
    format!("the {what} for Kafka cannot be used: {why}; it must be PEM")
}

impl fmt::Debug for BrokerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { authorities, client } = self;
        let shown = (authorities.is_some(), client.is_some());
        f.debug_struct("BrokerTls").field("authorities", &shown.0).field("client", &shown.1).finish()
    }
}

impl fmt::Debug for BrokerLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mechanism, user, password: _ } = self;
        f.debug_struct("BrokerLogin").field("mechanism", mechanism).field("user", user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
