//! Migrating beside hosts that are at work.

use lockgate_store::{MigrateError, create_database, migrate};
use lockgate_testkit::services::{services, unique};
use sqlx::{Connection as _, PgConnection};

#[tokio::test]
async fn a_migration_gives_up_on_a_table_in_use_and_says_what_to_do() {
    let url = services().await.postgres_url_of(&unique("lockgate_busy_"));
    create_database(&url).await.expect("a database");
    migrate(&url).await.expect("a schema");
    let mut other = PgConnection::connect(&url).await.expect("a connection");
    let mut using = other.begin().await.expect("a transaction");
    sqlx::query("lock table _sqlx_migrations").execute(&mut *using).await.expect("a lock");

    let separator = if url.contains('?') { '&' } else { '?' };
    let hasty = format!("{url}{separator}options[lock_timeout]=50ms");
    let refused = migrate(&hasty).await.expect_err("somebody uses the table");
    assert!(matches!(refused, MigrateError::Busy(_)), "{refused}");
    assert!(refused.to_string().contains("stop the hosts meanwhile"), "{refused}");

    using.rollback().await.expect("an end");
    migrate(&hasty).await.expect("nobody uses it any more");
}
