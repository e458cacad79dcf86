//! What an installation decides about its sandbox; everything about a single call is in its binding's limits.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lockgate_core::ports::SecretBytes;
use lockgate_core::time::{Clock, Timestamp};

/// Settings of a [`crate::Sandbox`].
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Threads that run plugins; one a core.
    pub threads: usize,
    /// Further threads that only serve owners of whom nothing runs, so that long calls of some never lock out others.
    pub reserve_threads: usize,
    /// Instances that may live at the same time.
    pub instances: u32,
    /// Calls of one owner that may wait; the next is `Busy`.
    pub waiting_per_owner: usize,
    /// Calls of all owners that may wait.
    pub waiting: usize,
    /// The largest component in bytes.
    pub component_bytes: u64,
    /// How components are compiled.
    pub compiler: Compiler,
    /// Where compiled components are kept between starts; nowhere when absent.
    pub cache: Option<PathBuf>,
    /// Authenticates cached files; random for each process when absent, so that its files are of no use to others.
    pub cache_key: Option<SecretBytes>,
    /// Compiled components that are kept in memory.
    pub prepared: usize,
    /// How often and how many instances are used again.
    pub reuse: Reuse,
    /// When a binding is quarantined.
    pub quarantine: QuarantineRule,
    /// What quarantine reads the time from.
    pub clock: Arc<dyn Clock>,
}

/// The compile child and its limits.
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The program: a component on its standard input, the compiled form on its standard output.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// After this it is killed.
    pub deadline: Duration,
    /// CPU time that it may use, in whole seconds.
    pub cpu: Duration,
    /// Address space that it may use, in bytes.
    pub address_space: u64,
    /// The largest compiled form in bytes.
    pub output_bytes: u64,
}

/// Bounds of instance reuse; only bindings whose plugin judges each record alone take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reuse {
    /// Sessions that one instance may serve.
    pub sessions: u32,
    /// Idle instances kept for one binding and pair of partners.
    pub idle: usize,
    /// Idle instances kept in all.
    pub idle_in_all: usize,
}

/// A binding that faults `faults` times within `window` is quarantined for `rest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantineRule {
    /// How many faults.
    pub faults: usize,
    /// Within which time.
    pub window: Duration,
    /// For how long.
    pub rest: Duration,
}

const MIB: u64 = 1024 * 1024;

impl SandboxConfig {
    /// Defaults of an installation whose compile child is `program` with `arguments`.
    pub fn new(program: PathBuf, arguments: Vec<OsString>) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            threads: cores,
            reserve_threads: 1,
            instances: 256,
            waiting_per_owner: 256,
            waiting: 4_096,
            component_bytes: 32 * MIB,
            compiler: Compiler {
                program,
                arguments,
                deadline: Duration::from_secs(120),
                cpu: Duration::from_secs(120),
                address_space: 4_096 * MIB,
                output_bytes: 256 * MIB,
            },
            cache: None,
            cache_key: None,
            prepared: 512,
            reuse: Reuse { sessions: 128, idle: cores, idle_in_all: 128 },
            quarantine: QuarantineRule { faults: 5, window: Duration::from_secs(60), rest: Duration::from_secs(300) },
            clock: Arc::new(SystemClock),
        }
    }

    /// The same with this very program's subcommand `compile` as compile child.
    pub fn with_own_compiler() -> std::io::Result<Self> {
        Ok(Self::new(std::env::current_exe()?, vec!["compile".into()]))
    }
}

#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now_utc()
    }
}
