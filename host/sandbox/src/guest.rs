//! One living guest: a store of one owner, its instance and the budgets of the call under way.

mod budget;
mod clock;
mod fault;
mod memory;
mod state;

use std::sync::Arc;

use lockgate_core::fault::Fault;
use lockgate_core::ports::PluginError;
use wasmtime::{Store, UpdateDeadline};

use crate::contract::v1::hooks::{mask, notify, plugin, route, validate};
use crate::linked::{HookIndices, Linked};
use crate::session::Call;

pub(crate) use budget::Budget;
pub(crate) use fault::Refused;
pub(crate) use memory::Memory;
pub(crate) use state::{Identity, Powers, State, refused};

/// The exports of the one hook that a guest serves.
pub(crate) enum HookExports {
    Validate(validate::Guest),
    Mask(mask::Guest),
    Route(route::Guest),
    Notify(notify::Guest),
}

/// An instance with its store. It is dropped after a fault: nobody knows what state it is in.
pub(crate) struct Guest {
    store: Store<State>,
    plugin: plugin::Guest,
    hook: HookExports,
    /// Sessions it has served.
    pub(crate) sessions: u32,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest").field("sessions", &self.sessions).finish_non_exhaustive()
    }
}

impl Guest {
    /// Makes an instance and configures it, within the limits of one call.
    pub(crate) fn create(linked: &Linked, state: State, settings: &str) -> Result<Self, PluginError> {
        let engine = linked.pre.engine();
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.memory);
        store.epoch_deadline_callback(|mut context| {
            context.data_mut().budget.tick()?;
            Ok(UpdateDeadline::Continue(1))
        });
        store.set_hostcall_fuel(usize::try_from(store.data().limits.output_bytes).unwrap_or(usize::MAX));
        store.set_max_component_handles(64);
        arm(&mut store, settings.len() as u64);
        let made = linked.pre.instantiate(&mut store).and_then(|instance| {
            let plugin = linked.plugin.load(&mut store, &instance)?;
            let hook = match &linked.hook {
                HookIndices::Validate(indices) => HookExports::Validate(indices.load(&mut store, &instance)?),
                HookIndices::Mask(indices) => HookExports::Mask(indices.load(&mut store, &instance)?),
                HookIndices::Route(indices) => HookExports::Route(indices.load(&mut store, &instance)?),
                HookIndices::Notify(indices) => HookExports::Notify(indices.load(&mut store, &instance)?),
            };
            Ok((plugin, hook))
        });
        let (plugin, hook) = match made {
            Ok(made) => made,
            Err(error) => return Err(fault::of_instantiation(&error, store.data())),
        };
        let mut guest = Self { store, plugin, hook, sessions: 0 };
        guest.configure(settings)?;
        Ok(guest)
    }

    /// Makes a kept instance ready for another session.
    pub(crate) fn renew(&mut self, powers: Powers) {
        self.store.data_mut().renew(powers);
    }

    /// Calls the guest within the budgets of one call that is shown that many bytes.
    pub(crate) fn call<T>(&mut self, input_bytes: u64, body: Call<T>) -> Result<T, Fault> {
        arm(&mut self.store, input_bytes);
        let result = body(&mut self.store, &self.hook);
        let state = self.store.data_mut();
        state.batch = None;
        match result {
            // A call that overran between two ticks overran all the same.
            Ok(answer) => state.budget.look().map(|()| answer).map_err(|refused| refused.0),
            Err(error) => Err(fault::of_call(&error, state)),
        }
    }

    /// Shows the guest a batch: what `scan-batch` works on during the next call.
    pub(crate) fn show(&mut self, batch: Arc<lockgate_core::batch::Batch>) {
        self.store.data_mut().batch = Some(batch);
    }

    pub(crate) fn state(&self) -> &State {
        self.store.data()
    }

    fn configure(&mut self, settings: &str) -> Result<(), Fault> {
        let plugin = &self.plugin;
        let answer = plugin.call_configure(&mut self.store, settings);
        match answer {
            Ok(Ok(())) => Ok(()),
            Ok(Err(message)) => Err(Fault::Configure { message: cut(message) }),
            Err(error) => Err(fault::of_call(&error, self.store.data())),
        }
    }
}

fn arm(store: &mut Store<State>, input_bytes: u64) {
    store.set_epoch_deadline(1);
    store.data_mut().arm(input_bytes);
}

/// A guest's sentence, as long as a person would read it.
fn cut(mut message: String) -> String {
    const LONGEST: usize = 1_000;
    if message.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|&end| message.is_char_boundary(end)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
    message
}
