//! The store of secure URLs over Postgres. What is counted is counted in one statement that also asks whether it may
//! be, so that hosts that count at once agree.

use async_trait::async_trait;
use lockgate_core::digest::Digest;
use lockgate_core::id::{SecureUrlId, TransferId};
use lockgate_core::ports::{SecureUrlStore, StoreError, UrlProof};
use lockgate_core::secure_url::{MAX_FAILURES, Purpose, SecureUrl};
use lockgate_core::time::Timestamp;
use sqlx::PgConnection;

use crate::column::{document, integer, small, text};
use crate::error::Failure;
use crate::provenance;
use crate::row::one;
use crate::store::PgStore;

#[async_trait]
impl SecureUrlStore for PgStore {
    async fn add_url(
        &self,
        url: &SecureUrl,
        token: Digest,
        passphrase: Option<&str>,
        proof: UrlProof<'_>,
    ) -> Result<(), StoreError> {
        Ok(retried!(add(self, url, token, passphrase, proof))?)
    }

    async fn find_url(&self, id: SecureUrlId) -> Result<Option<SecureUrl>, StoreError> {
        Ok(find(self, id).await?)
    }

    async fn url_of_token(&self, token: Digest) -> Result<Option<SecureUrl>, StoreError> {
        Ok(of_token(self, token).await?)
    }

    async fn url_of_ticket(&self, ticket: Digest, at: Timestamp) -> Result<Option<SecureUrl>, StoreError> {
        Ok(of_ticket(self, ticket, at).await?)
    }

    async fn passphrase(&self, id: SecureUrlId) -> Result<Option<String>, StoreError> {
        Ok(passphrase(self, id).await?)
    }

    async fn count_try(&self, id: SecureUrlId, right: bool) -> Result<Option<u32>, StoreError> {
        Ok(count_try(self, id, right).await?)
    }

    async fn use_url(
        &self,
        id: SecureUrlId,
        at: Timestamp,
        ticket: (Digest, Timestamp),
        proof: UrlProof<'_>,
    ) -> Result<bool, StoreError> {
        Ok(retried!(use_once(self, id, at, ticket, proof))?)
    }

    async fn revoke_url(&self, id: SecureUrlId, at: Timestamp, proof: UrlProof<'_>) -> Result<bool, StoreError> {
        Ok(retried!(revoke(self, id, at, proof))?)
    }
}

async fn add(
    store: &PgStore,
    url: &SecureUrl,
    token: Digest,
    passphrase: Option<&str>,
    proof: UrlProof<'_>,
) -> Result<(), Failure> {
    let transfer = match url.purpose {
        Purpose::Download { transfer } => Some(transfer.uuid()),
        Purpose::Upload { .. } => None,
    };
    let mut transaction = store.begin().await?;
    sqlx::query!(
        "insert into secure_urls (id, partner, token, purpose, transfer, passphrase, max_uses, note, author, created_at,
                                  expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        url.id.uuid(),
        url.partner.uuid(),
        &token.0[..],
        document(&url.purpose)?,
        transfer,
        passphrase,
        integer(url.max_uses)?,
        text(&url.note),
        text(&url.author),
        url.created_at,
        url.expires_at
    )
    .execute(&mut *transaction)
    .await?;
    prove(&mut transaction, proof).await?;
    transaction.commit().await?;
    Ok(())
}

async fn find(store: &PgStore, id: SecureUrlId) -> Result<Option<SecureUrl>, Failure> {
    one(secure_urls!("where t.id = $1", id.uuid()).fetch_optional(&store.worker).await?)
}

async fn of_token(store: &PgStore, token: Digest) -> Result<Option<SecureUrl>, Failure> {
    one(secure_urls!("where t.token = $1", &token.0[..]).fetch_optional(&store.worker).await?)
}

async fn of_ticket(store: &PgStore, ticket: Digest, at: Timestamp) -> Result<Option<SecureUrl>, Failure> {
    one(secure_urls!(
        "join secure_url_tickets k on k.secure_url = t.id where k.ticket = $1 and k.expires_at > $2",
        &ticket.0[..],
        at
    )
    .fetch_optional(&store.worker)
    .await?)
}

async fn passphrase(store: &PgStore, id: SecureUrlId) -> Result<Option<String>, Failure> {
    let hash = sqlx::query_scalar!(
        "select passphrase from secure_urls where id = $1 and failures < $2",
        id.uuid(),
        integer(MAX_FAILURES)?
    )
    .fetch_optional(&store.worker)
    .await?;
    Ok(hash.flatten())
}

async fn count_try(store: &PgStore, id: SecureUrlId, right: bool) -> Result<Option<u32>, Failure> {
    let failures = sqlx::query_scalar!(
        "update secure_urls set failures = case when $3 then 0 else failures + 1 end
         where id = $1 and failures < $2 returning failures",
        id.uuid(),
        integer(MAX_FAILURES)?,
        right
    )
    .fetch_optional(&store.worker)
    .await?;
    failures.map(small).transpose()
}

async fn use_once(
    store: &PgStore,
    id: SecureUrlId,
    at: Timestamp,
    (ticket, until): (Digest, Timestamp),
    proof: UrlProof<'_>,
) -> Result<bool, Failure> {
    let mut transaction = store.begin().await?;
    if !count_use(&mut transaction, id, at).await? {
        return Ok(false);
    }
    sqlx::query!("delete from secure_url_tickets where secure_url = $1 and expires_at <= $2", id.uuid(), at)
        .execute(&mut *transaction)
        .await?;
    sqlx::query!(
        "insert into secure_url_tickets (ticket, secure_url, expires_at) values ($1, $2, $3)",
        &ticket.0[..],
        id.uuid(),
        until
    )
    .execute(&mut *transaction)
    .await?;
    prove(&mut transaction, proof).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Counts a use, if the URL opens at that moment, in the transaction of what makes use of it.
pub(crate) async fn count_use(connection: &mut PgConnection, id: SecureUrlId, at: Timestamp) -> Result<bool, Failure> {
    let used = sqlx::query!(
        "update secure_urls set uses = uses + 1
         where id = $1 and revoked_at is null and expires_at > $2 and uses < max_uses",
        id.uuid(),
        at
    )
    .execute(connection)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Gives the use back by which a transfer was to come in that now never will, in the transaction that ends it: a transfer
/// ends once, so a use is given back once.
pub(crate) async fn give_back(connection: &mut PgConnection, transfer: TransferId) -> Result<(), Failure> {
    sqlx::query!(
        "update secure_urls s set uses = s.uses - 1 from uploads u
         where u.transfer = $1 and s.id = u.secure_url and s.uses > 0",
        transfer.uuid()
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn revoke(store: &PgStore, id: SecureUrlId, at: Timestamp, proof: UrlProof<'_>) -> Result<bool, Failure> {
    let mut transaction = store.begin().await?;
    let revoked =
        sqlx::query!("update secure_urls set revoked_at = $2 where id = $1 and revoked_at is null", id.uuid(), at)
            .execute(&mut *transaction)
            .await?;
    if revoked.rows_affected() == 0 {
        return Ok(false);
    }
    prove(&mut transaction, proof).await?;
    transaction.commit().await?;
    Ok(true)
}

async fn prove(connection: &mut PgConnection, proof: UrlProof<'_>) -> Result<(), Failure> {
    match proof {
        Some((transfer, entry)) => provenance::append_in(connection, transfer, entry).await,
        None => Ok(()),
    }
}
