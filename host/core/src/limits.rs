//! Limits: every sandboxed call has all of them, by type.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What one binding may use. There is no sandbox without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Linear memory of an instance, in bytes.
    pub memory_bytes: u64,
    /// CPU time of one call, before what the input's size adds.
    #[serde(with = "millis", rename = "cpu_ms_per_call")]
    pub cpu_per_call: Duration,
    /// CPU time that each MiB of input adds to a call.
    #[serde(with = "millis", rename = "cpu_ms_per_mib")]
    pub cpu_per_mib: Duration,
    /// Wall-clock time of one call, host calls included.
    #[serde(with = "millis", rename = "deadline_ms")]
    pub deadline: Duration,
    /// Size of one answer, in bytes.
    pub output_bytes: u64,
    /// Edits in one answer.
    pub edits: u64,
    /// Findings in one answer.
    pub findings: u64,
    /// Logged bytes per payload.
    pub log_bytes: u64,
    /// Host calls per call.
    pub host_calls: u64,
    /// Elements over all tables of an instance.
    pub table_elements: u64,
    /// Guest stack, in bytes; the same for all instances of an engine, so a binding cannot change it.
    #[serde(skip, default = "stack_bytes")]
    pub stack_bytes: u64,
}

const MIB: u64 = 1024 * 1024;

const fn stack_bytes() -> u64 {
    512 * 1024
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 * MIB,
            cpu_per_call: Duration::from_millis(200),
            cpu_per_mib: Duration::from_millis(200),
            deadline: Duration::from_secs(5),
            output_bytes: 8 * MIB,
            edits: 200_000,
            findings: 1_000,
            log_bytes: 64 * 1024,
            host_calls: 10_000,
            table_elements: 10_000,
            stack_bytes: stack_bytes(),
        }
    }
}

impl Limits {
    /// The most that any binding may ask for.
    pub const fn ceiling() -> Self {
        Self {
            memory_bytes: 256 * MIB,
            cpu_per_call: Duration::from_secs(10),
            cpu_per_mib: Duration::from_secs(10),
            deadline: Duration::from_secs(60),
            output_bytes: 32 * MIB,
            edits: 2_000_000,
            findings: 10_000,
            log_bytes: MIB,
            host_calls: 1_000_000,
            table_elements: 100_000,
            stack_bytes: stack_bytes(),
        }
    }

    /// The CPU budget of a call with that many bytes of input.
    pub fn cpu_for(&self, input_bytes: u64) -> Duration {
        // In whole numbers: this runs before every call, and a float's detour costs more than the rest of it.
        let nanos = u64::try_from(self.cpu_per_mib.as_nanos()).unwrap_or(u64::MAX);
        let for_input =
            u64::try_from(u128::from(nanos) * u128::from(input_bytes) / u128::from(MIB)).unwrap_or(u64::MAX);
        self.cpu_per_call.saturating_add(Duration::from_nanos(for_input))
    }

    /// The name of the first limit above the ceiling, if any.
    pub fn above_ceiling(&self) -> Option<&'static str> {
        let ceiling = Self::ceiling();
        [
            ("memory_bytes", self.memory_bytes > ceiling.memory_bytes),
            ("cpu_ms_per_call", self.cpu_per_call > ceiling.cpu_per_call),
            ("cpu_ms_per_mib", self.cpu_per_mib > ceiling.cpu_per_mib),
            ("deadline_ms", self.deadline > ceiling.deadline),
            ("output_bytes", self.output_bytes > ceiling.output_bytes),
            ("edits", self.edits > ceiling.edits),
            ("findings", self.findings > ceiling.findings),
            ("log_bytes", self.log_bytes > ceiling.log_bytes),
            ("host_calls", self.host_calls > ceiling.host_calls),
            ("table_elements", self.table_elements > ceiling.table_elements),
        ]
        .into_iter()
        .find_map(|(name, above)| above.then_some(name))
    }
}

mod millis {
    //! Durations as whole milliseconds, with the unit in the field's name.

    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_input_adds_to_the_cpu_budget_in_proportion() {
        let limits = Limits {
            cpu_per_call: Duration::from_millis(7),
            cpu_per_mib: Duration::from_millis(200),
            ..Limits::default()
        };
        assert_eq!(limits.cpu_for(0), Duration::from_millis(7));
        assert_eq!(limits.cpu_for(MIB / 2), Duration::from_millis(107));
        assert_eq!(limits.cpu_for(3 * MIB), Duration::from_millis(607));
        assert!(limits.cpu_for(u64::MAX) > Duration::from_secs(1_000_000), "huge input does not wrap around");
    }
}
