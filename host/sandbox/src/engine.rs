//! The engine: one profile for everything untrusted, in the serving process and in the compile child alike.

mod ticker;

use std::hash::{DefaultHasher, Hash, Hasher};

use lockgate_core::limits::Limits;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy};

pub(crate) use ticker::{TICK, Ticker};

/// Core instances in one component; Python components hold 38.
const CORE_INSTANCES: u32 = 64;
const MEMORIES: u32 = 4;
const TABLES: u32 = 32;

/// The engine that runs plugins: `instances` at the same time, from a pool.
pub(crate) fn serving(instances: u32) -> wasmtime::Result<Engine> {
    let ceiling = Limits::ceiling();
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(4))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_component_instance_size(1024 * 1024)
        .max_memory_size(to_usize(ceiling.memory_bytes))
        .table_elements(to_usize(ceiling.table_elements))
        // Up to here pages are zeroed in place when an instance is dropped, which is cheaper than faulting them in anew.
        .linear_memory_keep_resident(512 * 1024)
        .table_keep_resident(64 * 1024)
        .max_unused_warm_slots(instances / 4)
        .pagemap_scan(Enabled::Auto);
    let mut config = profile();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// The engine of the compile child: it runs nothing, so it reserves no pool.
pub(crate) fn compiling() -> wasmtime::Result<Engine> {
    let mut config = profile();
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(&config)
}

/// A number that differs between engines whose compiled components do not fit each other.
pub(crate) fn compatibility(engine: &Engine) -> u64 {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.finish()
}

/// What decides over the compiled code; whatever is not needed is off, because it is attack surface.
fn profile() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(to_usize(Limits::default().stack_bytes))
        .memory_init_cow(true)
        .wasm_simd(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false);
    config
}

fn to_usize(limit: u64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}
