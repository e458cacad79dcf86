//! The bindings of `lockgate:policy@1` and `lockgate:host@1`: the only `bindgen!` there is.
//!
//! Two worlds, because what plugins export is called with borrowed values and what they import receives owned ones.
#![allow(unreachable_pub, unused_qualifications, missing_debug_implementations, clippy::all)]

/// What plugins export; a plugin has `plugin` and some of the others.
pub(crate) mod hooks {
    wasmtime::component::bindgen!({
        path: ["../../sdk/wit/policy", "../../sdk/wit/host"],
        inline: "
            package lockgate:sandbox-hooks;
            world hooks {
                export lockgate:policy/plugin@1.0.0;
                export lockgate:policy/validate@1.0.0;
                export lockgate:policy/mask@1.0.0;
                export lockgate:policy/route@1.0.0;
                export lockgate:policy/notify@1.0.0;
            }
        ",
        world: "hooks",
        ownership: Borrowing { duplicate_if_necessary: true },
    });

    pub(crate) use exports::lockgate::policy::{mask, notify, plugin, route, validate};
    pub(crate) use lockgate::policy::types;
}

/// What plugins may import; every function may end the call.
pub(crate) mod host {
    wasmtime::component::bindgen!({
        path: ["../../sdk/wit/policy", "../../sdk/wit/host"],
        inline: "
            package lockgate:sandbox-host;
            world host {
                import lockgate:host/log@1.0.0;
                import lockgate:host/detect@1.0.0;
                import lockgate:host/tokenize@1.0.0;
                import lockgate:host/lookup@1.0.0;
            }
        ",
        world: "host",
        imports: { default: trappable },
    });

    pub(crate) use lockgate::host::{detect, log, lookup, tokenize};
    pub(crate) use lockgate::policy::types;
}
