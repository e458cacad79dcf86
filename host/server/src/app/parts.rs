//! The adapters of one host, connected, and the ports that they serve.

use std::sync::Arc;
use std::time::Duration;

use lockgate_bus::{BusConfig, KafkaBus};
use lockgate_connectors::Connectors;
use lockgate_core::clearing::Clearing;
use lockgate_core::id::HostId;
use lockgate_core::pipeline::{Pipeline, PipelinePorts};
use lockgate_core::porter::{Porter, PorterPorts};
use lockgate_core::ports::{
    PayloadStore, PluginArchive, PluginRunner, Registry, TransferBus, TransferStore, UploadStore,
};
use lockgate_core::time::Clock;
use lockgate_core::trace::Tracer;
use lockgate_payloads::{S3PayloadStore, Sweeper};
use lockgate_sandbox::Sandbox;
use lockgate_store::PgStore;

use super::patience::patiently;
use super::settings;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::passphrases::SlowPassphrases;
use crate::telemetry::OtelTracer;

/// The adapters of one host.
pub(crate) struct Parts {
    /// This process.
    pub(crate) host: HostId,
    /// For hosts' work.
    pub(crate) store: Arc<PgStore>,
    /// The same over connections of its own, for what comes in.
    pub(crate) front: Arc<PgStore>,
    pub(crate) bus: Arc<KafkaBus>,
    pub(crate) bus_config: BusConfig,
    pub(crate) s3: S3PayloadStore,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) connectors: Arc<Connectors>,
}

impl Parts {
    /// Connects to Postgres, Kafka and S3 and sets up the sandbox.
    pub(crate) async fn connect(config: &Config, public_url: &str) -> anyhow::Result<Self> {
        let host = HostId::generate(SystemClock.now());
        let store_config = settings::store_config(config)?;
        let store = Arc::new(patiently("Postgres", || PgStore::connect(&store_config)).await?);
        if let Err(error) = store.open_connections().await {
            tracing::warn!(
                error = %error,
                "Postgres does not give the host all its connections now; it goes on and opens them when it needs them. \
                 Compare `max_connections` of Postgres with `database.worker_connections`, `intake_connections` and \
                 `api_connections` of all hosts."
            );
        }
        let bus_config = settings::bus(config)?;
        let bus = patiently("Kafka", || KafkaBus::connect(&bus_config, Arc::new(OtelTracer))).await?;
        let s3_config = settings::s3(config);
        let front = Arc::new(store.for_intake());
        let rows: Arc<dyn UploadStore> = store.clone();
        let s3 = patiently("S3", || S3PayloadStore::connect(&s3_config, Arc::clone(&rows))).await?;
        let sandbox = Sandbox::new(settings::sandbox(config)?, Arc::new(s3.archive()), store.clone())?;
        let payloads: Arc<dyn PayloadStore> = Arc::new(s3.clone());
        let connectors = Connectors::new(
            &settings::connectors(config, &bus_config, public_url),
            payloads,
            store.clone(),
            store.clone(),
        )?;
        Ok(Self {
            host,
            store,
            front,
            bus: Arc::new(bus),
            bus_config,
            s3,
            sandbox: Arc::new(sandbox),
            connectors: Arc::new(connectors),
        })
    }

    /// Says that this host is no more, so that whatever it left behind is adopted at once.
    pub(crate) async fn leave(&self) {
        let store = self.store.for_heartbeat();
        let farewell = store.heartbeat(self.host, Duration::ZERO);
        let _ = tokio::time::timeout(Duration::from_secs(2), farewell).await;
        let _ = tokio::time::timeout(Duration::from_secs(2), self.store.close()).await;
    }

    pub(crate) fn pipeline(&self, config: &Config) -> Pipeline {
        let ports = PipelinePorts {
            store: self.transfers(),
            payloads: self.payloads(),
            runner: self.runner(),
            connector: self.connectors.clone(),
            messenger: self.connectors.clone(),
            clock: self.clock(),
            tracer: self.tracer(),
        };
        Pipeline::new(ports, settings::pipeline(config))
    }

    pub(crate) fn clearing(&self) -> Clearing {
        Clearing::new(self.store.clone(), self.connectors.clone())
    }

    pub(crate) fn porter(&self) -> Porter {
        Porter::new(PorterPorts {
            urls: self.front.clone(),
            store: self.front.clone(),
            passphrases: Arc::new(SlowPassphrases::default()),
            clock: self.clock(),
        })
    }

    pub(crate) fn transfers(&self) -> Arc<dyn TransferStore> {
        self.store.clone()
    }

    pub(crate) fn registry(&self) -> Arc<dyn Registry> {
        self.store.clone()
    }

    pub(crate) fn bus(&self) -> Arc<dyn TransferBus> {
        self.bus.clone()
    }

    pub(crate) fn payloads(&self) -> Arc<dyn PayloadStore> {
        Arc::new(self.s3.clone())
    }

    /// The payloads of what comes in: hosts' work never keeps their rows waiting for a connection.
    pub(crate) fn front_payloads(&self) -> Arc<dyn PayloadStore> {
        Arc::new(self.s3.over(self.front.clone()))
    }

    pub(crate) fn archive(&self) -> Arc<dyn PluginArchive> {
        Arc::new(self.s3.archive())
    }

    pub(crate) fn sweeper(&self) -> Sweeper {
        self.s3.sweeper()
    }

    pub(crate) fn runner(&self) -> Arc<dyn PluginRunner> {
        self.sandbox.clone()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    pub(crate) fn tracer(&self) -> Arc<dyn Tracer> {
        Arc::new(OtelTracer)
    }
}
