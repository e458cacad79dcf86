//! Databases of a cluster: makes the one that a URL names, and quick copies of a migrated one for tests and trials.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use crate::migrate::{MigrateError, fingerprint, migrate};

/// Creates the database that the URL names, if it does not exist. The URL's user must be allowed to, and there must be
/// a maintenance database `postgres`.
pub async fn create_database(url: &str) -> Result<(), MigrateError> {
    let options = PgConnectOptions::from_str(url).map_err(unreachable)?;
    let name = options.get_database().unwrap_or("postgres").to_owned();
    let mut connection = options.database("postgres").connect().await.map_err(unreachable)?;
    if !exists(&mut connection, &name).await? {
        create(&mut connection, &name, None).await?;
    }
    let _ = connection.close().await;
    Ok(())
}

/// A new, empty, migrated database on the server of that superuser URL: copied from a template that the first caller
/// migrates and everybody shares, so it takes a fraction of a second. Answers with its URL.
pub async fn copy_of_template(superuser_url: &str) -> Result<String, MigrateError> {
    let options = PgConnectOptions::from_str(superuser_url).map_err(unreachable)?;
    let mut connection = options.clone().database("postgres").connect().await.map_err(unreachable)?;
    let template = format!("lockgate_template_{}", fingerprint());
    // Advisory locks end with the session, however it ends.
    sqlx::query("select pg_advisory_lock(4051)").execute(&mut connection).await.map_err(failed)?;
    if !exists(&mut connection, &template).await? {
        make_template(&mut connection, superuser_url, &template).await?;
    }
    sqlx::query("select pg_advisory_unlock(4051)").execute(&mut connection).await.map_err(failed)?;
    let name = format!("lockgate_copy_{}", sqlx::types::Uuid::new_v4().simple());
    create(&mut connection, &name, Some(&template)).await?;
    let _ = connection.close().await;
    with_database(superuser_url, &name)
}

/// Migrates under another name first: what has the template's name is complete, and nobody is connected to it.
async fn make_template(connection: &mut PgConnection, url: &str, template: &str) -> Result<(), MigrateError> {
    let draft = format!("lockgate_draft_{}", sqlx::types::Uuid::new_v4().simple());
    create(connection, &draft, None).await?;
    migrate(&with_database(url, &draft)?).await?;
    let rename = format!("alter database {draft} rename to {template}");
    sqlx::query(AssertSqlSafe(rename)).execute(connection).await.map(drop).map_err(failed)
}

async fn exists(connection: &mut PgConnection, name: &str) -> Result<bool, MigrateError> {
    sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(name)
        .fetch_one(connection)
        .await
        .map_err(failed)
}

async fn create(connection: &mut PgConnection, name: &str, template: Option<&str>) -> Result<(), MigrateError> {
    let quoted = name.replace('"', "\"\"");
    let template = template.map_or_else(String::new, |it| format!(" template {it}"));
    match sqlx::query(AssertSqlSafe(format!("create database \"{quoted}\"{template}"))).execute(connection).await {
        Ok(_) => Ok(()),
        // Somebody else was faster.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P04") => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

fn with_database(url: &str, name: &str) -> Result<String, MigrateError> {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let (server, _) = address
        .rsplit_once('/')
        .ok_or_else(|| MigrateError::Unreachable("a Postgres URL ends with /<database>".to_owned()))?;
    Ok(query.map_or_else(|| format!("{server}/{name}"), |query| format!("{server}/{name}?{query}")))
}

fn unreachable(error: sqlx::Error) -> MigrateError {
    MigrateError::Unreachable(error.to_string())
}

fn failed(error: sqlx::Error) -> MigrateError {
    MigrateError::Failed(error.to_string())
}
