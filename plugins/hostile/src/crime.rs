//! The crimes, by name.

use serde::Deserialize;

/// What the settings say.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What to do.
    pub crime: Crime,
    /// How much of it.
    #[serde(default)]
    pub amount: Option<usize>,
    /// At which record.
    #[serde(default = "third")]
    pub at: u64,
}

impl Settings {
    pub(crate) fn amount(&self, default: usize) -> usize {
        self.amount.unwrap_or(default)
    }
}

fn third() -> u64 {
    3
}

/// What the guest does. Unless a line says otherwise, when it is called with work in any hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Crime {
    /// Behaves: no findings, no edits, no targets, no messages.
    None,

    // Time
    /// Loops without end in the guest.
    Loop,
    /// Loops without end once the record `at` comes.
    LoopAtRecord,
    /// Loops without end in `configure`.
    LoopInConfigure,
    /// Loops without end in `finish` (validate, mask).
    LoopInFinish,
    /// Calls `log` without end, with empty lines.
    LoopLog,
    /// Calls `detect.scan` without end on `amount` bytes (1 MiB): all time is spent inside the host.
    LoopDetect,
    /// Calls `detect.scan-batch` without end.
    LoopScanBatch,

    // Memory and stack
    /// Allocates and touches memory until it gets no more.
    MemoryBomb,
    /// Recurses without end.
    StackOverflow,
    /// Recurses without end, with arrays on the stack that a Rust guest keeps in its own memory.
    OwnStackOverflow,
    /// Fills `amount` bytes (8 MiB) of heap with a pattern and behaves otherwise.
    Paint,
    /// Grows memory by `amount` bytes (8 MiB) and looks through all of it for the pattern of `paint`: a `hold`
    /// finding `paint-seen` when another's is there, a `note` finding `paint-not-seen` when not (validate, mask).
    ReadPaint,
    /// A `note` finding `remembered` for every transfer that this instance saw before (validate, mask).
    Remember,

    // Traps
    /// Panics at the record `at`.
    TrapAtRecord,
    /// Panics in `configure`.
    PanicInConfigure,
    /// Panics in `finish` (validate, mask).
    TrapInFinish,
    /// Aborts.
    Abort,

    // Floods
    /// Writes `amount` log lines (1,000,000) of 100 bytes, then behaves.
    LogFlood,
    /// Writes one log line of `amount` bytes (16 MiB).
    HugeLogLine,
    /// Makes `amount` cheap host calls (10,000,000), then behaves.
    HostCallFlood,
    /// Answers `amount` findings (1,000,000) (validate, mask).
    FindingsFlood,
    /// Answers a finding whose message has `amount` bytes (16 MiB) (validate, mask).
    HugeMessage,
    /// Answers `amount` facts (1,000,000) (validate).
    FactsFlood,
    /// Answers an edit that inserts `amount` bytes (1 GiB) (mask).
    HugeOutput,
    /// Answers `amount` empty edits (10,000,000) at one place (mask).
    EditsFlood,
    /// Answers `amount` targets (1,000,000) (route).
    TargetsFlood,
    /// Answers `amount` messages (1,000,000) (notify).
    MessagesFlood,
    /// Fails `configure` with a sentence of `amount` bytes (1 GiB).
    HugeConfigureError,

    // Edits that break the contract (mask)
    /// The second edit begins inside the first.
    EditsOverlap,
    /// The second edit lies before the first.
    EditsBackwards,
    /// An edit that ends before it starts.
    EditsInverted,
    /// An edit that ends behind the batch.
    EditsPastEnd,
    /// An edit from inside the first record into the second.
    EditsSplitRecord,
    /// An edit that puts a newline into the first record.
    EditsSmuggleNewline,
    /// An edit that puts a comma and a quote into the first record.
    EditsSmuggleCell,
    /// Three starts, one end.
    EditsUneven,
    /// Replacement ends that run backwards.
    BadReplacementEnds,
    /// Replacement ends behind the replacements.
    ReplacementsPastEnd,

    // Keep (mask)
    /// Keeps the whole batch every time: never progresses.
    KeepAll,
    /// Keeps more than the batch has.
    KeepTooMuch,
    /// Edits the last byte and keeps it as well.
    KeepEdited,

    // Answers that make no sense
    /// A finding at a record and bytes that do not exist (validate, mask).
    BadPlace,
    /// A finding whose message is not UTF-8 (validate, mask).
    BadUtf8,
    /// A list that lies outside of the memory (mask).
    WildPointer,
    /// Facts with empty, absurd and repeated names (validate).
    BadFacts,
    /// A receiver that nobody agreed upon (route).
    UnknownReceiver,
    /// Sets that point behind the targets (route).
    BadSets,
    /// A message for a channel that the binding does not have (notify).
    UnknownChannel,

    // Host calls that make no sense
    /// `detect` for kinds that do not exist.
    UnknownKind,
    /// `detect.scan-batch` in `configure`, when there is no batch.
    ScanOutsideBatch,
    /// `tokenize` with offsets that run backwards and past the end.
    BadColumn,
    /// `tokenize` by a scheme that does not exist.
    UnknownScheme,
    /// `lookup` in a table that nobody granted.
    UnknownTable,
}
