//! The documents in jsonb columns, by names short enough for Postgres: a checked query names its type in a column
//! alias, and those end at 63 bytes.

use sqlx::types::Json;

/// A payload.
pub(crate) type Payload = Json<lockgate_core::payload::Payload>;
/// The revisions that judge.
pub(crate) type Pins = Json<Vec<lockgate_core::policy::RevisionPin>>;
/// Facts.
pub(crate) type Facts = Json<Vec<lockgate_core::fact::Fact>>;
/// Planned routes.
pub(crate) type Routes = Json<Vec<lockgate_core::route::PlannedRoute>>;
/// A hold.
pub(crate) type Hold = Json<lockgate_core::hold::Hold>;
/// An event's attributes.
pub(crate) type Attributes = Json<Vec<(String, String)>>;
/// A notification's messages.
pub(crate) type Messages = Json<Vec<lockgate_core::notification::Message>>;
/// Where an upload's bytes stand.
pub(crate) type Progress = Json<lockgate_core::upload::UploadProgress>;
/// Who did something.
pub(crate) type Actor = Json<lockgate_core::provenance::Actor>;
/// A destination's endpoint.
pub(crate) type Endpoint = Json<lockgate_core::destination::Endpoint>;
/// How a destination is treated.
pub(crate) type Settings = Json<lockgate_core::destination::DestinationSettings>;
/// Which deliveries a redrive sends.
pub(crate) type Filter = Json<lockgate_core::redrive::RedriveFilter>;
/// Of which events a channel is told.
pub(crate) type EventKinds = Json<Vec<lockgate_core::notification::EventKind>>;
/// What a secure URL is for.
pub(crate) type UrlPurpose = Json<lockgate_core::secure_url::Purpose>;
/// What a channel is.
pub(crate) type ChannelKind = Json<lockgate_core::notification::ChannelKind>;
/// A plugin's manifest.
pub(crate) type Manifest = Json<lockgate_core::plugin::Manifest>;
/// A revision's bindings.
pub(crate) type Bindings = Json<Vec<lockgate_core::policy::Binding>>;
/// A decision's findings.
pub(crate) type Findings = Json<lockgate_core::finding::Findings>;
/// How each binding did.
pub(crate) type Outcomes = Json<Vec<lockgate_core::decision::Outcome>>;
/// What a destination answered.
pub(crate) type Answer = Json<lockgate_core::delivery::Answer>;
/// Where a passage stands at its destination.
pub(crate) type Place = Json<lockgate_core::passage::Place>;
/// A lookup table's entries.
pub(crate) type Entries = Json<std::collections::HashMap<String, String>>;
