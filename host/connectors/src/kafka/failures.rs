//! What a producer heard about its brokers while nobody asked: a login that they refuse is told to nobody else, requests
//! only run out of time.

use std::sync::{Arc, Mutex, PoisonError};

use lockgate_core::delivery::{Answer, Cause};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::answer::failed;

/// The context of a producer for destinations, shared with whoever asks what it heard.
#[derive(Debug, Clone, Default)]
pub(super) struct Failures {
    last: Arc<Mutex<Option<(RDKafkaErrorCode, String)>>>,
}

impl Failures {
    /// Begins anew: what was heard before may be over.
    pub(super) fn forget(&self) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Why the brokers do not speak with us, if they said so since the last question.
    pub(super) fn refusal(&self) -> Option<Answer> {
        let (code, reason) = self.last.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(match code {
            RDKafkaErrorCode::Authentication => {
                Answer::refused(Cause::Unauthorized, format!("the Kafka brokers refuse the login: {reason}"))
            }
            _ => failed(format!("no TLS with the Kafka brokers: {reason}")),
        })
    }
}

impl ClientContext for Failures {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(kafka.facility = facility, kafka.level = ?level, "Kafka destination: {message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(code @ (RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL)) = error.rdkafka_error_code() {
            let reason = reason.chars().take(300).collect();
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((code, reason));
        }
    }
}
