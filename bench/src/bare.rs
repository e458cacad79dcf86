//! A bare wasmtime without any limit: no epochs, no budgets, no limiter, no threads of its own, no queue.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use lockgate_core::batch::Batch;
use lockgate_core::detect::{self, Kind};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, OptLevel, Store, Strategy};

use crate::payload::Payload;

mod contract {
    wasmtime::component::bindgen!({
        path: ["../sdk/wit/policy", "../sdk/wit/host"],
        inline: "
            package lockgate:bench;
            world masker {
                import lockgate:host/log@1.0.0;
                import lockgate:host/detect@1.0.0;
                import lockgate:host/tokenize@1.0.0;
                export lockgate:policy/plugin@1.0.0;
                export lockgate:policy/mask@1.0.0;
            }
        ",
        world: "masker",
    });
}

pub(crate) use contract::exports::lockgate::policy::mask::Masked;
use contract::exports::lockgate::policy::mask::{self, Subject};
use contract::lockgate::host::{detect as detecting, log, tokenize};
use contract::lockgate::policy::types;

/// One instance that lives as long as the measurement, and its batches ready-made.
pub(crate) struct Bare {
    store: Store<Host>,
    masker: contract::Masker,
    batches: Vec<(Arc<Batch>, mask::Batch)>,
}

#[derive(Default)]
struct Host {
    batch: Arc<Batch>,
}

impl Bare {
    pub(crate) fn new(component: &[u8], settings: &serde_json::Value, payload: &Payload) -> anyhow::Result<Self> {
        Self::try_new(component, settings, payload).map_err(|error| anyhow!("the bare engine: {error:#}"))
    }

    fn try_new(component: &[u8], settings: &serde_json::Value, payload: &Payload) -> wasmtime::Result<Self> {
        let mut config = Config::new();
        config.strategy(Strategy::Cranelift).cranelift_opt_level(OptLevel::Speed).concurrency_support(false);
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, component)?;
        let mut linker = Linker::<Host>::new(&engine);
        log::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host)?;
        detecting::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host)?;
        tokenize::add_to_linker::<_, HasSelf<_>>(&mut linker, |host| host)?;
        let mut store = Store::new(&engine, Host::default());
        store.set_hostcall_fuel(usize::MAX);
        let masker = contract::Masker::instantiate(&mut store, &component, &linker)?;
        let configured = masker.lockgate_policy_plugin().call_configure(&mut store, &settings.to_string())?;
        configured.map_err(wasmtime::Error::msg)?;
        let framing = types::Attribute { name: "framing".to_owned(), value: payload.framing.name().to_owned() };
        let subject =
            Subject { transfer: String::new(), attributes: vec![framing], preamble: payload.preamble.to_vec() };
        masker.lockgate_policy_mask().call_begin(&mut store, &subject)?;
        let batches = payload.batches.iter().map(|batch| (Arc::new(batch.clone()), lend(batch))).collect();
        Ok(Self { store, masker, batches })
    }

    /// Masks one batch.
    pub(crate) fn apply(&mut self, index: usize) -> anyhow::Result<Masked> {
        let (shown, batch) = &self.batches[index];
        self.store.data_mut().batch = Arc::clone(shown);
        let answer = self.masker.lockgate_policy_mask().call_apply(&mut self.store, batch);
        answer.map_err(|error| anyhow!("{error:#}")).context("the bare instance failed")
    }
}

fn lend(batch: &Batch) -> mask::Batch {
    let records = types::Column { data: batch.records.data.to_vec(), ends: batch.records.ends.clone() };
    mask::Batch { first: batch.first, records, keys: None, last: batch.last }
}

impl types::Host for Host {}

impl log::Host for Host {
    fn write(&mut self, _level: log::Level, _text: String) {}
}

impl detecting::Host for Host {
    fn scan(&mut self, data: Vec<u8>, kinds: Vec<String>) -> detecting::Hits {
        hits(detect::scan(&data, &known(&kinds)))
    }

    fn scan_batch(&mut self, kinds: Vec<String>) -> detecting::Hits {
        hits(detect::scan_column(&self.batch.records, &known(&kinds)))
    }
}

impl tokenize::Host for Host {
    fn tokens(&mut self, plain: types::Column, _scheme: String) -> types::Column {
        plain
    }
}

fn known(kinds: &[String]) -> Vec<Kind> {
    kinds.iter().filter_map(|name| Kind::from_name(name)).collect()
}

fn hits(found: detect::Hits) -> detecting::Hits {
    detecting::Hits { kinds: found.kinds, starts: found.starts, ends: found.ends }
}
