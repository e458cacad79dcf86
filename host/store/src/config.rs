//! What the store must be told.

use std::fmt;
use std::time::Duration;

use lockgate_core::ports::SecretBytes;

/// How to reach Postgres and how much of it to use.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    /// `postgres://user:password@host:port/database`; the user must be a member of `lockgate_api` and
    /// `lockgate_worker`.
    pub url: ConnectionUrl,
    /// Connections for hosts' work.
    pub worker_connections: u32,
    /// Connections for what comes in; a pool of their own, so that no backlog of work holds up an acknowledgement.
    pub intake_connections: u32,
    /// Connections for what people read; a separate pool, so that no query of theirs holds up the work.
    pub api_connections: u32,
    /// How long to wait for a free connection before the store counts as unavailable.
    pub acquire_timeout: Duration,
    /// The longest that one statement may run.
    pub statement_timeout: Duration,
    /// Wraps the data keys of secrets.
    pub secrets_key: SecretsKey,
}

impl StoreConfig {
    /// The defaults for a URL and a key.
    pub fn new(url: impl Into<String>, secrets_key: SecretsKey) -> Self {
        Self {
            url: ConnectionUrl(url.into()),
            worker_connections: 16,
            intake_connections: 8,
            api_connections: 16,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            secrets_key,
        }
    }
}

/// A URL that holds a password; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionUrl(pub(crate) String);

impl From<String> for ConnectionUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionUrl(..)")
    }
}

/// The configured 32-byte key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretsKey(pub(crate) SecretBytes);

/// The configured key has another length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`secrets.key` has {length} bytes: give 32 random bytes, written as 64 hexadecimal digits")]
pub struct InvalidSecretsKey {
    /// How many bytes were given.
    pub length: usize,
}

impl SecretsKey {
    /// Takes 32 random bytes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, InvalidSecretsKey> {
        let length = bytes.len();
        if length == 32 { Ok(Self(SecretBytes::new(bytes))) } else { Err(InvalidSecretsKey { length }) }
    }
}
