//! Memory and tables of an instance: what is asked for beyond the limit ends the call, naming limit and wish.

use lockgate_core::fault::Fault;
use lockgate_core::limits::Limits;
use wasmtime::ResourceLimiter;

use super::Refused;

#[derive(Debug)]
pub(crate) struct Memory {
    memory_limit: u64,
    memory: u64,
    table_limit: u64,
    table: u64,
}

impl Memory {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self { memory_limit: limits.memory_bytes, memory: 0, table_limit: limits.table_elements, table: 0 }
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.memory.saturating_add(desired.saturating_sub(current) as u64);
        if wanted > self.memory_limit {
            return Err(Refused(Fault::Memory { limit: self.memory_limit, wanted }).into());
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.memory = wanted;
        Ok(true)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.table.saturating_add(desired.saturating_sub(current) as u64);
        if wanted > self.table_limit {
            return Err(Refused(Fault::Table { limit: self.table_limit, wanted }).into());
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.table = wanted;
        Ok(true)
    }
}
