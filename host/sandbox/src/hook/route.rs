//! `lockgate:policy/route`: chooses among the agreed receivers.

use std::sync::Arc;

use lockgate_core::hook::Hook;
use lockgate_core::policy::Binding;
use lockgate_core::ports::{PluginError, Subject};
use lockgate_core::route::Target;

use super::{LentSubject, few, mismatch, subject_bytes};
use crate::guest::HookExports;
use crate::session::{Call, Purpose, Session, Shared};

/// Asks for the targets of a whole payload.
pub(crate) async fn decide(
    shared: &Arc<Shared>,
    binding: &Binding,
    subject: &Subject,
) -> Result<Vec<Target>, PluginError> {
    let size = subject_bytes(subject);
    let told = subject.clone();
    let decide: Call<Vec<Target>> = Box::new(move |store, exports| {
        let HookExports::Route(guest) = exports else { return Err(mismatch()) };
        let answer = guest.call_decide(&mut *store, LentSubject::new(&told).lend())?;
        few(store, answer.len())?;
        let targets = answer.into_iter().map(|it| Target { receiver: it.receiver, destination: it.destination });
        Ok(targets.collect())
    });
    let mut session = Session::open(shared, binding, Hook::Route, Purpose::Question(subject)).await?;
    let targets = session.call(None, size, decide).await?;
    session.close();
    Ok(targets)
}
