//! A line to a host that breaks once, after so many bytes.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A running line; ends with the runtime of its test.
pub(super) struct Line {
    pub(super) url: String,
    host: Arc<OnceLock<String>>,
    cuts: Arc<AtomicUsize>,
}

impl Line {
    /// It is cut when so many bytes have gone to the host.
    pub(super) async fn cut_after(after: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (left, cuts) = (Arc::new(AtomicI64::new(after)), Arc::new(AtomicUsize::new(0)));
        let host: Arc<OnceLock<String>> = Arc::default();
        let (leads_to, counted) = (Arc::clone(&host), Arc::clone(&cuts));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Some(host) = leads_to.get() else { continue };
                let Ok(far) = TcpStream::connect(host).await else { continue };
                tokio::spawn(lead(near, far, Arc::clone(&left), Arc::clone(&counted)));
            }
        });
        Self { url, host, cuts }
    }

    /// Where it leads, once that is known.
    pub(super) fn leads_to(&self, host: &str) {
        let host = host.trim_start_matches("http://").to_owned();
        self.host.set(host).expect("it leads nowhere yet");
    }

    pub(super) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::SeqCst)
    }
}

/// One connection, until it ends or is cut: then both sides lose it.
async fn lead(near: TcpStream, far: TcpStream, left: Arc<AtomicI64>, cuts: Arc<AtomicUsize>) {
    let ((mut from_near, mut to_near), (mut from_far, mut to_far)) = (near.into_split(), far.into_split());
    let up = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_near.read(&mut buffer).await {
            let count = i64::try_from(count).expect("a small buffer");
            let before = left.fetch_sub(count, Ordering::SeqCst);
            if (1..=count).contains(&before) {
                cuts.fetch_add(1, Ordering::SeqCst);
                return;
            }
            if to_far.write_all(&buffer[..usize::try_from(count).expect("it was one")]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = up => {}
        _ = tokio::io::copy(&mut from_far, &mut to_near) => {}
    }
}
