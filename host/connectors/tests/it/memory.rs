//! Payloads and secrets in memory.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use lockgate_core::id::PartnerId;
use lockgate_core::payload::{ObjectOwner, Payload};
use lockgate_core::policy::Owner;
use lockgate_core::ports::{
    ByteStream, LookupTable, PayloadError, PayloadStore, PayloadWriter, SecretBytes, UploadWriter, Vault, VaultError,
    WriteIntent,
};
use lockgate_core::upload::UploadProgress;

const CHUNK: usize = 64 * 1024;

/// Payloads by key, read in chunks; `broken` ones end with an error instead of their last chunk, `silent` ones never.
#[derive(Debug, Default)]
pub(crate) struct Payloads {
    pub(crate) objects: Mutex<HashMap<String, Bytes>>,
    pub(crate) broken: Mutex<bool>,
    pub(crate) silent: Mutex<bool>,
}

#[async_trait]
impl PayloadStore for Payloads {
    async fn write(&self, _: WriteIntent) -> Result<Box<dyn PayloadWriter>, PayloadError> {
        Err(PayloadError::Unavailable("connectors only read".to_owned()))
    }

    async fn read(&self, payload: &Payload, range: Range<u64>) -> Result<ByteStream, PayloadError> {
        let objects = self.objects.lock().unwrap();
        let bytes = objects.get(&payload.key).ok_or(PayloadError::Missing(payload.id))?;
        let bytes = bytes.slice(usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap());
        let mut chunks: Vec<Result<Bytes, PayloadError>> =
            (0..bytes.len()).step_by(CHUNK).map(|at| Ok(bytes.slice(at..bytes.len().min(at + CHUNK)))).collect();
        if *self.broken.lock().unwrap() {
            chunks.pop();
            chunks.push(Err(PayloadError::Corrupt { payload: payload.id, explanation: "as planned".to_owned() }));
        }
        if *self.silent.lock().unwrap() {
            chunks.pop();
            return Ok(Box::pin(futures::stream::iter(chunks).chain(futures::stream::pending())));
        }
        Ok(Box::pin(futures::stream::iter(chunks)))
    }

    async fn upload(&self, _: ObjectOwner, _: &str, _: UploadProgress) -> Result<Box<dyn UploadWriter>, PayloadError> {
        Err(PayloadError::Unavailable("connectors only read".to_owned()))
    }
}

/// Secrets by name, the same for everybody.
#[derive(Debug, Default)]
pub(crate) struct Secrets(pub(crate) Mutex<HashMap<String, String>>);

#[async_trait]
impl Vault for Secrets {
    async fn secret(&self, _: Owner, name: &str) -> Result<Option<SecretBytes>, VaultError> {
        Ok(self.0.lock().unwrap().get(name).map(|value| SecretBytes::new(value.clone().into_bytes())))
    }

    async fn put_secret(
        &self,
        _: Owner,
        name: &str,
        value: SecretBytes,
        _: std::time::Duration,
    ) -> Result<(), VaultError> {
        let value = String::from_utf8(value.expose().to_vec()).unwrap();
        self.0.lock().unwrap().insert(name.to_owned(), value);
        Ok(())
    }

    /// Those kept as `<name>` and as `former <name>`.
    async fn good_secrets(&self, partner: PartnerId, name: &str) -> Result<Vec<SecretBytes>, VaultError> {
        let owner = Owner::Partner(partner);
        let former = self.secret(owner, &format!("former {name}")).await?;
        Ok(self.secret(owner, name).await?.into_iter().chain(former).collect())
    }

    async fn tokenization_key(&self, _: Owner) -> Result<SecretBytes, VaultError> {
        Err(VaultError::Unavailable("connectors tokenize nothing".to_owned()))
    }

    async fn table(&self, _: Owner, _: &str) -> Result<Option<Arc<LookupTable>>, VaultError> {
        Ok(None)
    }

    async fn put_table(&self, _: Owner, _: &str, _: HashMap<String, String>) -> Result<i64, VaultError> {
        Err(VaultError::Unavailable("connectors look nothing up".to_owned()))
    }
}
