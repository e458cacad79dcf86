//! Fetches the secrets that endpoints name; why one cannot be had is already the delivery's answer.

use std::sync::Arc;

use lockgate_core::delivery::Answer;
use lockgate_core::id::PartnerId;
use lockgate_core::policy::Owner;
use lockgate_core::ports::{SecretBytes, Vault};

use crate::answer::{ours, refused};
use crate::webhook::Secret;

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

    /// What signs: the secret, and besides it the one that it replaced, for as long as that is good. A former one that
    /// cannot sign, perhaps replaced for that, is left out: the present one is all that a receiver needs.
    pub(crate) async fn signing(&self, partner: PartnerId, name: &str) -> Result<Vec<Secret>, Answer> {
        // What the vault cannot do is ours to repair; the message waits.
        let good = self.vault.good_secrets(partner, name).await.map_err(|it| ours(it.to_string()))?;
        let (present, former) = good.split_first().ok_or_else(|| unset(name))?;
        let mut signing = keys(present).map_err(|why| refused(format!("secret `{name}`: {why}")))?;
        for secret in former {
            match keys(secret) {
                Ok(more) => signing.extend(more),
                Err(why) => tracing::warn!(
                    partner.id = %partner,
                    secret.name = name,
                    why,
                    "A former secret cannot sign; the present one signs alone."
                ),
            }
        }
        Ok(signing)
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

/// The keys in a secret, or why there are none, without the secret.
pub(crate) fn keys(secret: &SecretBytes) -> Result<Vec<Secret>, String> {
    let text = std::str::from_utf8(secret.expose()).map_err(|_| "it is not text".to_owned())?;
    Secret::read(text).map_err(|error| error.to_string())
}

fn unset(name: &str) -> Answer {
    refused(format!("secret `{name}` is not set"))
}

#[cfg(test)]
mod tests;
