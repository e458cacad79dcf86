//! Translates the settings into what each adapter wants to be told.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context;
use aws_lc_rs::digest::{SHA256, digest};
use ipnet::IpNet;
use lockgate_bus::BusConfig;
use lockgate_connectors::{ConnectorsConfig, EgressConfig, InstallationKafka, InstallationS3};
use lockgate_core::intake::IntakeSettings;
use lockgate_core::pipeline::PipelineSettings;
use lockgate_core::ports::SecretBytes;
use lockgate_payloads::{BudgetConfig, S3Config};
use lockgate_sandbox::SandboxConfig;
use lockgate_store::{SecretsKey, StoreConfig};
use url::Url;

use super::kafka_settings;
use crate::config::Config;
use crate::listen::Bounds;

/// Where destinations may be in development, besides public addresses.
const PRIVATE: [&str; 7] =
    ["localhost", "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// How to reach Postgres.
pub(crate) fn store_config(config: &Config) -> anyhow::Result<StoreConfig> {
    let key = hex::decode(config.secrets.key.expose())
        .context("`secrets.key` is not hexadecimal: give 64 digits, such as `openssl rand -hex 32` prints")?;
    Ok(StoreConfig {
        worker_connections: config.database.worker_connections,
        intake_connections: config.database.intake_connections,
        api_connections: config.database.api_connections,
        acquire_timeout: config.database.acquire_timeout,
        statement_timeout: config.database.statement_timeout,
        ..StoreConfig::new(config.database.url.expose(), SecretsKey::new(key)?)
    })
}

pub(super) fn bus(config: &Config) -> anyhow::Result<BusConfig> {
    let kafka = &config.kafka;
    Ok(BusConfig {
        partitions: kafka.partitions,
        replication: kafka.replication,
        batch: kafka.batch,
        publish_timeout: kafka.publish_timeout,
        properties: kafka_settings::properties(kafka)?,
        ..BusConfig::new(kafka.brokers.clone(), kafka.prefix.clone())
    })
}

pub(super) fn s3(config: &Config) -> S3Config {
    let s3 = &config.s3;
    S3Config {
        endpoint: s3.endpoint.clone(),
        region: s3.region.clone(),
        bucket: s3.bucket.clone(),
        access_key: s3.access_key.expose().to_owned(),
        secret_key: s3.secret_key.expose().to_owned(),
        path_style: s3.path_style,
        create_bucket: s3.create_bucket,
        patience: s3.patience,
        budget: BudgetConfig { bytes: s3.buffer_bytes, ..BudgetConfig::default() },
    }
}

pub(super) fn sandbox(config: &Config) -> anyhow::Result<SandboxConfig> {
    let settings = &config.sandbox;
    let mut sandbox =
        SandboxConfig::with_own_compiler().context("this program cannot find itself to compile plugins")?;
    if settings.threads > 0 {
        sandbox.threads = settings.threads;
    }
    sandbox.instances = settings.instances;
    sandbox.prepared = settings.components;
    sandbox.component_bytes = settings.max_component_bytes as u64;
    sandbox.compiler.deadline = Duration::from_secs(settings.compile_timeout_seconds);
    sandbox.cache = Some(config.data_dir.join("compiled"));
    // All hosts of an installation may use what one of them compiled, and nothing that anybody else put there.
    let key = digest(&SHA256, format!("lockgate compiled plugins\0{}", config.secrets.key.expose()).as_bytes());
    sandbox.cache_key = Some(SecretBytes::new(key.as_ref().to_vec()));
    Ok(sandbox)
}

pub(super) fn connectors(config: &Config, bus: &BusConfig, public_url: &str) -> ConnectorsConfig {
    let mut allow = config.connectors.allow.clone();
    if config.connectors.allow_private_addresses {
        allow.extend(PRIVATE.map(str::to_owned));
    }
    ConnectorsConfig {
        egress: EgressConfig {
            allow,
            ports: config.connectors.ports.clone(),
            connect: config.connectors.connect_timeout,
            idle: config.connectors.idle_timeout,
            slowest: config.connectors.slowest,
        },
        s3: Some(InstallationS3 {
            endpoint: config.s3.endpoint.clone(),
            region: config.s3.region.clone(),
            access_key: config.s3.access_key.expose().to_owned(),
            secret_key: config.s3.secret_key.expose().to_owned(),
            payload_bucket: config.s3.bucket.clone(),
        }),
        kafka: Some(InstallationKafka {
            brokers: bus.brokers.clone(),
            topic_prefix: bus.prefix.clone(),
            properties: bus.properties.clone(),
        }),
        public_url: Some(public_url.to_owned()),
    }
}

/// What the API's port bears.
pub(super) fn bounds(config: &Config) -> anyhow::Result<Bounds> {
    let http = &config.http;
    let network = |text: &String| {
        let parsed = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        parsed.with_context(|| format!("`http.trusted_proxies`: `{text}` is neither an address nor a network"))
    };
    Ok(Bounds {
        header_timeout: http.header_timeout,
        handshake_timeout: http.handshake_timeout,
        idle_timeout: http.idle_timeout,
        write_timeout: http.write_timeout,
        connections: http.max_connections,
        connections_per_address: http.max_connections_per_address,
        header_bytes: http.max_header_bytes,
        streams: http.max_streams,
        resets: http.max_resets_per_minute,
        ping: http.ping,
        drain: http.drain,
        proxies: http.trusted_proxies.iter().map(network).collect::<anyhow::Result<_>>()?,
    })
}

pub(super) fn intake(config: &Config) -> IntakeSettings {
    IntakeSettings {
        max_size: config.uploads.max_bytes,
        quota: config.limits.quota(),
        upload_lifetime: Duration::from_secs(config.uploads.expire_after_seconds),
        ..IntakeSettings::default()
    }
}

pub(super) fn pipeline(config: &Config) -> PipelineSettings {
    PipelineSettings {
        deliveries: config.retries.deliveries(),
        notifications: config.retries.notifications(),
        channel_patience: config.retries.channel_patience(),
        hold_lifetime: Duration::from_secs(config.holds.expire_after_seconds),
        ..PipelineSettings::default()
    }
}

pub(super) fn public_url(text: &str) -> anyhow::Result<Url> {
    Url::parse(text).with_context(|| format!("`http.public_url` is not a URL: `{text}`"))
}
