//! Where receivers fetch what is too large to be pushed.

use lockgate_core::id::TransferId;

/// The URL of a transfer's payload at the API, for whoever may read it.
pub(crate) fn payload_url(public_url: &str, transfer: TransferId) -> String {
    format!("{}/transfers/{transfer}/payload", public_url.trim_end_matches('/'))
}
