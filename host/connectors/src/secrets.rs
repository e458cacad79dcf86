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
        // What the vault cannot do is ours to repair; the message waits.
        let good = self.vault.good_secrets(Owner::Partner(partner), name).await.map_err(|it| ours(it.to_string()))?;
        if good.is_empty() {
            return Err(unset(name));
        }
        let texts = good.iter().map(|secret| std::str::from_utf8(secret.expose()).map(str::trim));
        let texts =
            texts.collect::<Result<Vec<_>, _>>().map_err(|_| refused(format!("secret `{name}` is not text")))?;
        Ok(texts.join(" "))
    }

    async fn bytes(&self, partner: PartnerId, name: &str) -> Result<SecretBytes, Answer> {
        match self.vault.secret(Owner::Partner(partner), name).await {
            Ok(Some(secret)) => Ok(secret),
            Ok(None) => Err(unset(name)),
            // Ours to repair; the delivery waits.
            Err(error) => Err(ours(error.to_string())),
        }
    }
}

fn unset(name: &str) -> Answer {
    refused(format!("secret `{name}` is not set"))
}
