//! The face: HTTP routes, tus uploads and GraphQL, thin over the use cases of core.
//!
//! *Invariant:* no handler decides anything; it says who asks and what, and turns the answer into HTTP.

mod edge;
mod failure;
mod graphql;
mod http;
pub mod identity;
mod router;
mod settings;
mod state;
mod uploads;

pub use edge::{ClientAddress, Pace};
pub use graphql::sdl;
pub use router::router;
pub use settings::{ApiSettings, GraphqlLimits};
pub use state::ApiState;
