//! The API's own settings; every limit has a default and none is off.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::retry::RetrySchedule;
use lockgate_core::viewer::Role;
use tokio::sync::watch;
use url::Url;

use crate::edge::Pace;
use crate::operations::{PersistedModes, PersistedOperations};

/// How the API presents itself and what it bears.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// The URL under which clients reach this installation; upload and payload URLs begin with it.
    pub public_url: Url,
    /// Development: GraphiQL is served and introspection is open to every role.
    pub development: bool,
    /// The largest REST body that is held in memory (a plugin's component), in bytes.
    pub max_component_bytes: usize,
    /// What a GraphQL request may ask for.
    pub graphql: GraphqlLimits,
    /// Who may ask for the schema.
    pub introspection: Introspection,
    /// The documents that were agreed on.
    pub persisted: Arc<PersistedOperations>,
    /// Who may ask only those.
    pub persisted_modes: PersistedModes,
    /// What a subscriber may hold.
    pub subscriptions: SubscriptionLimits,
    /// The pauses between attempts where a destination has none of its own.
    pub retries: RetrySchedule,
    /// How fast request bodies have to come.
    pub pace: Pace,
    /// Turns true when request bodies end where they are, because the host stops.
    pub bodies_end: watch::Receiver<bool>,
}

impl ApiSettings {
    /// The usual settings under a public URL.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            development: false,
            max_component_bytes: 32 << 20,
            graphql: GraphqlLimits::default(),
            introspection: Introspection::default(),
            persisted: Arc::default(),
            persisted_modes: PersistedModes::default(),
            subscriptions: SubscriptionLimits::default(),
            retries: RetrySchedule::default(),
            pace: Pace { window: Duration::from_secs(15), bytes_per_second: 1024 },
            bodies_end: watch::Sender::new(false).subscribe(),
        }
    }

    /// A URL under the public one; `path` has no leading slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}

/// What a GraphQL request may ask for. Most are checked on the text, before anything is parsed or planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphqlLimits {
    /// The request's body in bytes, variables included (a lookup table may come this way).
    pub body_bytes: usize,
    /// Values in the request: each list, object, text, number.
    pub values: usize,
    /// The document in bytes.
    pub document_bytes: usize,
    /// Tokens in the document.
    pub tokens: usize,
    /// Nested braces, brackets and parentheses.
    pub nesting: usize,
    /// Aliases in the document.
    pub aliases: usize,
    /// Directives in the document.
    pub directives: usize,
    /// Fields and spreads of all operations after fragments are spread.
    pub fields: usize,
    /// Nested selections after fragments are spread.
    pub depth: usize,
    /// Cost: fields, multiplied by the sizes of the pages around them.
    pub complexity: usize,
}

impl Default for GraphqlLimits {
    fn default() -> Self {
        Self {
            body_bytes: 4 << 20,
            values: 250_000,
            document_bytes: 64 << 10,
            tokens: 5_000,
            nesting: 40,
            aliases: 30,
            directives: 30,
            fields: 2_000,
            depth: 16,
            complexity: 20_000,
        }
    }
}

/// Which roles may ask for the schema; in development all do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Introspection {
    /// Partners.
    pub partner: bool,
    /// Integrators.
    pub integrator: bool,
    /// Operators.
    pub operator: bool,
}

impl Introspection {
    pub(crate) const fn of(self, role: Role) -> bool {
        match role {
            Role::Partner(_) => self.partner,
            Role::Integrator(_) => self.integrator,
            Role::Operator => self.operator,
        }
    }
}

impl Default for Introspection {
    fn default() -> Self {
        Self { partner: false, integrator: true, operator: true }
    }
}

/// What those who follow may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionLimits {
    /// WebSockets of this host.
    pub connections: usize,
    /// WebSockets of one subject on this host.
    pub connections_per_viewer: usize,
    /// Subscriptions on one WebSocket.
    pub per_connection: usize,
    /// How long the token may take to come.
    pub init_timeout: Duration,
    /// How often a silent client is asked whether it is there; after two silences it is gone.
    pub ping_every: Duration,
}

impl Default for SubscriptionLimits {
    fn default() -> Self {
        Self {
            connections: 2_000,
            connections_per_viewer: 10,
            per_connection: 50,
            init_timeout: Duration::from_secs(5),
            ping_every: Duration::from_secs(20),
        }
    }
}
