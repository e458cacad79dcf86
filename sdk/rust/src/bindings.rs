//! Generated bindings, one world a hook, so that a component exports only what its author asked for.
//!
//! Nothing here is public language of the SDK except to the `export!` macro and to guests that mean to misbehave.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unsafe_code,
    unused_qualifications,
    unreachable_pub,
    clippy::all,
    clippy::cast_possible_truncation,
    clippy::semicolon_if_nothing_returned,
    clippy::uninlined_format_args
)]

/// The host's functions and the shared words. A function that a plugin never calls is no import of its component.
pub mod host {
    wit_bindgen::generate!({
        path: ["../wit/policy", "../wit/host"],
        inline: "package lockgate:sdk;
            world host {
                import lockgate:policy/types@1.0.0;
                import lockgate:host/log@1.0.0;
                import lockgate:host/detect@1.0.0;
                import lockgate:host/tokenize@1.0.0;
                import lockgate:host/lookup@1.0.0;
            }",
        world: "lockgate:sdk/host",
        additional_derives: [PartialEq],
        generate_unused_types: true,
        generate_all,
    });
}

/// `configure`, which every plugin exports.
pub mod plugin {
    wit_bindgen::generate!({
        path: ["../wit/policy", "../wit/host"],
        inline: "package lockgate:sdk; world plugin { export lockgate:policy/plugin@1.0.0; }",
        world: "lockgate:sdk/plugin",
        pub_export_macro: true,
        export_macro_name: "export_plugin",
        default_bindings_module: "lockgate_sdk::bindings::plugin",
    });
}

/// The exports of a validator.
pub mod validate {
    wit_bindgen::generate!({
        path: ["../wit/policy", "../wit/host"],
        inline: "package lockgate:sdk; world validate { export lockgate:policy/validate@1.0.0; }",
        world: "lockgate:sdk/validate",
        with: { "lockgate:policy/types@1.0.0": crate::bindings::host::lockgate::policy::types },
        pub_export_macro: true,
        export_macro_name: "export_validate",
        default_bindings_module: "lockgate_sdk::bindings::validate",
    });
}

/// The exports of a masker.
pub mod mask {
    wit_bindgen::generate!({
        path: ["../wit/policy", "../wit/host"],
        inline: "package lockgate:sdk; world mask { export lockgate:policy/mask@1.0.0; }",
        world: "lockgate:sdk/mask",
        with: { "lockgate:policy/types@1.0.0": crate::bindings::host::lockgate::policy::types },
        pub_export_macro: true,
        export_macro_name: "export_mask",
        default_bindings_module: "lockgate_sdk::bindings::mask",
    });
}

/// The exports of a router.
pub mod route {
    wit_bindgen::generate!({
        path: ["../wit/policy", "../wit/host"],
        inline: "package lockgate:sdk; world route { export lockgate:policy/route@1.0.0; }",
        world: "lockgate:sdk/route",
        with: { "lockgate:policy/types@1.0.0": crate::bindings::host::lockgate::policy::types },
        pub_export_macro: true,
        export_macro_name: "export_route",
        default_bindings_module: "lockgate_sdk::bindings::route",
    });
}

/// The exports of a notifier.
pub mod notify {
    wit_bindgen::generate!({
        path: ["../wit/policy", "../wit/host"],
        inline: "package lockgate:sdk; world notify { export lockgate:policy/notify@1.0.0; }",
        world: "lockgate:sdk/notify",
        with: { "lockgate:policy/types@1.0.0": crate::bindings::host::lockgate::policy::types },
        pub_export_macro: true,
        export_macro_name: "export_notify",
        default_bindings_module: "lockgate_sdk::bindings::notify",
    });
}

pub use host::lockgate::host as imports;
pub use host::lockgate::policy::types;
