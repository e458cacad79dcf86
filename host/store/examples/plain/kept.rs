//! The least that keeps its messages: a row is committed before a message is posted, and marked when it was answered.
//! Nothing is signed, retried, limited, composed or proven.

use std::io::BufRead as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use axum::body::Bytes;
use axum::http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use sqlx::types::Uuid;
use tokio::task::JoinSet;

use super::Outcome;

/// A line of the input.
#[derive(Deserialize)]
struct Message {
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// Posts them all, so many at once.
pub(super) async fn post(url: &str, clients: u32) -> Outcome<()> {
    let messages = std::io::stdin().lock().lines().map(|line| Ok(serde_json::from_str(&line?)?));
    let messages: Arc<[Message]> = messages.collect::<Outcome<_>>()?;
    let pool = pool(url, clients).await?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let next = Arc::new(AtomicUsize::new(0));
    let begin = Instant::now();
    let mut loops = JoinSet::new();
    for _ in 0..clients {
        let (pool, client, messages, next) = (pool.clone(), client.clone(), Arc::clone(&messages), Arc::clone(&next));
        loops.spawn(async move {
            while let Some(message) = messages.get(next.fetch_add(1, Ordering::Relaxed)) {
                keep_and_post(&pool, &client, message).await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(ended) = loops.join_next().await {
        ended??;
    }
    println!("{:.3}", messages.len() as f64 / begin.elapsed().as_secs_f64());
    Ok(())
}

async fn keep_and_post(pool: &PgPool, client: &Client<HttpConnector, Full<Bytes>>, message: &Message) -> Outcome<()> {
    let id = Uuid::now_v7();
    let keep = sqlx::query("insert into kept (id, url, body) values ($1, $2, $3)");
    keep.bind(id).bind(&message.url).bind(&message.body).execute(pool).await?;
    let mut request = Request::post(&message.url);
    for (name, value) in &message.headers {
        request = request.header(name, value);
    }
    let answer = client.request(request.body(Full::from(message.body.clone()))?).await?;
    let status = answer.status();
    answer.into_body().collect().await?;
    if !status.is_success() {
        return Err(format!("{} answered {status}", message.url).into());
    }
    sqlx::query("update kept set answered_at = now() where id = $1").bind(id).execute(pool).await?;
    Ok(())
}

/// As many connections as there are clients, and the table.
async fn pool(url: &str, clients: u32) -> Outcome<PgPool> {
    let pool = PgPoolOptions::new().max_connections(clients).test_before_acquire(false).connect(url).await?;
    let table = "create table if not exists kept (id uuid primary key, url text not null, body text not null, \
                 answered_at timestamptz)";
    sqlx::query(table).execute(&pool).await?;
    Ok(pool)
}
