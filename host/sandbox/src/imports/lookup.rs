//! `lockgate:host/lookup`: values from the tables that the binding grants, in the versions that the session began with.

use std::sync::Arc;

use lockgate_core::plugin::CapabilityName;

use super::{Pace, fits, values};
use crate::contract::v1::host::lookup::Host;
use crate::contract::v1::host::types::Column;
use crate::guest::{State, refused};

impl Host for State {
    fn find(&mut self, table: String, keys: Column) -> wasmtime::Result<Vec<Option<String>>> {
        self.enter(Some(CapabilityName::Lookup))?;
        let Some(table) = self.powers.tables.get(&table).map(Arc::clone) else {
            let name = table.escape_debug();
            return Err(refused(format!("it looked into the table `{name}`, which its binding does not grant")).into());
        };
        let mut pace = Pace::default();
        let mut size = 0;
        let mut found = Vec::with_capacity(keys.ends.len());
        for key in values(&keys)? {
            let value = std::str::from_utf8(key).ok().and_then(|key| table.entries.get(key)).cloned();
            size += size_of::<Option<String>>() + value.as_ref().map_or(0, String::len);
            fits(self, size)?;
            pace.step(self, key.len())?;
            found.push(value);
        }
        Ok(found)
    }
}
