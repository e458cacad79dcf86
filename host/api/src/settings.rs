//! The API's own settings; every limit has a default and none is off.

use std::time::Duration;

use tokio::sync::watch;
use url::Url;

use crate::edge::Pace;

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
            pace: Pace { window: Duration::from_secs(15), bytes_per_second: 1024 },
            bodies_end: watch::Sender::new(false).subscribe(),
        }
    }

    /// A URL under the public one; `path` has no leading slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.public_url.as_str().trim_end_matches('/'))
    }
}

/// What a GraphQL request may ask for. The first five are checked on the text, before anything is parsed or planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphqlLimits {
    /// The request's body in bytes, variables included (a lookup table may come this way).
    pub body_bytes: usize,
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
    /// Fields after fragments are spread.
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
