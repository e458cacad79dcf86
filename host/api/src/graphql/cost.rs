//! Cost: what a document asks for, counted before it is executed, told in every answer and bounded.
//!
//! A field costs 1; a list costs what one of its items costs, times how many there may be (`page::weight`). The count
//! is of the document, not of what is found, so the same document always costs the same.

use std::sync::Arc;

use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextRequest, NextValidation,
};
use async_graphql::{Response, ServerError, ValidationResult, value};
use lockgate_core::code::Code;
use tokio::sync::Mutex;

use crate::failure::Failure;

/// Bounds the cost of every document that is checked; none is executed.
#[derive(Debug, Clone, Copy)]
pub(super) struct CostLimit(pub(super) usize);

impl ExtensionFactory for CostLimit {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Cost { limit: self.0, requested: Mutex::default() })
    }
}

struct Cost {
    limit: usize,
    requested: Mutex<Option<usize>>,
}

#[async_trait::async_trait]
impl Extension for Cost {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(ctx).await;
        match *self.requested.lock().await {
            Some(requested) => response.extension("cost", value!({ "requested": requested, "limit": self.limit })),
            None => response,
        }
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let result = next.run(ctx).await?;
        *self.requested.lock().await = Some(result.complexity);
        if result.complexity <= self.limit {
            return Ok(result);
        }
        let message =
            format!("the document costs {}, more than {}; ask for smaller pages", result.complexity, self.limit);
        let failure = Failure::new(Code::QueryTooComplex, message);
        let mut error = ServerError::new(failure.message.clone(), None);
        error.source = Some(Arc::new(failure));
        Err(vec![error])
    }

    /// Whoever came so far has passed.
    async fn execute(&self, _: &ExtensionContext<'_>, _: Option<&str>, _: NextExecute<'_>) -> Response {
        Response::default()
    }
}
