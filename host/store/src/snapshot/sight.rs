//! What a viewer sees of a row that it may see: rows are shared by two sides, some of their columns are not.
//!
//! Receivers do not see what the sender's side found or whom else it addressed; senders see of a consignment how it
//! stands and why it ended, not what the receiver's side found or where it goes.

use lockgate_core::consignment::Consignment;
use lockgate_core::provenance::EntryKind;
use lockgate_core::transfer::Transfer;
use lockgate_core::viewer::Role;

use crate::row::ProvenanceRow;

/// A transfer; its sender and operators see all of it.
pub(super) fn transfer(role: Role, it: Transfer) -> Transfer {
    match role.partner() {
        Some(partner) if partner != it.sender => Transfer {
            receivers: it.receivers.into_iter().filter(|receiver| *receiver == partner).collect(),
            source: None,
            candidate: None,
            released: None,
            pins: vec![],
            facts: vec![],
            planned: vec![],
            hold: None,
            idempotency_key: None,
            ..it
        },
        _ => it,
    }
}

/// A consignment; its receiver and operators see all of it.
pub(super) fn consignment(role: Role, it: Consignment) -> Consignment {
    match role.partner() {
        Some(partner) if partner != it.receiver => {
            Consignment { destinations: vec![], candidate: None, released: None, pins: vec![], hold: None, ..it }
        }
        _ => it,
    }
}

/// A provenance entry; of a consignment's, the sender sees that it happened, and the reason where both sides may read
/// it.
pub(super) fn entry(role: Role, it: ProvenanceRow) -> ProvenanceRow {
    let viewer = role.partner().map(|partner| partner.uuid());
    if viewer.is_none() || it.consignment.is_none() || viewer == it.receiver {
        return it;
    }
    let shared = [EntryKind::Rejected, EntryKind::Refused].iter().any(|kind| kind.name() == it.kind);
    let reason = it.details.get("reason").filter(|_| shared).cloned();
    let details = reason.map_or_else(|| serde_json::json!({}), |reason| serde_json::json!({ "reason": reason }));
    ProvenanceRow { delivery: None, details, ..it }
}
