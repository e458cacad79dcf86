//! Lets one message at a time ask a channel that fails, whichever host it is on.

use lockgate_core::id::{ChannelId, NotificationId};
use lockgate_core::notification::ASKING;

use crate::error::Failure;
use crate::store::PgStore;

/// Whether the message may ask the channel. A message whose host died may ask again at once; others when it has been
/// silent for too long. A channel that is well by now may be asked by all.
pub(crate) async fn ask(store: &PgStore, channel: ChannelId, message: NotificationId) -> Result<bool, Failure> {
    let done = sqlx::query!(
        "update channels set asking = $2, asked_at = now()
         where id = $1 and (failing_since is null or asking is null or asking = $2
                            or asked_at <= now() - make_interval(secs => $3))",
        channel.uuid(),
        message.uuid(),
        ASKING.as_secs_f64()
    )
    .execute(&store.worker)
    .await?;
    Ok(done.rows_affected() == 1)
}
