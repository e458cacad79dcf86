//! `lockgate:policy/notify`: turns an event into messages for channels.

use std::sync::Arc;

use lockgate_core::hook::Hook;
use lockgate_core::notification::{Event, Message};
use lockgate_core::policy::Binding;
use lockgate_core::ports::PluginError;

use super::{few, lend, mismatch};
use crate::contract::v1::hooks::notify;
use crate::guest::HookExports;
use crate::session::{Call, Purpose, Session, Shared};

/// Asks for the messages about an event.
pub(crate) async fn compose(
    shared: &Arc<Shared>,
    binding: &Binding,
    event: &Event,
) -> Result<Vec<Message>, PluginError> {
    let size: usize = event.attributes.iter().map(|(name, value)| name.len() + value.len()).sum();
    let told = event.clone();
    let compose: Call<Vec<Message>> = Box::new(move |store, exports| {
        let HookExports::Notify(guest) = exports else { return Err(mismatch()) };
        let id = told.id.to_string();
        let attributes = lend(&told.attributes);
        let lent = notify::Event { id: &id, kind: told.kind.name(), attributes: &attributes };
        let answer = guest.call_compose(&mut *store, lent)?;
        few(store, answer.len())?;
        let messages = answer.into_iter().map(|it| Message {
            channel: it.channel,
            title: it.title,
            media_type: it.media_type,
            text: it.text,
        });
        Ok(messages.collect())
    });
    let mut session = Session::open(shared, binding, Hook::Notify, Purpose::Event(event.partner)).await?;
    let messages = session.call(None, size as u64, compose).await?;
    session.close();
    Ok(messages)
}
