//! Fetches the secrets that endpoints name; why one cannot be had is already the delivery's answer.

use std::sync::Arc;

use lockgate_core::delivery::Answer;
use lockgate_core::id::PartnerId;
use lockgate_core::policy::Owner;
use lockgate_core::ports::{SecretBytes, Vault};

use crate::answer::{ours, refused};

/// The vault as connectors use it.
#[derive(Debug, Clone)]
pub(crate) struct Secrets {
    vault: Arc<dyn Vault>,
}

impl Secrets {
    pub(crate) fn new(vault: Arc<dyn Vault>) -> Self {
        Self { vault }
    }

    /// A partner's secret as text.
    pub(crate) async fn text(&self, partner: PartnerId, name: &str) -> Result<String, Answer> {
        let secret = self.bytes(partner, name).await?;
        let text = std::str::from_utf8(secret.expose()).map(|text| text.trim().to_owned());
        text.map_err(|_| refused(format!("secret `{name}` is not text")))
    }

    /// What signs: the secret, and besides it the one that it replaced, for as long as that is good.
    pub(crate) async fn signing(&self, partner: PartnerId, name: &str) -> Result<String, Answer> {
        let mut text = self.text(partner, name).await?;
        match self.vault.former_secret(Owner::Partner(partner), name).await {
            Ok(None) => {}
            Ok(Some(former)) => {
                let former = std::str::from_utf8(former.expose());
                let former = former.map_err(|_| refused(format!("the former secret `{name}` is not text")))?;
                text.push(' ');
                text.push_str(former.trim());
            }
            Err(error) => return Err(ours(error.to_string())),
        }
        Ok(text)
    }

    async fn bytes(&self, partner: PartnerId, name: &str) -> Result<SecretBytes, Answer> {
        match self.vault.secret(Owner::Partner(partner), name).await {
            Ok(Some(secret)) => Ok(secret),
            Ok(None) => Err(refused(format!("secret `{name}` is not set"))),
            // Ours to repair; the delivery waits.
            Err(error) => Err(ours(error.to_string())),
        }
    }
}
