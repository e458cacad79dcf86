//! What a binding grants, fetched before its guest runs: a guest never waits for the vault.

use std::sync::Arc;

use lockgate_core::policy::{Binding, Grant};
use lockgate_core::ports::{PluginError, VaultError};

use super::Shared;
use crate::guest::Powers;
use crate::imports::tokenize::Tokenizer;

/// The powers of one session. A granted table that does not exist is only missed by a guest that asks for it.
pub(super) async fn fetch(shared: &Shared, binding: &Binding) -> Result<Powers, PluginError> {
    let host = |error: VaultError| PluginError::Host(error.to_string());
    let mut powers = Powers::default();
    for grant in &binding.grants {
        match grant {
            Grant::Detect => powers.detect = true,
            Grant::Tokenize => {
                let key = shared.vault.tokenization_key(binding.owner).await.map_err(host)?;
                powers.tokenizer = Some(Tokenizer::new(&key));
            }
            Grant::Lookup { tables } => {
                powers.lookup = true;
                for name in tables {
                    if let Some(table) = shared.vault.table(binding.owner, name).await.map_err(host)? {
                        powers.tables.insert(name.clone(), Arc::clone(&table));
                    }
                }
            }
        }
    }
    Ok(powers)
}
