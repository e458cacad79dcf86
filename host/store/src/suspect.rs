//! Writes down that a plugin begins to work on something over which one more dead host will be held against it.

use lockgate_core::claim::Claim;
use lockgate_core::ports::CommitError;

use crate::error::{Failure, commit_error};
use crate::store::PgStore;

/// A version that moved on is stale. Only notifications are not known to have begun otherwise.
pub(crate) async fn suspect(store: &PgStore, claim: &Claim) -> Result<(), CommitError> {
    let work = claim.aggregate.work();
    retried!(run(store, claim)).map_err(|failure| commit_error(work, failure))
}

async fn run(store: &PgStore, claim: &Claim) -> Result<(), Failure> {
    let (id, version) = (claim.aggregate.work().uuid(), claim.aggregate.version());
    let done = sqlx::query!("update notifications set begun = version where id = $1 and version = $2", id, version)
        .execute(&store.worker)
        .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Failure::Stale) }
}
