//! Answers: what a destination or channel said to one attempt, and the class of what went wrong.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a destination or channel answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Answer {
    /// Taken; `receipt` is what the other side gave as proof (status, ETag, topic-partition-offset).
    Taken {
        /// The proof.
        receipt: String,
    },
    /// Failed, worth another try.
    Failed {
        /// The class of what happened.
        #[serde(default)]
        cause: Cause,
        /// What happened, in one sentence, without payload or secrets.
        error: String,
        /// When the other side asked to come back.
        retry_after: Option<Duration>,
        /// The head of its answer, if it gave one.
        #[serde(default)]
        response: Option<Response>,
    },
    /// Refused for good (a 410, a wrong credential): another try would not help.
    Refused {
        /// The class of what happened.
        #[serde(default)]
        cause: Cause,
        /// What happened.
        error: String,
        /// The destination or channel itself is gone and is disabled.
        disable: bool,
        /// The head of its answer, if it gave one.
        #[serde(default)]
        response: Option<Response>,
    },
}

impl Answer {
    /// Worth another try.
    pub fn failed(cause: Cause, error: impl Into<String>) -> Self {
        Self::Failed { cause, error: error.into(), retry_after: None, response: None }
    }

    /// Another try would not help, but the destination itself is all right.
    pub fn refused(cause: Cause, error: impl Into<String>) -> Self {
        Self::Refused { cause, error: error.into(), disable: false, response: None }
    }
}

impl Answer {
    /// Whether the attempt shows the destination in health; nothing where it says nothing about it. A receiver that
    /// refuses one payload is well.
    pub const fn health(&self) -> Option<bool> {
        match self {
            Self::Taken { .. } => Some(true),
            Self::Failed { cause, .. } | Self::Refused { cause, .. } => match cause {
                Cause::Unreachable | Cause::TimedOut | Cause::ServerError | Cause::Throttled => Some(false),
                Cause::Unauthorized | Cause::Refused | Cause::Gone | Cause::Conflict => Some(true),
                _ => None,
            },
        }
    }
}

/// The head of what the other side answered: enough to find the request in its logs, never its body, which may quote
/// the payload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Headers that tell why, each shortened.
    pub headers: Vec<(String, String)>,
}

macro_rules! causes {
    ($($(#[doc = $doc:literal])+ $name:ident $text:literal;)*) => {
        /// Why deliveries fail, as classes that dead letters are counted and redriven by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        pub enum Cause {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)*
            /// None of these.
            #[default]
            #[serde(rename = "other")]
            Other,
        }

        impl Cause {
            /// The word in the store and in provenance.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* Self::Other => "other" }
            }
        }
    };
}

causes! {
    /// No connection could be made, or it broke.
    Unreachable "unreachable";
    /// The other side was too slow or said nothing.
    TimedOut "timed-out";
    /// The other side has troubles of its own (5xx).
    ServerError "server-error";
    /// The other side asked to come back later (429).
    Throttled "throttled";
    /// Our credentials were not accepted (401, 403).
    Unauthorized "unauthorized";
    /// The other side does not take this payload (other 4xx).
    Refused "refused";
    /// The other side says that the destination is gone (410).
    Gone "gone";
    /// Something else stands where the payload belongs.
    Conflict "conflict";
    /// The address must not be reached from here.
    NotAllowed "not-allowed";
    /// A setting or secret of the destination is missing or wrong.
    Misconfigured "misconfigured";
    /// The destination is disabled or does not exist any more.
    Disabled "disabled";
    /// Three hosts ended over it.
    HostsEnded "hosts-ended";
    /// The current policy does not let it out, or wants a person to look.
    Policy "policy";
    /// The payload could not be read on our side.
    OurTrouble "our-trouble";
}
