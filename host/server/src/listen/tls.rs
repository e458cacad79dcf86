//! TLS for the API's port: certificate and key from files, read again when they change or on SIGHUP, so that a renewed
//! certificate needs no restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(10);

/// The certificate in use, and where it comes from.
#[derive(Debug)]
pub(crate) struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    current: Arc<Current>,
}

#[derive(Debug)]
struct Current(RwLock<Held>);

#[derive(Debug)]
struct Held {
    key: Arc<CertifiedKey>,
    /// The two files, as they were read.
    text: (Vec<u8>, Vec<u8>),
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner).key))
    }
}

impl Certificate {
    /// Reads the files for the first time.
    pub(crate) fn read(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let held = read(certificate, key, &provider)?;
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            provider,
            current: Arc::new(Current(RwLock::new(held))),
        })
    }

    /// Accepts TLS 1.3 and 1.2, HTTP/2 and HTTP/1.1, with whatever certificate is current.
    pub(crate) fn acceptor(&self) -> anyhow::Result<TlsAcceptor> {
        let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&versions)?
            .with_no_client_auth()
            .with_cert_resolver(self.current.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again; true if they held something new. If they cannot be used, the old certificate stays.
    pub(crate) fn reload(&self) -> anyhow::Result<bool> {
        let held = read(&self.certificate, &self.key, &self.provider)?;
        let mut current = self.current.0.write().unwrap_or_else(PoisonError::into_inner);
        let changed = current.text != held.text;
        if changed {
            *current = held;
        }
        Ok(changed)
    }

    /// Reads the files again whenever a SIGHUP comes, and every few seconds.
    pub(crate) async fn keep_fresh(self) {
        let mut hangup = match signal(SignalKind::hangup()) {
            Ok(hangup) => hangup,
            Err(error) => {
                tracing::warn!(error = %error, "SIGHUP cannot be watched; a new certificate needs a restart.");
                return std::future::pending().await;
            }
        };
        let mut failed = false;
        loop {
            let asked = tokio::select! {
                _ = hangup.recv() => true,
                () = tokio::time::sleep(EVERY) => false,
            };
            let outcome = self.reload();
            match &outcome {
                Ok(true) => tracing::info!("A new TLS certificate is in use."),
                Ok(false) if asked => tracing::info!("The TLS certificate is still the same."),
                Ok(false) => {}
                // Once, not every few seconds.
                Err(error) if asked || !failed => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "The new TLS certificate cannot be used; the old one stays."
                    );
                }
                Err(_) => {}
            }
            failed = outcome.is_err();
        }
    }
}

fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> anyhow::Result<Held> {
    let content = |setting: &str, path: &Path| {
        std::fs::read(path).with_context(|| format!("`{setting}`: {} cannot be read", path.display()))
    };
    let text = (content("http.tls_certificate", certificate)?, content("http.tls_key", key)?);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&text.0)
        .collect::<Result<_, _>>()
        .with_context(|| format!("`http.tls_certificate`: {} is not PEM", certificate.display()))?;
    anyhow::ensure!(!chain.is_empty(), "`http.tls_certificate`: {} holds no certificate", certificate.display());
    let private = PrivateKeyDer::from_pem_slice(&text.1)
        .with_context(|| format!("`http.tls_key`: {} holds no private key in PEM", key.display()))?;
    let certified = CertifiedKey::from_der(chain, private, provider)
        .context("`http.tls_key` does not belong to `http.tls_certificate`, or is of a kind that is not supported")?;
    Ok(Held { key: Arc::new(certified), text })
}
