//! What readiness asks of each backing service.

use std::sync::Arc;

use futures::FutureExt;

use super::parts::Parts;
use crate::admin::{Checks, Probe};
use crate::config::Config;

/// One probe per service, each by its plain name.
pub(super) fn checks(parts: &Parts, config: &Config) -> Checks {
    let timeout = config.admin.check_timeout;
    // Not over the connections for work: a host whose places are all taken is busy, and takes uploads as before.
    let store = Arc::clone(&parts.front);
    let postgres: Probe = Box::new(move || {
        let store = Arc::clone(&store);
        async move { store.check().await.map_err(|error| error.to_string()) }.boxed()
    });
    let bus = Arc::clone(&parts.bus);
    let kafka: Probe = Box::new(move || {
        let bus = Arc::clone(&bus);
        async move { bus.ping(timeout).await.map_err(|error| error.to_string()) }.boxed()
    });
    let s3 = parts.s3.clone();
    let s3: Probe = Box::new(move || {
        let s3 = s3.clone();
        async move { s3.ready().await.map_err(|error| error.to_string()) }.boxed()
    });
    Checks { probes: vec![("postgres", postgres), ("kafka", kafka), ("s3", s3)], timeout }
}
