//! Secrets and lookup tables: written here, read by the host only.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lockgate_core::code::Code;
use lockgate_core::ports::SecretBytes;

use super::done;
use crate::failure::Failure;
use crate::graphql::asking::asking;
use crate::graphql::scalars::Long;

#[derive(Debug, Default)]
pub(super) struct SecretMutations;

#[Object]
impl SecretMutations {
    /// Adds a secret that destinations and channels name; its value cannot be read back. One of that name stays as it is:
    /// `putSecret` replaces it.
    async fn create_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new secret.", secret)] input: CreateSecretInput,
    ) -> Result<CreateSecretPayload, Failure> {
        let asking = asking(ctx);
        let owner = asking.owner(&input.owner).await?;
        let value = input.encoding.unwrap_or_default().read(input.value)?;
        let added = asking.state.registrar.add_secret(&asking.viewer, owner, &input.name, value).await;
        done(asking, added).await?;
        Ok(CreateSecretPayload { name: input.name })
    }

    /// Sets a secret that destinations and channels name; its value cannot be read back.
    async fn put_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The secret.", secret)] input: PutSecretInput,
    ) -> Result<PutSecretPayload, Failure> {
        let asking = asking(ctx);
        let owner = asking.owner(&input.owner).await?;
        let value = input.encoding.unwrap_or_default().read(input.value)?;
        let grace = Duration::from_secs(u64::from(input.grace_seconds.unwrap_or_default()));
        let set = asking.state.registrar.set_secret(&asking.viewer, owner, &input.name, value, grace).await;
        done(asking, set).await?;
        Ok(PutSecretPayload { name: input.name })
    }

    /// Stores a new version of a lookup table; decisions name the version that they read.
    async fn put_lookup_table(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The table.")] input: PutLookupTableInput,
    ) -> Result<PutLookupTablePayload, Failure> {
        let asking = asking(ctx);
        let owner = asking.owner(&input.owner).await?;
        let given = input.entries.len();
        let entries: HashMap<_, _> = input.entries.into_iter().map(|it| (it.key, it.value)).collect();
        if entries.len() != given {
            return Err(Failure::new(Code::InvalidTable, "the table has a key twice; each needs one value"));
        }
        let stored = asking.state.registrar.put_table(&asking.viewer, owner, &input.name, entries).await;
        let version = u64::try_from(done(asking, stored).await?).unwrap_or_default();
        Ok(PutLookupTablePayload { name: input.name, version: Long(version) })
    }
}

/// A secret to add.
#[derive(InputObject)]
struct CreateSecretInput {
    /// Whose: `house`, or a partner's id or slug.
    owner: String,
    /// Its name, unique within the owner.
    name: String,
    /// Its value.
    value: String,
    /// How the value is written; as text if nothing is said.
    encoding: Option<SecretEncoding>,
}

impl fmt::Debug for CreateSecretInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CreateSecretInput");
        shown.field("owner", &self.owner).field("name", &self.name).finish_non_exhaustive()
    }
}

/// The secret that was added.
#[derive(Debug, SimpleObject)]
struct CreateSecretPayload {
    /// Its name.
    name: String,
}

/// A secret to set.
#[derive(InputObject)]
struct PutSecretInput {
    /// Whose: `house`, or a partner's id or slug.
    owner: String,
    /// Its name, unique within the owner.
    name: String,
    /// Its value.
    value: String,
    /// How the value is written; as text if nothing is said.
    encoding: Option<SecretEncoding>,
    /// For how many seconds the secret that it replaces stays good besides it, at most a week: so long webhooks carry the
    /// signatures of both. Not at all if nothing is said.
    grace_seconds: Option<u32>,
}

impl fmt::Debug for PutSecretInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PutSecretInput").field("owner", &self.owner).field("name", &self.name).finish_non_exhaustive()
    }
}

/// How a secret's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
enum SecretEncoding {
    /// The value is its UTF-8 text.
    #[default]
    Text,
    /// The value is the Base64 of its bytes.
    #[graphql(name = "BASE64")]
    Base64,
}

impl SecretEncoding {
    fn read(self, value: String) -> Result<SecretBytes, Failure> {
        let bytes = match self {
            Self::Text => value.into_bytes(),
            Self::Base64 => STANDARD
                .decode(value.trim())
                .map_err(|_| Failure::new(Code::InvalidSecret, "the secret's value is not Base64"))?,
        };
        Ok(SecretBytes::new(bytes))
    }
}

/// The secret that was set.
#[derive(Debug, SimpleObject)]
struct PutSecretPayload {
    /// Its name.
    name: String,
}

/// A lookup table to store.
#[derive(Debug, InputObject)]
struct PutLookupTableInput {
    /// Whose: `house`, or a partner's id or slug.
    owner: String,
    /// Its name, unique within the owner.
    name: String,
    /// All its entries; they replace those of the version before.
    entries: Vec<LookupEntryInput>,
}

/// One entry of a lookup table.
#[derive(Debug, InputObject)]
struct LookupEntryInput {
    /// What is looked up.
    key: String,
    /// What is found.
    value: String,
}

/// The lookup table that was stored.
#[derive(Debug, SimpleObject)]
struct PutLookupTablePayload {
    /// Its name.
    name: String,
    /// The number of its new version, from 1.
    version: Long,
}
