//! Clients with an identity of their own: a certificate that we show, and authorities that only this receiver has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use hyper_rustls::ConfigBuilderExt as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use super::{Client, Egress, client};
use crate::answer::refused;
use lockgate_core::delivery::Answer;

/// More clients than that are forgotten and made again.
const ROOM: usize = 64;

/// What a destination shows and believes; both are PEM.
#[derive(Clone, Copy, Default)]
pub(crate) struct Identity<'a> {
    /// Our certificate chain and private key.
    pub(crate) client: Option<&'a str>,
    /// The authorities to believe in place of the public ones.
    pub(crate) authorities: Option<&'a str>,
}

/// Clients by the digest of what they show and believe, so that a renewed secret makes a new one.
#[derive(Debug, Default)]
pub(super) struct Clients(Mutex<HashMap<[u8; 32], Client>>);

impl Egress {
    /// The client for an identity; the common one where there is none.
    pub(crate) fn client(&self, identity: Identity<'_>) -> Result<Client, Answer> {
        let Identity { client: shown, authorities } = identity;
        if shown.is_none() && authorities.is_none() {
            return Ok(self.client.clone());
        }
        let text = format!("{}\0{}", shown.unwrap_or_default(), authorities.unwrap_or_default());
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        let mut known = self.identities.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known.get(&key) {
            return Ok(client.clone());
        }
        let made = client(Some(config(identity)?), self.door.clone()).map_err(|error| refused(error.to_string()))?;
        if known.len() >= ROOM {
            known.clear();
        }
        known.insert(key, made.clone());
        Ok(made)
    }
}

impl Egress {
    /// A client that believes the machine's authorities, where TLS is spoken at all.
    pub(crate) fn machines_client(&self, tls: bool) -> Result<Client, rustls::Error> {
        if !tls {
            return Ok(self.client.clone());
        }
        if let Some(client) = self.machines.get() {
            return Ok(client.clone());
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let made = client(Some(config), self.door.clone())?;
        Ok(self.machines.get_or_init(|| made).clone())
    }
}

fn config(identity: Identity<'_>) -> Result<ClientConfig, Answer> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(error.to_string()))?;
    let builder = match identity.authorities {
        None => builder.with_webpki_roots(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for authority in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let authority = authority.map_err(|error| wrong("authorities", &error.to_string()))?;
                roots.add(authority).map_err(|error| wrong("authorities", &error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(wrong("authorities", "there is no certificate in it"));
            }
            builder.with_root_certificates(roots)
        }
    };
    let Some(pem) = identity.client else { return Ok(builder.with_no_client_auth()) };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let chain = chain.map_err(|error| wrong("client certificate", &error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| wrong("client certificate", "there is no private key in it"))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| wrong("client certificate", &error.to_string()))
}

fn wrong(what: &str, why: &str) -> Answer {
    refused(format!("the secret with the {what} cannot be used: {why}; it must be PEM"))
}
