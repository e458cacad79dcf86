//! Begins transactions so that nobody who goes away meanwhile leaves one behind.
//!
//! sqlx knows of a transaction once its beginning was answered. Whoever is dropped before, as a request is whose client has
//! gone, would give a connection back in the middle of one: the next statement on it would see an old snapshot, or be
//! undone with what it never belonged to. A task of its own hears the answer in any case.

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Postgres, Transaction};

use crate::error::Failure;
use crate::store::PgStore;

impl PgStore {
    /// A transaction that may write.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, Failure> {
        begin(self.worker.clone(), "begin".to_owned()).await
    }
}

/// A transaction that begins with those statements.
pub(crate) async fn begin(pool: PgPool, statements: String) -> Result<Transaction<'static, Postgres>, Failure> {
    let beginning = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(statements)).await });
    match beginning.await {
        Ok(begun) => Ok(begun?),
        Err(error) => Err(Failure::broken(format!("a transaction did not begin: {error}"))),
    }
}
