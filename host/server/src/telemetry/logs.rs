//! Log lines: a sentence with fields, as JSON for machines or pretty for people, on standard error.

use std::io::IsTerminal;

use anyhow::Context;
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::{LogFormat, Telemetry as Settings};

/// The layer that writes log lines.
pub(super) fn layer<S>(settings: &Settings) -> anyhow::Result<Box<dyn Layer<S> + Send + Sync>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let filter = EnvFilter::builder()
        .parse(&settings.log)
        .with_context(|| format!("`telemetry.log` cannot be read: `{}`", settings.log))?;
    Ok(match settings.format {
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(true)
            .with_writer(std::io::stderr)
            .with_filter(filter)
            .boxed(),
        LogFormat::Pretty => {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            fmt::layer().with_ansi(colours).with_target(false).with_writer(std::io::stderr).with_filter(filter).boxed()
        }
    })
}
