//! From an engine's error to the fault that names the limit.

use lockgate_core::fault::Fault;
use lockgate_core::ports::PluginError;
use wasmtime::{Error, PoolConcurrencyLimitError, Trap};

use super::state::State;

/// A limit said no; travels through the engine as an error.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Refused(pub(crate) Fault);

/// Why a call ended without an answer.
pub(super) fn of_call(error: &Error, state: &State) -> Fault {
    if let Some(Refused(fault)) = error.downcast_ref::<Refused>() {
        return fault.clone();
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Fault::Stack { limit: state.limits.stack_bytes },
        Some(trap) => Fault::Trap { message: trap.to_string() },
        None if exhausted(error) => {
            let limit = state.limits.output_bytes;
            Fault::Output { limit, was: limit.saturating_add(1) }
        }
        // The engine could not lift the answer: a list outside of the memory, text that is not UTF-8, ...
        None => Fault::Contract { message: error.root_cause().to_string() },
    }
}

/// Why an instance could not be made.
pub(super) fn of_instantiation(error: &Error, state: &State) -> PluginError {
    if error.is::<PoolConcurrencyLimitError>() {
        return PluginError::Busy;
    }
    if error.is::<Refused>() || error.is::<Trap>() {
        return of_call(error, state).into();
    }
    PluginError::Host(format!("the instance could not be made: {error:#}"))
}

/// The engine keeps this error's type to itself; a test holds its wording.
fn exhausted(error: &Error) -> bool {
    error.root_cause().to_string().contains("fuel allocated for hostcalls has been exhausted")
}
