//! `lockgate:policy/mask`: changes a payload by edits.

use std::sync::Arc;

use async_trait::async_trait;
use lockgate_core::batch::{Batch, Edits};
use lockgate_core::fault::Fault;
use lockgate_core::hook::Hook;
use lockgate_core::policy::Binding;
use lockgate_core::ports::{Masked, Masking, PluginError, RawFindings, Subject};
use wasmtime::Store;

use super::{LentSubject, batch_bytes, findings, lend_batch, mismatch, subject_bytes};
use crate::contract::v1::hooks::types;
use crate::guest::{HookExports, Refused, State};
use crate::session::{Call, Purpose, Session, Shared};

/// One masking under way.
#[derive(Debug)]
pub(crate) struct MaskSession(pub(crate) Session);

impl MaskSession {
    pub(crate) async fn open(shared: &Arc<Shared>, binding: &Binding, subject: &Subject) -> Result<Self, PluginError> {
        let size = subject_bytes(subject);
        let told = subject.clone();
        let begin: Call<()> = Box::new(move |store, exports| {
            let HookExports::Mask(guest) = exports else { return Err(mismatch()) };
            guest.call_begin(store, LentSubject::new(&told).lend())
        });
        Session::open(shared, binding, Hook::Mask, Purpose::Payload(subject, size, begin)).await.map(Self)
    }
}

#[async_trait]
impl Masking for MaskSession {
    async fn apply(&mut self, batch: &Batch) -> Result<Masked, PluginError> {
        let size = batch_bytes(batch);
        let batch = Arc::new(batch.clone());
        let shown = Arc::clone(&batch);
        self.0.call(Some(shown), size, application(batch)).await
    }

    async fn finish(mut self: Box<Self>) -> Result<RawFindings, PluginError> {
        let finish: Call<RawFindings> = Box::new(|store, exports| {
            let HookExports::Mask(guest) = exports else { return Err(mismatch()) };
            let answer = guest.call_finish(&mut *store)?;
            Ok(findings(store, answer)?)
        });
        let last = self.0.call(None, 0, finish).await?;
        self.0.close();
        Ok(last)
    }

    fn tables(&self) -> Vec<(String, i64)> {
        self.0.tables()
    }
}

/// The call that shows the guest a batch.
pub(crate) fn application(batch: Arc<Batch>) -> Call<Masked> {
    Box::new(move |store, exports| {
        let HookExports::Mask(guest) = exports else { return Err(mismatch()) };
        let answer = guest.call_apply(&mut *store, lend_batch(&batch))?;
        Ok(Masked {
            edits: edits(store, answer.edits)?,
            keep: answer.keep,
            findings: findings(store, answer.findings)?,
        })
    })
}

fn edits(store: &Store<State>, answer: types::Edits) -> Result<Edits, Refused> {
    let limit = store.data().limits.edits;
    let was = answer.starts.len().max(answer.ends.len()).max(answer.replacement_ends.len()) as u64;
    if was > limit {
        return Err(Refused(Fault::Edits { limit, was }));
    }
    Ok(Edits {
        starts: answer.starts,
        ends: answer.ends,
        replacement_ends: answer.replacement_ends,
        replacements: answer.replacements.into(),
    })
}
