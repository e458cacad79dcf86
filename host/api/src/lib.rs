//! The face: HTTP routes, tus uploads and GraphQL, thin over the use cases of core.
