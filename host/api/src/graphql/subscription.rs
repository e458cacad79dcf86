//! The subscription root: what changed, told at once and read within the viewer's sight.

use std::sync::Arc;

use async_graphql::{Context, ID, Subscription};
use futures::Stream;
use futures::stream::unfold;
use lockgate_core::code::Code;
use lockgate_core::id::{DeliveryId, TransferId};

use super::asking::{Asking, shared};
use super::batches::{Key, Load};
use super::delivery::Delivery;
use super::inputs;
use super::loads::Loads;
use super::transfer::Transfer;
use crate::failure::Failure;
use crate::watching::{Topic, Wake, Watch};

#[derive(Debug, Default)]
pub(crate) struct Subscription;

/// Everything that can be followed.
#[Subscription]
impl Subscription {
    /// A transfer whenever it or one of its consignments changed, as the viewer may see it then. Changes that follow
    /// each other quickly may come as one.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn transfer_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this transfer, beginning with how it stands; otherwise all that the viewer may see.")]
        id: Option<ID>,
    ) -> Result<impl Stream<Item = Result<Transfer, Failure>> + use<>, Failure> {
        let id = id.map(|id| inputs::id::<TransferId>("id", &id)).transpose()?;
        let topic = id.map_or(Topic::Transfers, Topic::Transfer);
        let named = |wake| match wake {
            Wake::Transfer(id) => Some(id),
            _ => None,
        };
        Ok(Updates::follow(ctx, topic, id, named).read(Transfer, Code::TransferNotFound))
    }

    /// A delivery whenever it changed; to its receiver and operators. Changes that follow each other quickly may come
    /// as one.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn delivery_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this delivery, beginning with how it stands; otherwise all that the viewer may see.")]
        id: Option<ID>,
    ) -> Result<impl Stream<Item = Result<Delivery, Failure>> + use<>, Failure> {
        let id = id.map(|id| inputs::id::<DeliveryId>("id", &id)).transpose()?;
        let topic = id.map_or(Topic::Deliveries, Topic::Delivery);
        let named = |wake| match wake {
            Wake::Delivery(id) => Some(id),
            _ => None,
        };
        Ok(Updates::follow(ctx, topic, id, named).read(Delivery, Code::DeliveryNotFound))
    }
}

/// What one subscription follows, and for whom.
struct Updates<K> {
    asking: Arc<Asking>,
    watch: Watch,
    /// What to look at before anything changed; it must be there.
    first: Option<K>,
    /// What a wake says to look at, if it does.
    named: fn(Wake) -> Option<K>,
}

impl<K> Updates<K>
where
    K: Key + Copy,
    Loads: Load<K>,
{
    fn follow(ctx: &Context<'_>, topic: Topic, first: Option<K>, named: fn(Wake) -> Option<K>) -> Self {
        let asking = shared(ctx);
        // Followed before it is looked at, so that nothing happens in between.
        let watch = asking.state.hub.follow(topic, asking.viewer.role);
        Self { asking, watch, first, named }
    }

    /// Reads whatever changed, when it changed; the first error ends it.
    fn read<T>(
        self,
        wrap: fn(<Loads as Load<K>>::Value) -> T,
        unseen: Code,
    ) -> impl Stream<Item = Result<T, Failure>> + use<K, T> {
        unfold(Some(self), move |updates| async move {
            let mut updates = updates?;
            match updates.next(unseen).await {
                Ok(found) => Some((Ok(wrap(found)), Some(updates))),
                Err(failure) => Some((Err(failure), None)),
            }
        })
    }

    async fn next(&mut self, unseen: Code) -> Result<<Loads as Load<K>>::Value, Failure> {
        if let Some(first) = self.first.take() {
            return self.asking.one(first).await?.ok_or_else(|| Failure::unseen(unseen));
        }
        loop {
            let Some(id) = (self.named)(self.watch.next().await) else {
                let what = "updates were missed: ask for the list and subscribe again";
                return Err(Failure::new(Code::UpdatesMissed, what));
            };
            if let Some(found) = self.asking.one(id).await? {
                return Ok(found);
            }
            // It concerns the viewer, but is not there for it yet.
            self.asking.view.close().await;
        }
    }
}
