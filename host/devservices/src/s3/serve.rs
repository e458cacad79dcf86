//! Serves a directory as S3 over HTTP, here or in a process of its own.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::storage::Storage;
use crate::control::Ending;

/// How long requests under way may take when the server stops in good order.
const DRAIN: Duration = Duration::from_secs(3);

/// The one key that opens the server.
#[derive(Clone)]
pub struct Credentials {
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

/// Serves the buckets in `root` on `listener` until the future is dropped.
///
/// # Errors
///
/// When `root` is not a directory that can be used.
pub async fn serve(root: &Path, listener: TcpListener, credentials: Credentials) -> io::Result<()> {
    serve_until(root, listener, credentials, std::future::pending()).await
}

async fn serve_until(
    root: &Path,
    listener: TcpListener,
    credentials: Credentials,
    stop: impl Future<Output = Ending>,
) -> io::Result<()> {
    let mut service = S3ServiceBuilder::new(Storage::open(root)?);
    service.set_auth(SimpleAuth::from_single(credentials.access_key, credentials.secret_key));
    let service = service.build();
    let server = auto::Builder::new(TokioExecutor::new());
    let connections = GracefulShutdown::new();
    let mut tasks = tokio::task::JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    let ending = loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = tasks.join_next() => continue,
            ending = &mut stop => break ending,
        };
        // A failed accept (out of file handles, peer gone) concerns that one connection.
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        stream.set_nodelay(true)?;
        let connection = server.serve_connection(TokioIo::new(stream), service.clone()).into_owned();
        let connection = connections.watch(connection);
        tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a connection to the local S3 ended early");
            }
        });
    };
    drop(listener);
    if ending == Ending::Orderly {
        // Who takes longer than that is cut off by dropping the tasks.
        let _ = tokio::time::timeout(DRAIN, connections.shutdown()).await;
    }
    Ok(())
}

/// A running server on a thread and runtime of its own, so that it neither dies with the runtime
/// that started it nor competes with its tasks.
#[derive(Debug)]
pub(super) struct Server {
    stop: oneshot::Sender<Ending>,
    thread: JoinHandle<()>,
}

impl Server {
    pub(super) fn start(root: PathBuf, listener: std::net::TcpListener, credentials: Credentials) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("lockgate-s3")
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let serving = async move {
            let listener = TcpListener::from_std(listener)?;
            // A dropped handle ends the server like a crash.
            let stopped = async { stopped.await.unwrap_or(Ending::Abrupt) };
            serve_until(&root, listener, credentials, stopped).await
        };
        let thread = std::thread::Builder::new().name("lockgate-s3".into()).spawn(move || {
            if let Err(error) = runtime.block_on(serving) {
                tracing::error!(error = %error, "the local S3 ended");
            }
            runtime.shutdown_background();
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends the server and waits for it; the port is free afterwards.
    pub(super) fn stop(self, ending: Ending) {
        // Either may be over already, which is what was wanted.
        let _ = self.stop.send(ending);
        let _ = self.thread.join();
    }
}
