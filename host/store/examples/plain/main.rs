//! What `cargo xtask bench` holds the gate against: the plainest programs that do a part of its work over the same
//! Postgres. No part of the product.
//!
//! `plain list DATABASE_URL CONNECTIONS FOLDER` serves the list; FOLDER has the statements as they were checked (`.sqlx`).
//! `plain commits DATABASE_URL CLIENTS SECONDS` inserts, and prints how many commits a second there were.
//! `plain inserts DATABASE_URL CONNECTIONS` serves the same insert over HTTP, to tell what HTTP alone leaves of them.
//! `plain kept DATABASE_URL CLIENTS` posts the messages of its input, each kept until it is answered, and prints how many
//! a second there were.
#![allow(clippy::print_stdout, reason = "its output is for whoever measures")]

mod kept;
mod list;
mod singles;

use std::error::Error;
use std::path::Path;

use axum::Router;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "usage: plain list URL CONNECTIONS FOLDER | plain commits URL CLIENTS SECONDS | \
                     plain inserts URL CONNECTIONS | plain kept URL CLIENTS";

/// The gate's own, so that the two differ by what they do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["list", url, connections, folder] => list::list(url, connections.parse()?, Path::new(folder)).await,
        ["inserts", url, connections] => singles::inserts(url, connections.parse()?).await,
        ["commits", url, clients, seconds] => singles::commits(url, clients.parse()?, seconds.parse()?).await,
        ["kept", url, clients] => kept::post(url, clients.parse()?).await,
        _ => Err(USAGE.into()),
    }
}

/// Serves on a free port, and prints where.
async fn serve(routes: Router) -> Outcome<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, routes).await?;
    Ok(())
}
