//! What every resolver may reach: the viewer, the use cases, the request's view and its loaders.

use std::sync::Arc;

use async_graphql::Context;
use lockgate_core::code::Code;
use lockgate_core::id::PartnerId;
use lockgate_core::partner::Partner;
use lockgate_core::policy::Owner;
use lockgate_core::trace::TraceContext;
use lockgate_core::viewer::Viewer;

use super::batches::{Batches, Key, Load};
use super::loads::Loads;
use super::view::View;
use crate::ApiState;
use crate::failure::Failure;

/// One request.
pub(super) struct Asking {
    pub(super) viewer: Viewer,
    pub(super) state: ApiState,
    pub(super) trace: TraceContext,
    pub(super) view: Arc<View>,
    loads: Batches<Loads>,
}

/// The request that a resolver works for.
pub(super) fn asking<'a>(ctx: &Context<'a>) -> &'a Asking {
    ctx.data_unchecked::<Arc<Asking>>()
}

/// The same for those who work on after the resolver returned.
pub(super) fn shared(ctx: &Context<'_>) -> Arc<Asking> {
    Arc::clone(ctx.data_unchecked::<Arc<Asking>>())
}

impl Asking {
    pub(super) fn new(viewer: Viewer, state: ApiState, trace: TraceContext) -> Self {
        let view = Arc::new(View::new(Arc::clone(&state.store), viewer.clone()));
        let loads = Batches::new(Loads::new(Arc::clone(&view)));
        Self { viewer, state, trace, view, loads }
    }

    /// One thing by key, batched with what others ask for.
    pub(super) async fn one<K: Key>(&self, key: K) -> Result<Option<<Loads as Load<K>>::Value>, Failure>
    where
        Loads: Load<K>,
    {
        Ok(self.loads.one(key).await?)
    }

    /// Some things by key, in the order of the keys; what the viewer may not see is left out.
    pub(super) async fn some<K: Key>(&self, keys: &[K]) -> Result<Vec<<Loads as Load<K>>::Value>, Failure>
    where
        Loads: Load<K>,
    {
        Ok(self.loads.some(keys).await?)
    }

    /// Runs an execution to its end, and what it loads.
    pub(super) async fn drive<T>(&self, execution: impl Future<Output = T>) -> T {
        self.loads.drive(execution).await
    }

    /// The partner that a text means: an id, or a slug.
    pub(super) async fn partner(&self, named: &str) -> Result<Partner, Failure> {
        let found = match named.parse::<PartnerId>() {
            Ok(id) => self.one(id).await?,
            Err(_) => self.view.read().await?.partner_by_slug(named).await?,
        };
        let shown: String = named.chars().take(80).collect();
        found.ok_or_else(|| Failure::new(Code::PartnerNotFound, format!("there is no partner `{shown}`")))
    }

    /// The owner that a text means: `house`, a partner's id or a slug.
    pub(super) async fn owner(&self, named: &str) -> Result<Owner, Failure> {
        if named == Owner::HOUSE {
            return Ok(Owner::House);
        }
        self.partner(named).await.map(|partner| Owner::Partner(partner.id))
    }

    /// Whether the viewer is an operator or acts for that partner.
    pub(super) fn is_for(&self, partner: PartnerId) -> bool {
        self.viewer.role.partner().is_none_or(|own| own == partner)
    }
}
