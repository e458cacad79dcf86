//! Destinations and channels: where a partner receives payloads and messages.

use crate::destination::{Destination, DestinationSettings, DestinationStatus, Disabled, Endpoint};
use crate::id::{ChannelId, DestinationId, PartnerId};
use crate::notification::{Channel, ChannelHealth, ChannelKind, EventKind};
use crate::policy::Owner;
use crate::ports::{ChannelChange, DestinationChange, SecretBytes, Turned, Unfit};
use crate::registrar::{Registrar, RegistrarError, names, rights, settings};
use crate::time::Timestamp;
use crate::viewer::Viewer;

/// A destination to add.
#[derive(Debug, Clone)]
pub struct NewDestination {
    /// Whose.
    pub partner: PartnerId,
    /// Its name, unique within the partner.
    pub name: String,
    /// What it is and where.
    pub endpoint: Endpoint,
    /// Whether deliveries keep the order of their creation.
    pub ordered: bool,
    /// How it is treated.
    pub settings: DestinationSettings,
}

/// What to change on a destination; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct DestinationUpdate {
    /// What it is and where.
    pub endpoint: Option<Endpoint>,
    /// Whether deliveries keep order.
    pub ordered: Option<bool>,
    /// Whether deliveries are made.
    pub status: Option<DestinationStatus>,
    /// How it is treated.
    pub settings: Option<DestinationSettings>,
}

/// A channel to add.
#[derive(Debug, Clone)]
pub struct NewChannel {
    /// Whose.
    pub partner: PartnerId,
    /// Its name, unique within the partner.
    pub name: String,
    /// What it is and where.
    pub kind: ChannelKind,
    /// Of which events it is told; of all when empty.
    pub events: Vec<EventKind>,
}

/// What to change on a channel; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ChannelUpdate {
    /// What it is and where.
    pub kind: Option<ChannelKind>,
    /// Of which events it is told; of all when empty.
    pub events: Option<Vec<EventKind>>,
    /// Whether messages are sent.
    pub enabled: Option<bool>,
}

impl Registrar {
    /// Adds a destination.
    pub async fn add_destination(&self, viewer: &Viewer, new: NewDestination) -> Result<Destination, RegistrarError> {
        rights::endpoints(viewer, new.partner)?;
        names::handle("destination's name", &new.name)?;
        self.check_endpoint(viewer, new.partner, &new.endpoint).await?;
        settings::check(&new.settings)?;
        let at = self.clock.now();
        let destination = Destination {
            id: DestinationId::generate(at),
            partner: new.partner,
            name: new.name,
            endpoint: new.endpoint,
            ordered: new.ordered,
            status: DestinationStatus::Active,
            disabled: None,
            settings: new.settings,
            created_at: at,
        };
        self.registry.add_destination(&destination).await?;
        Ok(destination)
    }

    /// Changes a destination. What was given up while it was disabled is a dead letter and is redriven.
    pub async fn update_destination(
        &self,
        viewer: &Viewer,
        id: DestinationId,
        update: DestinationUpdate,
    ) -> Result<Destination, RegistrarError> {
        let unknown = || RegistrarError::Unknown { kind: "destination", id: id.to_string() };
        let destination = self.registry.find_destination(id).await?.ok_or_else(unknown)?;
        rights::endpoints(viewer, destination.partner).map_err(|error| error.hidden_as(unknown()))?;
        if let Some(endpoint) = &update.endpoint {
            self.check_endpoint(viewer, destination.partner, endpoint).await?;
        }
        if let Some(settings) = &update.settings {
            settings::check(settings)?;
        }
        let turned = update.status.map(|status| match status {
            DestinationStatus::Active => Turned::On,
            DestinationStatus::Disabled => {
                Turned::Off(Disabled { reason: format!("{} turned it off", viewer.subject), at: self.clock.now() })
            }
        });
        let DestinationUpdate { endpoint, ordered, settings, .. } = update;
        let change = DestinationChange { endpoint, ordered, settings, turned };
        Ok(self.registry.update_destination(id, &change).await?)
    }

    /// Adds a notification channel.
    pub async fn add_channel(&self, viewer: &Viewer, new: NewChannel) -> Result<Channel, RegistrarError> {
        rights::endpoints(viewer, new.partner)?;
        names::handle("channel's name", &new.name)?;
        self.check_channel(new.partner, &new.kind).await?;
        let at = self.clock.now();
        let channel = Channel {
            id: ChannelId::generate(at),
            partner: new.partner,
            name: new.name,
            kind: new.kind,
            events: new.events,
            enabled: true,
            health: ChannelHealth::default(),
            created_at: at,
        };
        self.registry.add_channel(&channel).await?;
        Ok(channel)
    }

    /// Changes a notification channel.
    pub async fn update_channel(
        &self,
        viewer: &Viewer,
        id: ChannelId,
        update: ChannelUpdate,
    ) -> Result<Channel, RegistrarError> {
        let channel = self.own_channel(viewer, id).await?;
        if let Some(kind) = &update.kind {
            self.check_channel(channel.partner, kind).await?;
        }
        let ChannelUpdate { kind, events, enabled } = update;
        Ok(self.registry.update_channel(id, &ChannelChange { kind, events, enabled }).await?)
    }

    /// Sends again what a channel did not take since that moment; how many messages.
    pub async fn recover_channel(
        &self,
        viewer: &Viewer,
        id: ChannelId,
        since: Timestamp,
    ) -> Result<u64, RegistrarError> {
        let channel = self.own_channel(viewer, id).await?;
        if !channel.enabled {
            return Err(RegistrarError::Endpoint {
                field: "enabled",
                why: "the channel is turned off; turn it on first",
            });
        }
        Ok(self.registry.recover_channel(&channel, since).await?)
    }

    /// The channel, if the viewer may change it; another partner's does not exist.
    async fn own_channel(&self, viewer: &Viewer, id: ChannelId) -> Result<Channel, RegistrarError> {
        let unknown = || RegistrarError::Unknown { kind: "channel", id: id.to_string() };
        let channel = self.registry.find_channel(id).await?.ok_or_else(unknown)?;
        rights::endpoints(viewer, channel.partner).map_err(|error| error.hidden_as(unknown()))?;
        Ok(channel)
    }

    async fn check_channel(&self, partner: PartnerId, kind: &ChannelKind) -> Result<(), RegistrarError> {
        let ChannelKind::Webhook { url, signing_secret } = kind;
        names::url("url", url)?;
        self.signs(partner, signing_secret).await
    }

    /// An endpoint that could be reached: URLs, and secrets that exist. What the installation itself pays for or
    /// guards (its own bucket, its own brokers) is given by an operator only.
    async fn check_endpoint(
        &self,
        viewer: &Viewer,
        partner: PartnerId,
        endpoint: &Endpoint,
    ) -> Result<(), RegistrarError> {
        match endpoint {
            Endpoint::Http { url, signing_secret, bearer_secret, options } => {
                names::url("url", url)?;
                settings::http(options)?;
                let tls = options.client_secret.iter().chain(&options.ca_secret);
                if tls.clone().next().is_some() && !url.starts_with("https:") {
                    let why = "certificates are shown and checked over https only";
                    return Err(RegistrarError::Endpoint { field: "url", why });
                }
                if let Some(secret) = signing_secret {
                    self.signs(partner, secret).await?;
                }
                for secret in bearer_secret.iter().chain(tls) {
                    self.known_secret(partner, secret).await?;
                }
            }
            Endpoint::S3 { bucket, prefix, endpoint, credentials_secret, options } => {
                settings::s3(prefix, options)?;
                if !is_bucket(bucket) {
                    let why = "a bucket has 3 to 63 lower-case letters, digits, dots and hyphens";
                    return Err(RegistrarError::Endpoint { field: "bucket", why });
                }
                if prefix.len() > 512 || prefix.chars().any(char::is_control) || prefix.split('/').any(|it| it == "..")
                {
                    let why = "it is too long, holds control characters or climbs";
                    return Err(RegistrarError::Endpoint { field: "prefix", why });
                }
                match (endpoint, credentials_secret) {
                    (Some(url), Some(secret)) => {
                        names::url("endpoint", url)?;
                        self.known_secret(partner, secret).await?;
                    }
                    (None, None) => rights::operator(viewer)?,
                    (Some(_), None) => {
                        let why = "an endpoint of your own needs credentials of your own";
                        return Err(RegistrarError::Endpoint { field: "credentials_secret", why });
                    }
                    (None, Some(_)) => {
                        let why = "credentials of your own need an endpoint of your own";
                        return Err(RegistrarError::Endpoint { field: "endpoint", why });
                    }
                }
            }
            Endpoint::Kafka { topic, brokers, options } => {
                settings::kafka(options)?;
                let known = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
                if !(1..=249).contains(&topic.len()) || !topic.bytes().all(known) || topic == "." || topic == ".." {
                    let why = "a topic has 1 to 249 letters, digits, dots, underscores and hyphens";
                    return Err(RegistrarError::Endpoint { field: "topic", why });
                }
                match brokers {
                    Some(brokers) if !brokers.split(',').all(is_broker) => {
                        let why = "brokers are `host:port`, separated by commas";
                        return Err(RegistrarError::Endpoint { field: "brokers", why });
                    }
                    Some(_) => {}
                    None if options.tls.is_some() || options.sasl.is_some() => {
                        let why = "TLS and a login of your own need brokers of your own";
                        return Err(RegistrarError::Endpoint { field: "brokers", why });
                    }
                    None => rights::operator(viewer)?,
                }
                // Collected first: a chain of closures cannot be held over an `await`.
                let mut named: Vec<&String> = options.sasl.iter().map(|sasl| &sasl.password_secret).collect();
                if let Some(tls) = &options.tls {
                    named.extend(tls.ca_secret.iter().chain(&tls.client_secret));
                }
                for secret in named {
                    self.known_secret(partner, secret).await?;
                }
            }
        }
        Ok(())
    }

    async fn signs(&self, partner: PartnerId, name: &str) -> Result<(), RegistrarError> {
        let secret = self.known_secret(partner, name).await?;
        let unsigned = |unfit: Unfit| RegistrarError::Unsigned { secret: name.to_owned(), why: unfit.why };
        self.signing.check(&secret).map_err(unsigned)
    }

    async fn known_secret(&self, partner: PartnerId, name: &str) -> Result<SecretBytes, RegistrarError> {
        let unknown = || RegistrarError::Unknown { kind: "secret", id: name.chars().take(80).collect() };
        self.vault.secret(Owner::Partner(partner), name).await?.ok_or_else(unknown)
    }
}

fn is_bucket(text: &str) -> bool {
    (3..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
        && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
}

fn is_broker(text: &str) -> bool {
    text.trim().rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-[]:".contains(&b))
            && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}
