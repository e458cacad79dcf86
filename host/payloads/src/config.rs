//! What must be known to reach the installation's bucket.

use std::fmt;
use std::time::Duration;

use crate::budget::BudgetConfig;

/// The bucket of an installation and the key that opens it.
#[derive(Clone)]
pub struct S3Config {
    /// Base URL of the service, without bucket.
    pub endpoint: String,
    /// Region to sign for.
    pub region: String,
    /// The bucket that holds payloads, plugins and unfinished uploads.
    pub bucket: String,
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: String,
    /// Whether the bucket is named in the path (most services outside AWS) or in the host name.
    pub path_style: bool,
    /// Whether a missing bucket is created.
    pub create_bucket: bool,
    /// How long one request may wait for its answer before it is tried again.
    pub patience: Duration,
    /// Memory for bytes that are on their way to S3.
    pub budget: BudgetConfig,
}

impl S3Config {
    /// The default of [`S3Config::patience`]: enough for the largest usual part over a slow line.
    pub const PATIENCE: Duration = Duration::from_secs(60);
}

impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Config")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("bucket", &self.bucket)
            .field("access_key", &self.access_key)
            .field("path_style", &self.path_style)
            .finish_non_exhaustive()
    }
}
