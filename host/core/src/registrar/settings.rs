//! Settings and options of destinations: within bounds that no destination can harm others by.

use crate::destination::options::{TUS_METADATA, unknown_placeholder};
use crate::destination::{DestinationSettings, HttpForm, HttpOptions, KafkaOptions, S3Options};
use crate::registrar::RegistrarError;

/// Checks how a destination wants to be treated.
pub(super) fn check(settings: &DestinationSettings) -> Result<(), RegistrarError> {
    let refuse = |field, why| Err(RegistrarError::Endpoint { field, why });
    if !(1..=256).contains(&settings.concurrent) {
        return refuse("concurrent", "give 1 to 256 attempts at once");
    }
    if settings.breaker_failures > 1_000 {
        return refuse("breakerFailures", "give 1 to 1000 failures in a row, or 0 for no breaker");
    }
    if !(1..=900).contains(&settings.breaker_pause_seconds) {
        return refuse("breakerPauseSeconds", "give 1 to 900 seconds");
    }
    match &settings.retries_seconds {
        Some(schedule) if !schedule.is_sensible() => {
            refuse("retriesSeconds", "give at most 20 pauses of at most a week each")
        }
        _ => Ok(()),
    }
}

/// What tus can carry: the payload as it is, and metadata that are not ours.
pub(super) fn http(options: &HttpOptions) -> Result<(), RegistrarError> {
    let Some(tus) = &options.tus else { return Ok(()) };
    if options.form != HttpForm::Raw {
        let why = "tus carries the payload as it is: leave the form out";
        return Err(RegistrarError::Endpoint { field: "form", why });
    }
    for (name, value) in &tus.metadata {
        template("metadata", value)?;
        let plain = name.bytes().all(|it| it.is_ascii_graphic() && it != b',');
        if !plain || !(1..=64).contains(&name.len()) || value.len() > 1_024 || TUS_METADATA.contains(&name.as_str()) {
            let why = "names have 1 to 64 characters without blanks and commas and are not ours (filename, filetype, \
                       idempotency-key, sha256, transfer, sender), values at most 1024";
            return Err(RegistrarError::Endpoint { field: "metadata", why });
        }
    }
    match tus.metadata.len() {
        0..=16 => Ok(()),
        _ => Err(RegistrarError::Endpoint { field: "metadata", why: "give at most 16" }),
    }
}

/// A prefix that can be filled, and tags that S3 takes.
pub(super) fn s3(prefix: &str, options: &S3Options) -> Result<(), RegistrarError> {
    template("prefix", prefix)?;
    let fits = |it: (&String, &String)| (1..=128).contains(&it.0.chars().count()) && it.1.chars().count() <= 256;
    if options.tags.len() > 10 || !options.tags.iter().all(fits) {
        let why = "give at most 10 tags, names of 1 to 128 and values of at most 256 characters";
        return Err(RegistrarError::Endpoint { field: "tags", why });
    }
    Ok(())
}

/// A key and headers that can be filled, and headers that are not ours.
pub(super) fn kafka(options: &KafkaOptions) -> Result<(), RegistrarError> {
    template("key", options.key.as_deref().unwrap_or_default())?;
    if let Some(sasl) = &options.sasl
        && (!(1..=256).contains(&sasl.user.len()) || sasl.user.chars().any(char::is_control))
    {
        return Err(RegistrarError::Endpoint { field: "user", why: "a user has 1 to 256 characters, none of control" });
    }
    for (name, value) in &options.headers {
        template("headers", value)?;
        let ours = ["ce_", "lockgate-", "content-type", "traceparent"].iter().any(|it| name.starts_with(it));
        if ours || !(1..=128).contains(&name.len()) || value.len() > 1_024 {
            let why =
                "names have 1 to 128 characters and are not ours (ce_, lockgate-, content-type), values at most 1024";
            return Err(RegistrarError::Endpoint { field: "headers", why });
        }
    }
    match options.headers.len() {
        0..=16 => Ok(()),
        _ => Err(RegistrarError::Endpoint { field: "headers", why: "give at most 16" }),
    }
}

fn template(field: &'static str, text: &str) -> Result<(), RegistrarError> {
    match unknown_placeholder(text) {
        None => Ok(()),
        Some(_) => Err(RegistrarError::Endpoint {
            field,
            why: "in braces stand sender, transfer, consignment, delivery, file, media-type, year, month and day alone",
        }),
    }
}
