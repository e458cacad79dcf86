//! The client of the one bucket: bounded timeouts and retries, and what is there.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use crate::config::S3Config;
use crate::failure::Failure;

/// Tries of one request by the client itself; what fails then is the caller's to try again.
const ATTEMPTS: u32 = 4;
const CONNECT: Duration = Duration::from_secs(5);

/// The bucket cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It does not exist.
    #[error("there is no bucket `{0}`: create it, or allow Lockgate to (`s3.create_bucket`)")]
    NoBucket(String),
    /// S3 does not answer or refuses.
    #[error("bucket `{bucket}` at {endpoint} cannot be used: {reason}")]
    Unusable {
        /// Which bucket.
        bucket: String,
        /// Where.
        endpoint: String,
        /// What happened.
        reason: String,
    },
}

/// The bucket and the client that reaches it.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) patience: Duration,
}

impl Bucket {
    pub(crate) async fn connect(config: &S3Config) -> Result<Self, ConnectError> {
        let unusable = |reason: String| ConnectError::Unusable {
            bucket: config.bucket.clone(),
            endpoint: config.endpoint.clone(),
            reason,
        };
        let client = client(config).map_err(&unusable)?;
        let bucket = Self { client, name: config.bucket.clone(), patience: config.patience };
        match bucket.ready().await {
            Ok(()) => Ok(bucket),
            Err(failure) if failure.is_missing() && config.create_bucket => {
                bucket.create(&config.region).await.map_err(|failure| unusable(failure.to_string()))?;
                Ok(bucket)
            }
            Err(failure) if failure.is_missing() => Err(ConnectError::NoBucket(config.bucket.clone())),
            Err(failure) => Err(unusable(failure.to_string())),
        }
    }

    /// Whether the bucket answers.
    pub(crate) async fn ready(&self) -> Result<(), Failure> {
        let head = self.client.head_bucket().bucket(&self.name).send().await;
        head.map(drop).map_err(|error| Failure::of("HeadBucket", &error))
    }

    /// How many bytes the object has, if there is one.
    pub(crate) async fn size(&self, key: &str) -> Result<Option<u64>, Failure> {
        let head = self.client.head_object().bucket(&self.name).key(key).send().await;
        match head.map_err(|error| Failure::of("HeadObject", &error)) {
            Ok(head) => Ok(Some(head.content_length.and_then(|length| u64::try_from(length).ok()).unwrap_or_default())),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The multipart uploads of an object that are under way, also those that no row names.
    pub(crate) async fn unfinished(&self, key: &str) -> Result<BTreeSet<String>, Failure> {
        let listed = self.client.list_multipart_uploads().bucket(&self.name).prefix(key).send().await;
        let listed = listed.map_err(|error| Failure::of("ListMultipartUploads", &error))?;
        let ours = listed.uploads().iter().filter(|upload| upload.key() == Some(key));
        Ok(ours.filter_map(|upload| upload.upload_id().map(str::to_owned)).collect())
    }

    /// Ends a multipart upload without an object, unless it was completed or ended before.
    pub(crate) async fn end(&self, key: &str, multipart: &str) -> Result<(), Failure> {
        let ended = self.client.abort_multipart_upload().bucket(&self.name).key(key).upload_id(multipart).send().await;
        match ended.map_err(|error| Failure::of("AbortMultipartUpload", &error)) {
            Err(failure) if !failure.is_missing() => Err(failure),
            _ => Ok(()),
        }
    }

    async fn create(&self, region: &str) -> Result<(), Failure> {
        // The home region of AWS must not be named, every other one must.
        let place = (region != "us-east-1").then(|| {
            CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)).build()
        });
        let created =
            self.client.create_bucket().bucket(&self.name).set_create_bucket_configuration(place).send().await;
        match created.map_err(|error| Failure::of("CreateBucket", &error)) {
            // Another host was faster.
            Err(failure) if failure.has_code(&["BucketAlreadyOwnedByYou", "BucketAlreadyExists"]) => Ok(()),
            other => other.map(drop),
        }
    }
}

fn client(config: &S3Config) -> Result<Client, String> {
    let builder = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
    let http = if config.endpoint.starts_with("https:") {
        builder.build_https()
    } else {
        // Plain HTTP needs no trust, and machines without root certificates exist.
        let nobody = TlsContext::builder().with_trust_store(TrustStore::empty()).build();
        builder.tls_context(nobody.map_err(|error| error.to_string())?).build_https()
    };
    let settings = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http)
        .endpoint_url(&config.endpoint)
        .region(Region::new(config.region.clone()))
        .credentials_provider(Credentials::new(&config.access_key, &config.secret_key, None, None, "lockgate"))
        .force_path_style(config.path_style)
        // The signature covers each request's SHA-256; checksums in trailers are refused by many services.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        // Readers watch their own progress: a slow consumer is no stalled stream.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(ATTEMPTS)
                .with_initial_backoff(Duration::from_millis(100))
                .with_max_backoff(Duration::from_secs(5)),
        )
        .timeout_config(
            TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(config.patience).build(),
        )
        .build();
    Ok(Client::from_conf(settings))
}
