//! A component linked for one hook with what one binding grants: nothing else is there to be called.

use std::collections::BTreeSet;

use lockgate_core::hook::Hook;
use lockgate_core::plugin::CapabilityName;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use crate::contract::v1::hooks::{mask, notify, plugin, route, validate};
use crate::contract::v1::host;
use crate::guest::State;

/// Where a hook's functions lie in a component.
pub(crate) enum HookIndices {
    Validate(validate::GuestIndices),
    Mask(mask::GuestIndices),
    Route(route::GuestIndices),
    Notify(notify::GuestIndices),
}

/// Ready to be instantiated.
pub(crate) struct Linked {
    pub(crate) pre: InstancePre<State>,
    pub(crate) plugin: plugin::GuestIndices,
    pub(crate) hook: HookIndices,
}

impl std::fmt::Debug for Linked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Linked(..)")
    }
}

impl Linked {
    /// Links the component; an error says which import or export does not fit.
    pub(crate) fn new(
        engine: &Engine,
        component: &Component,
        hook: Hook,
        granted: &BTreeSet<CapabilityName>,
    ) -> wasmtime::Result<Self> {
        let mut linker = Linker::<State>::new(engine);
        host::log::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
        for capability in granted {
            match capability {
                CapabilityName::Detect => host::detect::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?,
                CapabilityName::Tokenize => host::tokenize::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?,
                CapabilityName::Lookup => host::lookup::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?,
            }
        }
        let pre = linker.instantiate_pre(component)?;
        let hook = match hook {
            Hook::Validate => HookIndices::Validate(validate::GuestIndices::new(&pre)?),
            Hook::Mask => HookIndices::Mask(mask::GuestIndices::new(&pre)?),
            Hook::Route => HookIndices::Route(route::GuestIndices::new(&pre)?),
            Hook::Notify => HookIndices::Notify(notify::GuestIndices::new(&pre)?),
        };
        Ok(Self { plugin: plugin::GuestIndices::new(&pre)?, pre, hook })
    }
}
