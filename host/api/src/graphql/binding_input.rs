//! Bindings as they are given: typed where GraphQL has types, JSON where the plugin's own schema rules.

use std::time::Duration;

use async_graphql::{Enum, InputObject, Json};
use lockgate_core::code::Code;
use lockgate_core::framing::Framing;
use lockgate_core::limits::Limits;
use lockgate_core::policy::Grant;
use lockgate_core::registrar::NewBinding;
use serde_json::json;

use super::channel::ChannelEvent;
use super::plugin::Hook;
use super::revision::FailureMode;
use super::scalars::Long;
use crate::failure::Failure;

/// One plugin version on one hook, with everything that it may do there.
#[derive(Debug, InputObject)]
pub(super) struct BindingInput {
    /// Its name, unique within the revision; findings begin with it.
    name: String,
    /// Where it runs.
    hook: Hook,
    /// The digest of the plugin version that runs, `sha256:...`.
    plugin: String,
    /// The plugin's settings; must fit the plugin's schema. None if nothing is said.
    settings: Option<Json<serde_json::Value>>,
    /// How the payload is cut for it; chunks of bytes if nothing is said.
    framing: Option<FramingInput>,
    /// What it may use; nothing if nothing is said.
    grants: Option<Vec<GrantInput>>,
    /// How much it may use; the usual limits where nothing is said.
    limits: Option<LimitsInput>,
    /// What follows when it fails to answer; the strictest of its hook if nothing is said.
    failure_mode: Option<FailureMode>,
    /// The media types of the payloads that it judges, such as `text/csv` or `image/*`; all if nothing is said. The media
    /// type is the sender's word: a rule that must hold for every file names none.
    media_types: Option<Vec<String>>,
    /// NOTIFY: the events for which it composes messages; all if nothing is said. The plugin is not asked about others.
    events: Option<Vec<ChannelEvent>>,
}

impl BindingInput {
    /// The binding in core's words.
    pub(super) fn read(self) -> Result<NewBinding, Failure> {
        let wrong = |what: &str, why: String| {
            Failure::new(Code::BindingInvalid, format!("binding `{}`: {what} cannot be used: {why}", self.name))
        };
        let plugin = self.plugin.parse().map_err(|error| wrong("the plugin's digest", format!("{error}")))?;
        let framing = self.framing.unwrap_or_default().read().map_err(|why| wrong("the framing", why))?;
        Ok(NewBinding {
            plugin,
            framing,
            name: self.name,
            hook: self.hook.into(),
            settings: self.settings.map_or_else(|| json!({}), |it| it.0),
            grants: self.grants.unwrap_or_default().into_iter().map(GrantInput::read).collect(),
            limits: self.limits.map(LimitsInput::read),
            failure_mode: self.failure_mode.map(Into::into),
            media_types: self.media_types.unwrap_or_default(),
            events: self.events.unwrap_or_default().into_iter().map(Into::into).collect(),
        })
    }
}

/// How a payload is cut into records.
#[derive(Debug, Default, InputObject)]
struct FramingInput {
    /// The framing.
    #[graphql(default_with = "FramingKind::Bytes")]
    kind: FramingKind,
    /// CSV: the delimiter, one ASCII character; a comma if nothing is said.
    delimiter: Option<String>,
    /// CSV: the quote, one ASCII character; a double quote if nothing is said.
    quote: Option<String>,
    /// CSV: whether the first record is a header; yes if nothing is said.
    header: Option<bool>,
    /// Lines, CSV and JSON: the longest record in bytes; 1 MiB if nothing is said.
    max_record: Option<u32>,
}

impl FramingInput {
    /// Options go through the framing's own reader, which knows the defaults and refuses what does not belong.
    fn read(self) -> Result<Framing, String> {
        let mut options = json!({ "kind": self.kind.name() });
        let given = [
            ("delimiter", self.delimiter.map(|it| json!(it))),
            ("quote", self.quote.map(|it| json!(it))),
            ("header", self.header.map(|it| json!(it))),
            ("max_record", self.max_record.map(|it| json!(it))),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                options[name] = value;
            }
        }
        serde_json::from_value(options).map_err(|error| error.to_string())
    }
}

/// The framings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
enum FramingKind {
    /// Chunks as they come.
    #[default]
    Bytes,
    /// Lines.
    Lines,
    /// CSV records.
    Csv,
    /// Top-level JSON values; a root array is split into its elements.
    Json,
    /// The whole payload as one record, up to 16 MiB.
    Whole,
}

impl FramingKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Lines => "lines",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Whole => "whole",
        }
    }
}

/// One thing that a plugin may use.
#[derive(Debug, InputObject)]
struct GrantInput {
    /// What.
    capability: Capability,
    /// Lookup: the names of the tables.
    tables: Option<Vec<String>>,
}

impl GrantInput {
    fn read(self) -> Grant {
        match self.capability {
            Capability::Detect => Grant::Detect,
            Capability::Tokenize => Grant::Tokenize,
            Capability::Lookup => Grant::Lookup { tables: self.tables.unwrap_or_default() },
        }
    }
}

/// What a plugin may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum Capability {
    /// Find personal data.
    Detect,
    /// Replace values by tokens under the owner's key.
    Tokenize,
    /// Look values up in the owner's tables.
    Lookup,
}

macro_rules! limits_input {
    ($($(#[$doc:meta])* $name:ident => $field:ident as $read:expr;)*) => {
        /// How much a plugin may use; what is absent is as usual, and nothing may exceed the installation's ceiling.
        #[derive(Debug, Default, InputObject)]
        struct LimitsInput {
            $($(#[$doc])* $name: Option<Long>,)*
        }

        impl LimitsInput {
            fn read(self) -> Limits {
                let mut limits = Limits::default();
                $(if let Some(given) = self.$name {
                    limits.$field = $read(given.0);
                })*
                limits
            }
        }
    };
}

limits_input! {
    /// Linear memory of an instance, in bytes.
    memory_bytes => memory_bytes as std::convert::identity;
    /// CPU time of one call in milliseconds, before what the input's size adds.
    cpu_ms_per_call => cpu_per_call as Duration::from_millis;
    /// CPU time in milliseconds that each MiB of input adds to a call.
    cpu_ms_per_mib => cpu_per_mib as Duration::from_millis;
    /// Wall-clock time of one call in milliseconds.
    deadline_ms => deadline as Duration::from_millis;
    /// Size of one answer, in bytes.
    output_bytes => output_bytes as std::convert::identity;
    /// Edits in one answer.
    edits => edits as std::convert::identity;
    /// Findings in one answer.
    findings => findings as std::convert::identity;
    /// Logged bytes per payload.
    log_bytes => log_bytes as std::convert::identity;
    /// Host calls per call.
    host_calls => host_calls as std::convert::identity;
    /// Elements over all tables of an instance.
    table_elements => table_elements as std::convert::identity;
}
