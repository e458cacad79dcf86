//! Settings of destinations: within bounds that no destination can harm others by.

use crate::destination::DestinationSettings;
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
