//! Looks values up in a table that the binding grants.

use crate::batch::column;

/// The value of each key in `table`, or nothing.
pub fn find<K: AsRef<[u8]>>(table: &str, keys: &[K]) -> Vec<Option<String>> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::imports::lookup::find(table, &column(keys));
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::with(|host| host.find(table, &column(keys)))
}
