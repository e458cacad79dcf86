//! Destinations and channels: where a partner receives payloads and messages.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use lockgate_core::destination::DestinationSettings;
use lockgate_core::notification::ChannelKind;
use lockgate_core::registrar::{ChannelUpdate, DestinationUpdate, NewChannel, NewDestination};
use lockgate_core::retry::RetrySchedule;
use lockgate_core::time::Timestamp;

use super::done;
use super::endpoint_input::EndpointInput;
use crate::failure::Failure;
use crate::graphql::asking::asking;
use crate::graphql::channel::{Channel, ChannelEvent};
use crate::graphql::destination::{Destination, DestinationStatus};
use crate::graphql::inputs;
use crate::graphql::scalars::Long;

#[derive(Debug, Default)]
pub(super) struct EndpointMutations;

#[Object]
impl EndpointMutations {
    /// Adds a destination of a partner.
    async fn create_destination(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new destination.")] input: CreateDestinationInput,
    ) -> Result<DestinationPayload, Failure> {
        let asking = asking(ctx);
        let new = NewDestination {
            partner: asking.partner(&input.partner).await?.id,
            name: input.name,
            endpoint: input.endpoint.into(),
            ordered: input.ordered.unwrap_or(false),
            settings: input.settings.map(Into::into).unwrap_or_default(),
        };
        let made = done(asking, asking.state.registrar.add_destination(&asking.viewer, new).await).await?;
        Ok(DestinationPayload { destination: Destination(made) })
    }

    /// Changes a destination; what is absent stays.
    async fn update_destination(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which destination, and what to change.")] input: UpdateDestinationInput,
    ) -> Result<DestinationPayload, Failure> {
        let asking = asking(ctx);
        let update = DestinationUpdate {
            endpoint: input.endpoint.map(Into::into),
            ordered: input.ordered,
            status: input.status.map(Into::into),
            settings: input.settings.map(Into::into),
        };
        let id = inputs::id("input.destination", &input.destination)?;
        let changed = asking.state.registrar.update_destination(&asking.viewer, id, update).await;
        Ok(DestinationPayload { destination: Destination(done(asking, changed).await?) })
    }

    /// Adds a notification channel of a partner: a webhook by Standard Webhooks 1.0.
    async fn create_channel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new channel.")] input: CreateChannelInput,
    ) -> Result<ChannelPayload, Failure> {
        let asking = asking(ctx);
        let new = NewChannel {
            partner: asking.partner(&input.partner).await?.id,
            name: input.name,
            kind: input.webhook.into(),
            events: input.events.unwrap_or_default().into_iter().map(Into::into).collect(),
        };
        let made = done(asking, asking.state.registrar.add_channel(&asking.viewer, new).await).await?;
        Ok(ChannelPayload { channel: Channel(made) })
    }

    /// Sends again what a channel did not take since a moment: what was given up, and what passed it by while it was
    /// turned off. Receivers tell repeats by their `webhook-id`.
    async fn recover_channel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which channel, and since when.")] input: RecoverChannelInput,
    ) -> Result<RecoverChannelPayload, Failure> {
        let (asking, id) = (asking(ctx), inputs::id("input.channel", &input.channel)?);
        let recovered = asking.state.registrar.recover_channel(&asking.viewer, id, input.since).await;
        Ok(RecoverChannelPayload { notifications: Long(done(asking, recovered).await?) })
    }

    /// Changes a notification channel; what is absent stays.
    async fn update_channel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which channel, and what to change.")] input: UpdateChannelInput,
    ) -> Result<ChannelPayload, Failure> {
        let asking = asking(ctx);
        let update = ChannelUpdate {
            kind: input.webhook.map(Into::into),
            events: input.events.map(|events| events.into_iter().map(Into::into).collect()),
            enabled: input.enabled,
        };
        let id = inputs::id("input.channel", &input.channel)?;
        let changed = asking.state.registrar.update_channel(&asking.viewer, id, update).await;
        Ok(ChannelPayload { channel: Channel(done(asking, changed).await?) })
    }
}

/// A destination to add.
#[derive(Debug, InputObject)]
struct CreateDestinationInput {
    /// Whose, by id or slug.
    partner: String,
    /// Its name, unique within the partner.
    name: String,
    /// What it is and where.
    endpoint: EndpointInput,
    /// Whether deliveries keep the order of their creation, one attempt at a time; not, if nothing is said. A dead letter steps
    /// out of the line.
    ordered: Option<bool>,
    /// How it is treated; as is usual, if nothing is said.
    settings: Option<DestinationSettingsInput>,
}

/// A destination to change.
#[derive(Debug, InputObject)]
struct UpdateDestinationInput {
    /// Its id.
    destination: ID,
    /// What it is and where.
    endpoint: Option<EndpointInput>,
    /// Whether deliveries keep order.
    ordered: Option<bool>,
    /// Whether deliveries are made; enabling it again lets its dead letters be redriven.
    status: Option<DestinationStatus>,
    /// How it is treated; replaces all of its settings.
    settings: Option<DestinationSettingsInput>,
}

/// How a destination is treated, by all hosts together.
#[derive(Debug, InputObject)]
struct DestinationSettingsInput {
    /// The pauses between attempts, in seconds; after the last of them a delivery is given up.
    retries_seconds: Option<Vec<u32>>,
    /// How many attempts may be under way at once, 1 to 256; 8 if nothing is said.
    concurrent: Option<u32>,
    /// After how many failures in a row its breaker opens, 0 being never; 5 if nothing is said.
    breaker_failures: Option<u32>,
    /// For how long it is open the first time, 1 to 900; 30 if nothing is said.
    breaker_pause_seconds: Option<u32>,
}

impl From<DestinationSettingsInput> for DestinationSettings {
    fn from(input: DestinationSettingsInput) -> Self {
        let usual = Self::default();
        let schedule = |it: Vec<u32>| RetrySchedule::of_seconds(it.into_iter().map(u64::from).collect());
        Self {
            retries_seconds: input.retries_seconds.map(schedule),
            concurrent: input.concurrent.unwrap_or(usual.concurrent),
            breaker_failures: input.breaker_failures.unwrap_or(usual.breaker_failures),
            breaker_pause_seconds: input.breaker_pause_seconds.map_or(usual.breaker_pause_seconds, u64::from),
        }
    }
}

/// The destination as it is now.
#[derive(Debug, SimpleObject)]
struct DestinationPayload {
    /// The destination.
    destination: Destination,
}

/// A channel to add.
#[derive(Debug, InputObject)]
struct CreateChannelInput {
    /// Whose, by id or slug.
    partner: String,
    /// Its name, unique within the partner.
    name: String,
    /// Where messages go.
    webhook: WebhookInput,
    /// Of which events it is told; of all if nothing is said.
    events: Option<Vec<ChannelEvent>>,
}

/// What a channel did not take, to send again.
#[derive(Debug, InputObject)]
struct RecoverChannelInput {
    /// The channel's id.
    channel: ID,
    /// Since when.
    since: Timestamp,
}

/// What is sent again.
#[derive(Debug, SimpleObject)]
struct RecoverChannelPayload {
    /// How many notifications.
    notifications: Long,
}

/// A channel to change.
#[derive(Debug, InputObject)]
struct UpdateChannelInput {
    /// Its id.
    channel: ID,
    /// Where messages go.
    webhook: Option<WebhookInput>,
    /// Of which events it is told; of all when there is none.
    events: Option<Vec<ChannelEvent>>,
    /// Whether messages are sent.
    enabled: Option<bool>,
}

/// A webhook.
#[derive(Debug, InputObject)]
struct WebhookInput {
    /// Where to.
    url: String,
    /// The name of the partner's secret that signs.
    signing_secret: String,
}

impl From<WebhookInput> for ChannelKind {
    fn from(input: WebhookInput) -> Self {
        Self::Webhook { url: input.url, signing_secret: input.signing_secret }
    }
}

/// The channel as it is now.
#[derive(Debug, SimpleObject)]
struct ChannelPayload {
    /// The channel.
    channel: Channel,
}
