//! What the host keeps beside an instance: whose it is, what it may use and what it has used.

use std::collections::HashMap;
use std::sync::Arc;

use lockgate_core::batch::Batch;
use lockgate_core::fault::Fault;
use lockgate_core::limits::Limits;
use lockgate_core::plugin::{CapabilityName, PluginDigest};
use lockgate_core::ports::LookupTable;

use super::{Budget, Memory, Refused};
use crate::imports::tokenize::Tokenizer;

/// Who a guest is, for its log lines.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) plugin: String,
    pub(crate) digest: PluginDigest,
    pub(crate) binding: String,
}

/// What a session may use beyond itself; fetched before the guest runs, since guests never wait for the vault.
#[derive(Debug, Clone, Default)]
pub(crate) struct Powers {
    pub(crate) detect: bool,
    pub(crate) tokenizer: Option<Tokenizer>,
    pub(crate) lookup: bool,
    pub(crate) tables: HashMap<String, Arc<LookupTable>>,
}

/// The store's data.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) identity: Arc<Identity>,
    pub(crate) limits: Limits,
    pub(crate) powers: Powers,
    pub(crate) budget: Budget,
    pub(crate) memory: Memory,
    pub(crate) batch: Option<Arc<Batch>>,
    host_calls: u64,
    logged: u64,
}

impl State {
    pub(crate) fn new(identity: Arc<Identity>, limits: &Limits, powers: Powers) -> Self {
        Self {
            identity,
            powers,
            budget: Budget::start(limits, 0),
            memory: Memory::new(limits),
            limits: limits.clone(),
            batch: None,
            host_calls: 0,
            logged: 0,
        }
    }

    /// Begins a call: its time and host calls start at zero.
    pub(super) fn arm(&mut self, input_bytes: u64) {
        self.budget = Budget::start(&self.limits, input_bytes);
        self.host_calls = 0;
    }

    /// Begins another session: what is counted per payload starts at zero.
    pub(super) fn renew(&mut self, powers: Powers) {
        self.powers = powers;
        self.logged = 0;
    }

    /// The first line of every host function: counts the call, looks at the budgets and at the grant.
    pub(crate) fn enter(&mut self, needs: Option<CapabilityName>) -> Result<(), Refused> {
        self.host_calls += 1;
        let limit = self.limits.host_calls;
        if self.host_calls > limit {
            return Err(Refused(Fault::HostCalls { limit, was: self.host_calls }));
        }
        let granted = match needs {
            None => true,
            Some(CapabilityName::Detect) => self.powers.detect,
            Some(CapabilityName::Tokenize) => self.powers.tokenizer.is_some(),
            Some(CapabilityName::Lookup) => self.powers.lookup,
        };
        if !granted {
            let name = needs.map_or("log", CapabilityName::name);
            return Err(refused(format!("it called `{name}`, which its binding does not grant")));
        }
        self.budget.look()
    }

    /// Counts logged bytes.
    pub(crate) fn log(&mut self, bytes: u64) -> Result<(), Refused> {
        self.logged = self.logged.saturating_add(bytes);
        let limit = self.limits.log_bytes;
        if self.logged > limit {
            return Err(Refused(Fault::Log { limit, was: self.logged }));
        }
        Ok(())
    }
}

/// A host call that makes no sense.
pub(crate) fn refused(message: String) -> Refused {
    Refused(Fault::Contract { message })
}
