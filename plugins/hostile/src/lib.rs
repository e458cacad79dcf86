//! One misbehaving guest whose settings choose the crime: `{"crime": "loop", "amount": 1000, "at": 3}`.
//!
//! It speaks the raw bindings, because the SDK's builders refuse to build what this has to send. Which fault each
//! crime must end in is the business of the sandbox's tests. Growing a table is the one crime that Rust cannot
//! commit; the sandbox's tests write that component as text.

mod crime;
mod host_calls;
mod mask;
mod memory;
mod notify;
mod route;
mod validate;

use std::cell::RefCell;

pub use crime::{Crime, Settings};

thread_local! {
    static SETTINGS: RefCell<Settings> = const { RefCell::new(Settings { crime: Crime::None, amount: None, at: 3 }) };
    static REMEMBERED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Implements every hook.
#[derive(Debug)]
pub struct Hostile;

impl lockgate_sdk::bindings::plugin::exports::lockgate::policy::plugin::Guest for Hostile {
    fn configure(settings: String) -> Result<(), String> {
        let settings: Settings = serde_json::from_str(&settings).map_err(|error| error.to_string())?;
        SETTINGS.set(settings);
        match settings.crime {
            Crime::PanicInConfigure => panic!("configure panics, as told"),
            Crime::LoopInConfigure => spin(),
            Crime::HugeConfigureError => Err("x".repeat(settings.amount(1 << 30))),
            Crime::ScanOutsideBatch => {
                host_calls::scan_batch();
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod exports {
    //! All four hooks, by the raw macros.
    use super::Hostile;
    use lockgate_sdk::bindings::{mask, notify, plugin, route, validate};

    plugin::export_plugin!(Hostile with_types_in plugin);
    validate::export_validate!(Hostile with_types_in validate);
    mask::export_mask!(Hostile with_types_in mask);
    route::export_route!(Hostile with_types_in route);
    notify::export_notify!(Hostile with_types_in notify);
}

fn settings() -> Settings {
    SETTINGS.with_borrow(|settings| *settings)
}

/// Loops for ever in a way that no optimiser removes.
fn spin() -> ! {
    let mut turns = 0_u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

/// Crimes that need no answer of a hook: committed when any hook is called with work.
fn commit() {
    let settings = settings();
    match settings.crime {
        Crime::Loop => spin(),
        Crime::MemoryBomb => memory::bomb(),
        Crime::StackOverflow => _ = std::hint::black_box(memory::recurse(std::hint::black_box(u64::MAX))),
        Crime::OwnStackOverflow => _ = memory::recurse_with_arrays(u64::MAX),
        Crime::Paint => memory::paint(settings.amount(8 << 20)),
        Crime::Abort => std::process::abort(),
        crime => host_calls::commit(crime, &settings),
    }
}

/// Crimes that wait for one record of a batch.
fn commit_at(first: u64, count: usize) {
    let at = settings().at;
    if at < first || at >= first + count as u64 {
        return;
    }
    match settings().crime {
        Crime::TrapAtRecord => panic!("record {at} traps, as told"),
        Crime::LoopAtRecord => spin(),
        _ => (),
    }
}

/// Notes the transfer; answers those of earlier payloads that this instance still remembers.
fn remember(transfer: String) -> Vec<String> {
    REMEMBERED.with_borrow_mut(|seen| {
        let before = seen.clone();
        seen.push(transfer);
        before
    })
}
