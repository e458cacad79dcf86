//! S3 in process, over plain directories: buckets are directories, objects are files.
//!
//! What it can and cannot do, compared with Amazon's (all by experiment, see `tests/it/s3.rs`):
//!
//! * Can: put, get with ranges, head, copy, delete, list (v1, v2), multipart upload with abort,
//!   part lists and upload lists; `If-None-Match: *` on put and on completion, also when several
//!   clients race; SigV4 with chunked, checksummed bodies.
//! * Cannot: versions, tags, lifecycle, ACLs, server-side encryption, `If-None-Match: <etag>` on put,
//!   part numbers with gaps, pages in upload lists.
//! * Keys are file names: `a` and `a/b` exclude each other, a name between slashes ends at 255 bytes,
//!   and bucket and key together at about 130.
//! * About 150 MB/s. Tests of S3 behaviour and benchmarks use a second, real one.

mod conditional;
mod parts;
mod serve;
mod storage;
mod uploads;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use async_trait::async_trait;

use crate::control::{Ending, Managed};
use crate::error::At;
use crate::progress::Report;
use crate::services::Context;
use crate::{S3Endpoint, Service, StartError, port};
use serve::Server;
pub use serve::{Credentials, serve};

/// What clients sign for; the server takes any.
const REGION: &str = "us-east-1";

/// An S3 of ours.
#[derive(Debug)]
pub(crate) struct S3 {
    root: PathBuf,
    address: SocketAddr,
    endpoint: S3Endpoint,
    server: Mutex<Option<Server>>,
}

impl S3 {
    /// The directory whose directories are the buckets.
    pub(crate) fn root(data_dir: &Path) -> PathBuf {
        data_dir.join("s3")
    }

    pub(crate) fn start(context: &Context, report: &Report) -> Result<Self, StartError> {
        report.step("starting");
        let root = Self::root(context.dir.path());
        let state = context.state.read();
        let listener = port::bind(state.s3_port)?;
        let address = listener.local_addr().at("bind a port on", "127.0.0.1")?;
        let random = || uuid::Uuid::new_v4().simple().to_string();
        let access_key = state.s3_access_key.unwrap_or_else(|| format!("LOCKGATE{}", &random()[..12].to_uppercase()));
        let secret_key = state.s3_secret_key.unwrap_or_else(random);
        context.state.change(|state| {
            state.s3_port = Some(address.port());
            state.s3_access_key = Some(access_key.clone());
            state.s3_secret_key = Some(secret_key.clone());
        })?;
        let endpoint =
            S3Endpoint { endpoint: format!("http://{address}"), region: REGION.into(), access_key, secret_key };
        let s3 = Self { root, address, endpoint, server: Mutex::default() };
        s3.launch(listener)?;
        report.ready();
        Ok(s3)
    }

    pub(crate) fn endpoint(&self) -> &S3Endpoint {
        &self.endpoint
    }

    fn launch(&self, listener: std::net::TcpListener) -> Result<(), StartError> {
        std::fs::create_dir_all(&self.root).at("create", &self.root)?;
        let credentials =
            Credentials { access_key: self.endpoint.access_key.clone(), secret_key: self.endpoint.secret_key.clone() };
        let server = Server::start(self.root.clone(), listener, credentials).at("serve", &self.root)?;
        *self.server() = Some(server);
        Ok(())
    }

    fn server(&self) -> std::sync::MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait]
impl Managed for S3 {
    fn which(&self) -> Service {
        Service::S3
    }

    fn pid(&self) -> Option<u32> {
        None
    }

    async fn up(&self) -> Result<(), StartError> {
        if self.server().is_some() {
            return Ok(());
        }
        let listener = std::net::TcpListener::bind(self.address).at("bind", self.endpoint.endpoint.clone())?;
        self.launch(listener)
    }

    async fn down(&self, ending: Ending) {
        let server = self.server().take();
        if let Some(server) = server {
            // Joining a thread blocks, so it happens where blocking is allowed.
            let _ = tokio::task::spawn_blocking(move || server.stop(ending)).await;
        }
    }

    fn down_blocking(&self, ending: Ending) {
        if let Some(server) = self.server().take() {
            server.stop(ending);
        }
    }

    fn wipe(&self) -> Result<(), StartError> {
        if self.root.exists() { std::fs::remove_dir_all(&self.root).at("remove", &self.root) } else { Ok(()) }
    }
}
