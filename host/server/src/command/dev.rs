//! `lockgate dev`: everything on one machine, started with one command and kept between starts.

use std::path::Path;

use clap::Args;
use lockgate_devservices::{Endpoints, Options, S3Endpoint, Services};

use crate::app::Addresses;
use crate::command::serve;
use crate::config::{Config, Sources, load};
use crate::development::{self, Beneath};
use crate::output;

/// Starts what is missing and runs a host.
#[derive(Debug, Args)]
pub(crate) struct Dev {}

impl Dev {
    pub(crate) async fn run(&self, sources: &Sources) -> anyhow::Result<()> {
        let data_dir = load(sources, &[])?.data_dir;
        let mut beneath = development::defaults(&data_dir)?;
        let configured = load(sources, &beneath)?;
        let services = Services::start(Options::new(&data_dir).configured(given(&configured))).await?;
        beneath.extend(started(services.endpoints()));
        let outcome = host(sources, &beneath).await;
        services.stop().await;
        outcome
    }
}

async fn host(sources: &Sources, beneath: &Beneath) -> anyhow::Result<()> {
    let config = load(sources, beneath)?;
    config.validate()?;
    lockgate_store::migrate(config.database.url.expose()).await?;
    serve::host(&config, |addresses| {
        let mut left = beneath.clone();
        left.push(("http.public_url", addresses.public_url.clone()));
        if let Err(error) = development::leave(&config.data_dir, &left) {
            tracing::warn!(error = format!("{error:#}"), "Other commands will not find this host by themselves.");
        }
        greet(addresses, &config.data_dir);
    })
    .await
}

/// Services that the user configured are used, not started.
fn given(config: &Config) -> Endpoints {
    let set = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Endpoints {
        kafka_brokers: set(&config.kafka.brokers),
        kafka_secured: None,
        postgres_url: set(config.database.url.expose()),
        s3: set(&config.s3.endpoint).map(|endpoint| S3Endpoint {
            endpoint,
            region: config.s3.region.clone(),
            access_key: config.s3.access_key.expose().to_owned(),
            secret_key: config.s3.secret_key.expose().to_owned(),
        }),
    }
}

fn started(endpoints: &Endpoints) -> Beneath {
    let mut settings = vec![];
    if let Some(brokers) = &endpoints.kafka_brokers {
        settings.push(("kafka.brokers", brokers.clone()));
    }
    if let Some(url) = &endpoints.postgres_url {
        settings.push(("database.url", url.clone()));
    }
    if let Some(s3) = &endpoints.s3 {
        settings.push(("s3.endpoint", s3.endpoint.clone()));
        settings.push(("s3.region", s3.region.clone()));
        settings.push(("s3.access_key", s3.access_key.clone()));
        settings.push(("s3.secret_key", s3.secret_key.clone()));
    }
    settings
}

fn greet(addresses: &Addresses, data_dir: &Path) {
    // Where a token is asked for, the issuer's key must be found.
    let data_dir = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    output::tell(format_args!(
        "\nLockgate is up.\n  GraphQL   {url}/graphql\n  uploads   {url}/uploads\n  admin     http://{admin}/readyz, /metrics\n  \
         a token   lockgate token --role operator --set data_dir={data_dir}\n  stop      Ctrl-C\n",
        url = addresses.public_url,
        admin = addresses.admin,
        data_dir = data_dir.display()
    ));
}
