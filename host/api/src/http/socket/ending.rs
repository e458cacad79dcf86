//! Why a connection ends, and what is said to its client about it.

use axum::Error;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::error::ProtocolError;

/// Why a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    /// The close code of the protocol, or of RFC 6455; none where nobody is there to hear it. 1006 is for those who
    /// heard none, and never sent.
    pub(super) code: Option<u16>,
    /// What to say with it.
    pub(super) reason: String,
}

impl Ending {
    pub(super) fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code: Some(code), reason: reason.into() }
    }

    /// The line is gone.
    pub(super) fn gone() -> Self {
        Self { code: None, reason: "The connection broke".to_owned() }
    }

    /// What came cannot be read.
    pub(super) fn unreadable(error: Error) -> Self {
        let Ok(error) = error.into_inner().downcast::<tungstenite::Error>() else { return Self::gone() };
        match *error {
            tungstenite::Error::Capacity(_) => Self::new(1009, "The message is too long: ask for less at once"),
            tungstenite::Error::Utf8(_) => Self::new(1007, "The message is not UTF-8"),
            tungstenite::Error::Protocol(
                ProtocolError::ResetWithoutClosingHandshake
                | ProtocolError::SendAfterClosing
                | ProtocolError::ReceivedAfterClosing,
            ) => Self::gone(),
            tungstenite::Error::Protocol(why) => Self::new(1002, format!("Protocol error: {why}")),
            _ => Self::gone(),
        }
    }
}
