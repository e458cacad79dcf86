//! Where errors of the database become those of the ports: `sqlx::Error` never leaves this crate.

use lockgate_core::ports::{CommitError, RegistryError, StoreError, UploadError, VaultError};

/// Why a statement failed, while we may still want to know exactly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The database or the way to it.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A row or an argument that makes no sense.
    #[error("{0}")]
    Broken(String),
    /// The version did not match.
    #[error("stale")]
    Stale,
    /// The bus did not take what the outbox holds.
    #[error("{0}")]
    Bus(String),
}

impl Failure {
    /// A row or an argument that makes no sense.
    pub(crate) fn broken(explanation: impl Into<String>) -> Self {
        Self::Broken(explanation.into())
    }

    /// Whether the very same transaction may succeed when it is run again: a deadlock or a serialization failure.
    pub(crate) fn is_contention(&self) -> bool {
        matches!(code(self).as_deref(), Some("40001" | "40P01"))
    }

    /// Whether one row may be to blame, and not the database: what went wrong is no outage, or something was waited for too
    /// long, which another one's transaction may hold.
    pub(crate) fn is_of_one(&self) -> bool {
        match self {
            Self::Database(error) => !is_outage(error) || matches!(code(self).as_deref(), Some("55P03" | "57014")),
            _ => true,
        }
    }

    /// The violated unique constraint, if that is what happened.
    pub(crate) fn violated(&self) -> Option<&str> {
        match self {
            Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation() => error.constraint(),
            _ => None,
        }
    }
}

fn code(failure: &Failure) -> Option<String> {
    match failure {
        Failure::Database(sqlx::Error::Database(error)) => error.code().map(|it| it.into_owned()),
        _ => None,
    }
}

/// Whether another try, a little later, may succeed.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        // A connection that was cut in the middle of an answer.
        | sqlx::Error::Protocol(_) => true,
        // Connection exceptions, rolled-back transactions, exhausted resources, operator intervention (shutdown,
        // statement timeout), system errors, lock and idle timeouts.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class))
                // And a former primary that takes no writes any more.
                || matches!(code.as_ref(), "55P03" | "25P03" | "25006")
        }),
        _ => false,
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Database(error) if is_outage(&error) => Self::Unavailable(error.to_string()),
            // Worth another try, which is all that the relay must know.
            Failure::Bus(text) => Self::Unavailable(text),
            other => Self::Unexpected(other.to_string()),
        }
    }
}

impl From<Failure> for RegistryError {
    fn from(failure: Failure) -> Self {
        Self::Store(failure.into())
    }
}

impl From<Failure> for UploadError {
    fn from(failure: Failure) -> Self {
        Self::Store(failure.into())
    }
}

impl From<Failure> for VaultError {
    fn from(failure: Failure) -> Self {
        // The vault's port knows one trouble of the store; the text says which it was.
        Self::Unavailable(StoreError::from(failure).to_string())
    }
}

/// A failure of a change, where being stale is an answer.
pub(crate) fn commit_error(work: lockgate_core::command::Work, failure: Failure) -> CommitError {
    match failure {
        Failure::Stale => CommitError::Stale(work),
        other => CommitError::Store(other.into()),
    }
}
