//! The face: HTTP routes, tus uploads and GraphQL, thin over the use cases of core.
//!
//! *Invariant:* no handler decides anything; it says who asks and what, and turns the answer into HTTP.

mod carried;
mod edge;
mod failure;
mod graphql;
mod http;
pub mod identity;
mod openapi;
mod operations;
mod router;
mod settings;
mod state;
mod uploads;
mod watching;

pub use edge::{ClientAddress, Held, Pace};
pub use graphql::sdl;
pub use openapi::openapi;
pub use operations::{PersistedError, PersistedMode, PersistedModes, PersistedOperations};
pub use router::router;
pub use settings::{ApiSettings, GraphqlLimits, Introspection, SubscriptionLimits};
pub use state::ApiState;
pub use watching::Hub;
