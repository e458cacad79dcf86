//! `lockgate:policy/validate`: judges a payload.

use std::sync::Arc;

use async_trait::async_trait;
use lockgate_core::batch::Batch;
use lockgate_core::fact::Fact;
use lockgate_core::hook::Hook;
use lockgate_core::policy::Binding;
use lockgate_core::ports::{Conclusion, PluginError, RawFindings, Subject, Validating};

use super::{LentSubject, batch_bytes, few, findings, lend_batch, mismatch, subject_bytes};
use crate::guest::HookExports;
use crate::session::{Call, Purpose, Session, Shared};

/// One validation under way.
#[derive(Debug)]
pub(crate) struct ValidateSession(Session);

impl ValidateSession {
    pub(crate) async fn open(shared: &Arc<Shared>, binding: &Binding, subject: &Subject) -> Result<Self, PluginError> {
        let size = subject_bytes(subject);
        let told = subject.clone();
        let begin: Call<()> = Box::new(move |store, exports| {
            let HookExports::Validate(guest) = exports else { return Err(mismatch()) };
            guest.call_begin(store, LentSubject::new(&told).lend())
        });
        Session::open(shared, binding, Hook::Validate, Purpose::Payload(subject, size, begin)).await.map(Self)
    }
}

#[async_trait]
impl Validating for ValidateSession {
    async fn check(&mut self, batch: &Batch) -> Result<RawFindings, PluginError> {
        let size = batch_bytes(batch);
        let batch = Arc::new(batch.clone());
        let shown = Arc::clone(&batch);
        let check: Call<RawFindings> = Box::new(move |store, exports| {
            let HookExports::Validate(guest) = exports else { return Err(mismatch()) };
            let answer = guest.call_check(&mut *store, lend_batch(&batch))?;
            Ok(findings(store, answer)?)
        });
        self.0.call(Some(shown), size, check).await
    }

    async fn finish(mut self: Box<Self>) -> Result<Conclusion, PluginError> {
        let finish: Call<Conclusion> = Box::new(|store, exports| {
            let HookExports::Validate(guest) = exports else { return Err(mismatch()) };
            let answer = guest.call_finish(&mut *store)?;
            few(store, answer.facts.len())?;
            let facts = answer.facts.into_iter().map(|fact| Fact { name: fact.name, value: fact.value }).collect();
            Ok(Conclusion { findings: findings(store, answer.findings)?, facts })
        });
        let conclusion = self.0.call(None, 0, finish).await?;
        self.0.close();
        Ok(conclusion)
    }

    fn tables(&self) -> Vec<(String, i64)> {
        self.0.tables()
    }
}
