//! A seat: one binding at work on one payload, its calls timed and traced, its failure turned into what its mode says.

use std::future::Future;
use std::time::Duration;

use tracing::{Instrument, Span};

use super::report::Report;
use super::{Abort, PipelinePorts};
use crate::decision::Outcome;
use crate::fault::Fault;
use crate::finding::{Finding, Severity};
use crate::hold::HoldCause;
use crate::hook::FailureMode;
use crate::policy::Binding;
use crate::ports::PluginError;
use crate::time::rfc3339;

/// One binding at work.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) binding: Binding,
    pub(super) records: u64,
    pub(super) edits: u64,
    /// The lookup tables that it may read, as its session saw them.
    pub(super) tables: Vec<(String, i64)>,
    took: Duration,
    fault: Option<Fault>,
    span: Span,
    /// A deadline fault aborts the judgement once, so that it is tried again on fresh instances.
    last_try: bool,
}

impl Seat {
    pub(super) fn new(binding: &Binding, last_try: bool) -> Self {
        let span = span(binding);
        let binding = binding.clone();
        Self { binding, records: 0, edits: 0, tables: vec![], took: Duration::ZERO, fault: None, span, last_try }
    }

    /// Makes one call.
    pub(super) async fn call<T>(
        &mut self,
        ports: &PipelinePorts,
        call: impl Future<Output = Result<T, PluginError>>,
    ) -> Result<T, PluginError> {
        let begun = ports.clock.now();
        let answer = call.instrument(self.span.clone()).await;
        self.took += Duration::try_from(ports.clock.now() - begun).unwrap_or_default();
        answer
    }

    /// What follows from a failure: another try of the whole, or a finding as the failure mode says.
    pub(super) fn fail(&mut self, error: PluginError, report: &mut Report) -> Result<(), Abort> {
        let name = self.binding.name.clone();
        let (fault, severity, cause, message) = match error {
            PluginError::Busy => return Err(Abort::Retry(format!("no sandbox was free for binding `{name}`"))),
            PluginError::Host(why) => return Err(Abort::Retry(format!("binding `{name}` could not run: {why}"))),
            PluginError::Fault(Fault::Deadline { .. }) if !self.last_try => return Err(Abort::Again),
            PluginError::Quarantined { last, until } => {
                let message = format!(
                    "the binding `{name}` is quarantined after repeated faults until {}; releasing judges again, earlier \
                     under a new revision that mends it",
                    rfc3339(until)
                );
                (last, Severity::Hold, HoldCause::Quarantine, message)
            }
            PluginError::Fault(fault) => {
                let severity = match self.binding.failure_mode {
                    FailureMode::Reject => Severity::Refuse,
                    FailureMode::Hold => Severity::Hold,
                    FailureMode::Skip | FailureMode::Default => Severity::Note,
                };
                let message = format!("the binding `{name}` failed: {}", told(&fault));
                (fault, severity, HoldCause::Fault, message)
            }
        };
        self.span.record("plugin.fault", fault.kind());
        tracing::warn!(
            parent: &self.span, binding.name = name, plugin.fault = fault.kind(), "A plugin failed to answer."
        );
        let rule = format!("{name}/fault-{}", fault.kind());
        report.incomplete |= severity > Severity::Note;
        report.add(Finding { rule, severity, message, place: None, sample: None }, self.binding.owner, cause);
        self.fault = Some(fault);
        Ok(())
    }

    pub(super) fn outcome(self) -> Outcome {
        Outcome {
            binding: self.binding.id,
            name: self.binding.name,
            hook: self.binding.hook,
            plugin: self.binding.plugin,
            records: self.records,
            edits: self.edits,
            took: self.took,
            fault: self.fault,
            tables: self.tables,
        }
    }
}

/// The span of a binding's calls. The plugin's own name is told by the runner, which knows its manifest.
pub(super) fn span(binding: &Binding) -> Span {
    tracing::info_span!(
        "plugin",
        otel.name = format!("plugin {}", binding.name),
        binding.name = binding.name,
        binding.owner = %binding.owner,
        plugin.name = tracing::field::Empty,
        plugin.digest = %binding.plugin,
        plugin.hook = binding.hook.name(),
        plugin.fault = tracing::field::Empty,
    )
}

/// The fault in a sentence. What the guest had a word in may hold what it was shown; the limits are the host's own.
fn told(fault: &Fault) -> String {
    match fault {
        Fault::Trap { .. } | Fault::Configure { .. } => super::report::sentence(&fault.to_string()),
        _ => fault.to_string(),
    }
}
