//! The one macro: turns types that implement hook traits into a component's exports.

use std::cell::RefCell;

use serde::de::DeserializeOwned;

/// Exports a plugin: `export!(mask: MaskPii)`, or several hooks, `export!(validate: Check, mask: Hide)`.
///
/// Every hook has its own value, configured from the same settings. Outside wasm it only checks the types.
#[macro_export]
macro_rules! export {
    ($($hook:ident : $plugin:ty),+ $(,)?) => {
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            $(let _ = $crate::$hook::export::configure::<$plugin>;)+
        };

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            struct Component;

            ::std::thread_local! {
                $(
                    #[allow(non_upper_case_globals)]
                    static $hook: $crate::Slot<$plugin> = const { $crate::Slot::new() };
                )+
            }

            impl $crate::bindings::plugin::exports::lockgate::policy::plugin::Guest for Component {
                fn configure(settings: ::std::string::String) -> ::std::result::Result<(), ::std::string::String> {
                    $($hook.with(|slot| $crate::$hook::export::configure(slot, &settings))?;)+
                    ::std::result::Result::Ok(())
                }
            }

            $crate::bindings::plugin::export_plugin!(Component with_types_in $crate::bindings::plugin);
            $($crate::__export_hook!($hook, Component);)+
        };
    };
}

/// The exports of one hook; `export!` calls it.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_hook {
    (validate, $component:ident) => {
        impl $crate::bindings::validate::exports::lockgate::policy::validate::Guest for $component {
            fn begin(subject: $crate::bindings::types::Subject) {
                validate.with(|slot| $crate::validate::export::begin(slot, subject))
            }
            fn check(batch: $crate::bindings::types::Batch) -> $crate::bindings::types::Findings {
                validate.with(|slot| $crate::validate::export::check(slot, batch))
            }
            fn finish() -> $crate::bindings::validate::exports::lockgate::policy::validate::Conclusion {
                validate.with(|slot| $crate::validate::export::finish(slot))
            }
        }
        $crate::bindings::validate::export_validate!($component with_types_in $crate::bindings::validate);
    };
    (mask, $component:ident) => {
        impl $crate::bindings::mask::exports::lockgate::policy::mask::Guest for $component {
            fn begin(subject: $crate::bindings::types::Subject) {
                mask.with(|slot| $crate::mask::export::begin(slot, subject))
            }
            fn apply(
                batch: $crate::bindings::types::Batch,
            ) -> $crate::bindings::mask::exports::lockgate::policy::mask::Masked {
                mask.with(|slot| $crate::mask::export::apply(slot, batch))
            }
            fn finish() -> $crate::bindings::types::Findings {
                mask.with(|slot| $crate::mask::export::finish(slot))
            }
        }
        $crate::bindings::mask::export_mask!($component with_types_in $crate::bindings::mask);
    };
    (route, $component:ident) => {
        impl $crate::bindings::route::exports::lockgate::policy::route::Guest for $component {
            fn decide(
                subject: $crate::bindings::types::Subject,
            ) -> ::std::vec::Vec<$crate::bindings::route::exports::lockgate::policy::route::Target> {
                route.with(|slot| $crate::route::export::decide(slot, subject))
            }
            fn assign(
                batch: $crate::bindings::types::Batch,
            ) -> $crate::bindings::route::exports::lockgate::policy::route::Assignment {
                route.with(|slot| $crate::route::export::assign(slot, batch))
            }
        }
        $crate::bindings::route::export_route!($component with_types_in $crate::bindings::route);
    };
    (notify, $component:ident) => {
        impl $crate::bindings::notify::exports::lockgate::policy::notify::Guest for $component {
            fn compose(
                event: $crate::bindings::notify::exports::lockgate::policy::notify::Event,
            ) -> ::std::vec::Vec<$crate::bindings::notify::exports::lockgate::policy::notify::Message> {
                notify.with(|slot| $crate::notify::export::compose(slot, event))
            }
        }
        $crate::bindings::notify::export_notify!($component with_types_in $crate::bindings::notify);
    };
}

/// Where a component keeps its configured plugin between calls.
#[derive(Debug)]
pub struct Slot<T>(RefCell<Option<T>>);

impl<T> Slot<T> {
    /// Nothing configured yet.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(RefCell::new(None))
    }

    /// Reads the settings and keeps what `make` makes of them.
    pub fn configure<S: DeserializeOwned>(
        &self,
        settings: &str,
        make: impl FnOnce(S) -> Result<T, String>,
    ) -> Result<(), String> {
        let settings = serde_json::from_str(settings).map_err(|error| format!("the settings do not fit: {error}"))?;
        *self.0.borrow_mut() = Some(make(settings)?);
        Ok(())
    }

    /// Lends the plugin to one call.
    pub fn lend<R>(&self, call: impl FnOnce(&mut T) -> R) -> R {
        call(self.0.borrow_mut().as_mut().expect("the host configures a plugin before it calls it"))
    }
}
