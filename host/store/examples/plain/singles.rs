//! Single inserts: what a commit of one row costs, and what is left of it behind HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::types::Uuid;

use super::{Outcome, serve};

/// Commits of one insert each, from so many connections at once.
pub(super) async fn commits(url: &str, clients: u32, seconds: u64) -> Outcome<()> {
    let pool = singles(url, clients).await?;
    let committed = Arc::new(AtomicU64::new(0));
    let (begin, text) = (Instant::now(), "x".repeat(400));
    let end = begin + Duration::from_secs(seconds);
    let mut running = vec![];
    for _ in 0..clients {
        let (mut connection, committed, text) = (pool.acquire().await?, Arc::clone(&committed), text.clone());
        running.push(tokio::spawn(async move {
            while Instant::now() < end {
                insert(&mut connection, &text).await?;
                committed.fetch_add(1, Ordering::Relaxed);
            }
            Ok::<_, sqlx::Error>(())
        }));
    }
    for client in running {
        client.await??;
    }
    println!("{:.3}", committed.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64());
    Ok(())
}

/// The same commits, each asked for by a request whose body is what is inserted.
pub(super) async fn inserts(url: &str, connections: u32) -> Outcome<()> {
    let pool = singles(url, connections).await?;
    let answer = async |State(pool): State<PgPool>, text: String| {
        let inserted = async { insert(&mut *pool.acquire().await?, &text).await };
        if inserted.await.is_ok() { StatusCode::CREATED } else { StatusCode::INTERNAL_SERVER_ERROR }
    };
    serve(Router::new().route("/insert", post(answer)).with_state(pool)).await
}

/// A pool of connections that each wait for their commits, and the table.
async fn singles(url: &str, connections: u32) -> Outcome<PgPool> {
    let pool = PgPoolOptions::new().max_connections(connections).test_before_acquire(false).connect(url).await?;
    sqlx::query("create table if not exists singles (id uuid primary key, text text not null)").execute(&pool).await?;
    Ok(pool)
}

async fn insert(connection: &mut PgConnection, text: &str) -> sqlx::Result<()> {
    let insert = sqlx::query("insert into singles (id, text) values ($1, $2)").bind(Uuid::now_v7()).bind(text);
    insert.execute(connection).await.map(drop)
}
