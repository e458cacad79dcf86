//! What a producer heard about its brokers while nobody asked: a login that they refuse is told to nobody else, requests
//! only run out of time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lockgate_core::delivery::{Answer, Cause};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::answer::failed;

/// The context of a producer for destinations, shared with whoever asks what it heard.
#[derive(Debug, Clone, Default)]
pub(super) struct Failures {
    heard: Arc<Mutex<Heard>>,
    /// What came before that many is not for whoever holds this.
    since: u64,
}

#[derive(Debug, Default)]
struct Heard {
    count: u64,
    last: Option<(RDKafkaErrorCode, String)>,
}

impl Failures {
    /// The same from now on: what was heard before may be over, and belongs to those who were sending then.
    pub(super) fn afresh(&self) -> Self {
        Self { heard: Arc::clone(&self.heard), since: self.heard().count }
    }

    /// Why the brokers do not speak with us, if they said so since then. librdkafka repeats itself every 30 s only: what
    /// hears nothing meanwhile has run out of time, which is worth another try.
    pub(super) fn refusal(&self) -> Option<Answer> {
        let heard = self.heard();
        let (code, reason) = heard.last.as_ref().filter(|_| heard.count > self.since)?;
        Some(match code {
            RDKafkaErrorCode::Authentication => {
                Answer::refused(Cause::Unauthorized, format!("the Kafka brokers refuse the login: {reason}"))
            }
            _ => failed(format!("no TLS with the Kafka brokers: {reason}")),
        })
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Failures {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(kafka.facility = facility, kafka.level = ?level, "Kafka destination: {message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(code @ (RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL)) = error.rdkafka_error_code() {
            let reason = reason.chars().take(300).collect();
            let mut heard = self.heard();
            heard.count += 1;
            heard.last = Some((code, reason));
        }
    }
}
