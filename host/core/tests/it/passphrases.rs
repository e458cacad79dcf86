//! Passphrases of secure URLs that come at the same time, to one host and to many.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use lockgate_core::digest::Digest;
use lockgate_core::id::PartnerId;
use lockgate_core::porter::{NewPurpose, NewSecureUrl, Porter, PorterError, PorterPorts};
use lockgate_core::ports::{Passphrases, StoreError};
use lockgate_core::secure_url::{MAX_FAILURES, SecureUrl, UrlState};
use lockgate_core::trace::TraceContext;
use lockgate_core::viewer::{Role, Viewer};

use crate::stage::Stage;

const RIGHT: &str = "correct horse";

/// A slow hash: before it has an answer, all others who came at the same time have come as far. It counts what it looked at.
#[derive(Debug, Default)]
struct Slow {
    looked: AtomicUsize,
}

#[async_trait]
impl Passphrases for Slow {
    async fn hash(&self, passphrase: &str) -> Result<String, StoreError> {
        Ok(Digest::of(passphrase.as_bytes()).hex())
    }

    async fn fits(&self, passphrase: &str, hash: &str) -> Result<bool, StoreError> {
        self.looked.fetch_add(1, Ordering::SeqCst);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        Ok(self.hash(passphrase).await? == hash)
    }
}

fn host(stage: &Stage, passphrases: Arc<Slow>) -> Porter {
    let (urls, store, clock) = (stage.store.clone(), stage.store.clone(), stage.clock.clone());
    Porter::new(PorterPorts { urls, store, passphrases, clock })
}

async fn url(stage: &Stage) -> SecureUrl {
    let viewer = Viewer { subject: "ada".to_owned(), role: Role::Partner(stage.acme) };
    let new = NewSecureUrl {
        purpose: NewPurpose::Upload(vec!["globex".to_owned()]),
        lifetime: Duration::from_secs(3600),
        max_uses: 100,
        passphrase: Some(RIGHT.to_owned()),
        note: String::new(),
        trace: TraceContext::default(),
    };
    host(stage, Arc::default()).create(&viewer, new).await.expect("a URL").url
}

/// What each is told who brings one of these passphrases, all at the same time, each to a host of its own.
async fn told(stage: &Stage, url: &SecureUrl, brought: &[&str]) -> Vec<Result<Vec<PartnerId>, PorterError>> {
    let hosts: Vec<_> = brought.iter().map(|_| host(stage, Arc::default())).collect();
    join_all(hosts.iter().zip(brought).map(|(host, passphrase)| host.hand_in(url, Some(passphrase)))).await
}

const fn is_locked<T>(told: &Result<T, PorterError>) -> bool {
    matches!(told, Err(PorterError::Ended { state: UrlState::Locked, .. }))
}

#[tokio::test]
async fn however_many_right_ones_are_looked_at_at_once_all_open() {
    let stage = Stage::new().await;
    let url = url(&stage).await;
    for told in told(&stage, &url, &[RIGHT; 25]).await {
        told.expect("the right passphrase opens");
    }
}

#[tokio::test]
async fn of_guesses_at_once_on_many_hosts_ten_are_answered_as_one_after_the_other() {
    let stage = Stage::new().await;
    let url = url(&stage).await;
    let told = told(&stage, &url, &["a guess"; 25]).await;
    let mut left: Vec<u32> = vec![];
    for told in &told {
        match told {
            Err(PorterError::PassphraseWrong { left: more }) => left.push(*more),
            other => assert!(is_locked(other), "{other:?}"),
        }
    }
    left.sort_unstable();
    assert_eq!(left, (1..MAX_FAILURES).collect::<Vec<_>>());
    let right = host(&stage, Arc::default()).hand_in(&url, Some(RIGHT)).await;
    assert!(is_locked(&right), "{right:?}");
}

#[tokio::test]
async fn on_one_host_guesses_at_one_url_are_looked_at_one_by_one_until_it_is_locked() {
    let stage = Stage::new().await;
    let url = url(&stage).await;
    let slow = Arc::new(Slow::default());
    let host = host(&stage, Arc::clone(&slow));
    let told = join_all((0..40).map(|_| host.hand_in(&url, Some("a guess")))).await;
    assert_eq!(told.iter().filter(|told| is_locked(told)).count(), 31);
    assert_eq!(slow.looked.load(Ordering::SeqCst), MAX_FAILURES as usize, "what cannot open costs no hash");
}
