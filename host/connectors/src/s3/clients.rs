//! One S3 client per endpoint and key; partners' endpoints go through the door, the installation's own does not.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use lockgate_core::delivery::Answer;
use url::Url;

use super::guarded::{Guarded, pace};
use super::object::PART;
use crate::answer::refused;
use crate::egress::Egress;

/// More clients than that are forgotten and made again.
const ROOM: usize = 64;

/// Where to and as whom.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Access {
    pub(super) endpoint: String,
    pub(super) region: String,
    pub(super) access_key: String,
    pub(super) secret_key: String,
    /// Whether a partner named the endpoint.
    pub(super) guarded: bool,
}

#[derive(Debug)]
pub(super) struct Clients {
    egress: Arc<Egress>,
    known: Mutex<HashMap<Access, Client>>,
}

impl Clients {
    pub(super) fn new(egress: Arc<Egress>) -> Self {
        Self { egress, known: Mutex::default() }
    }

    pub(super) fn of(&self, access: &Access) -> Result<Client, Answer> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = known.get(access) {
            return Ok(client.clone());
        }
        let client = self.make(access).map_err(|error| refused(format!("the S3 endpoint cannot be used: {error}")))?;
        if known.len() >= ROOM {
            known.clear();
        }
        known.insert(access.clone(), client.clone());
        Ok(client)
    }

    fn make(&self, access: &Access) -> Result<Client, String> {
        let longest = pace(&self.egress).longest(PART as u64);
        let settings = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(self.http(access)?)
            .endpoint_url(&access.endpoint)
            .region(Region::new(access.region.clone()))
            .credentials_provider(Credentials::new(&access.access_key, &access.secret_key, None, None, "lockgate"))
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(200)))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(Duration::from_secs(10))
                    .operation_attempt_timeout(longest)
                    .build(),
            )
            .build();
        Ok(Client::from_conf(settings))
    }

    fn http(&self, access: &Access) -> Result<SharedHttpClient, String> {
        let url = Url::parse(&access.endpoint).map_err(|error| error.to_string())?;
        if access.guarded {
            let client = self.egress.machines_client(url.scheme() == "https").map_err(|error| error.to_string())?;
            return Ok(SharedHttpClient::new(Guarded::new(Arc::clone(&self.egress), client)));
        }
        let mut builder = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        if url.scheme() != "https" {
            let nobody = TlsContext::builder().with_trust_store(TrustStore::empty()).build();
            builder = builder.tls_context(nobody.map_err(|error| error.to_string())?);
        }
        Ok(builder.build_https())
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
