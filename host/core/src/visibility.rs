//! Visibility: who sees what of a transfer. One table, read by the store and the API and printed in the docs.
//!
//! Senders see that a consignment is held, refused or delivered, never the receiver's endpoints, findings or people.
//! Receivers see their own consignments, never the sender's findings, the unmasked source or the other receivers.

use serde_json::json;

use crate::provenance::{Actor, Entry, EntryKind};

/// What somebody is to a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Party {
    /// Runs the installation.
    Operator,
    /// Sent it.
    Sender,
    /// Receives one of its consignments; the other consignments are not there for it.
    Receiver,
}

/// How much of something is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sight {
    /// It is not there.
    Nothing,
    /// That it happened and when; not by whom, and no details.
    Summary,
    /// All of it.
    Full,
}

/// One line of the table for provenance entries.
#[derive(Debug, Clone, Copy)]
pub struct EntryRule {
    /// What happened.
    pub kind: EntryKind,
    /// Whether the line is about entries at a consignment, or at the transfer itself.
    pub at_consignment: bool,
    /// What the sender sees.
    pub sender: Sight,
    /// What the receiver of the consignment sees.
    pub receiver: Sight,
}

/// One line of the table for things.
#[derive(Debug, Clone, Copy)]
pub struct ThingRule {
    /// The thing, as the schema names it.
    pub thing: &'static str,
    /// What the sender sees.
    pub sender: Sight,
    /// What the receiver sees.
    pub receiver: Sight,
}

use Sight::{Full, Nothing, Summary};

const fn entry(kind: EntryKind, at_consignment: bool, sender: Sight, receiver: Sight) -> EntryRule {
    EntryRule { kind, at_consignment, sender, receiver }
}

const fn thing(thing: &'static str, sender: Sight, receiver: Sight) -> ThingRule {
    ThingRule { thing, sender, receiver }
}

/// Provenance entries; what is not in the table only operators see. `notified` is not: it is seen by whoever's binding
/// sent the message, which only the store knows. Nor is `channel-disabled`, seen by whose channel it is.
pub const ENTRIES: &[EntryRule] = &[
    entry(EntryKind::Announced, false, Full, Nothing),
    entry(EntryKind::Received, false, Full, Nothing),
    entry(EntryKind::Claimed, false, Full, Nothing),
    entry(EntryKind::Judged, false, Full, Nothing),
    entry(EntryKind::Routed, false, Full, Nothing),
    entry(EntryKind::Held, false, Full, Nothing),
    entry(EntryKind::Released, false, Full, Nothing),
    entry(EntryKind::Refused, false, Full, Nothing),
    entry(EntryKind::Rejected, false, Full, Nothing),
    entry(EntryKind::Accepted, false, Full, Nothing),
    entry(EntryKind::Cancelled, false, Full, Nothing),
    entry(EntryKind::Expired, false, Full, Nothing),
    entry(EntryKind::Fetched, false, Full, Nothing),
    entry(EntryKind::UrlCreated, false, Full, Nothing),
    entry(EntryKind::UrlUsed, false, Full, Nothing),
    entry(EntryKind::UrlRevoked, false, Full, Nothing),
    entry(EntryKind::Finished, false, Full, Nothing),
    entry(EntryKind::Claimed, true, Nothing, Full),
    entry(EntryKind::Judged, true, Nothing, Full),
    entry(EntryKind::Held, true, Summary, Full),
    entry(EntryKind::Released, true, Summary, Full),
    entry(EntryKind::Refused, true, Summary, Full),
    entry(EntryKind::Rejected, true, Summary, Full),
    entry(EntryKind::Accepted, true, Summary, Full),
    entry(EntryKind::AttemptFailed, true, Nothing, Full),
    entry(EntryKind::Delivered, true, Summary, Full),
    entry(EntryKind::DeadLettered, true, Summary, Full),
    entry(EntryKind::DestinationDisabled, true, Nothing, Full),
    entry(EntryKind::Redriven, true, Summary, Full),
    entry(EntryKind::Rekeyed, true, Nothing, Full),
    entry(EntryKind::Replayed, true, Summary, Full),
    entry(EntryKind::Fetched, true, Summary, Full),
    entry(EntryKind::UrlCreated, true, Nothing, Full),
    entry(EntryKind::UrlUsed, true, Nothing, Full),
    entry(EntryKind::UrlRevoked, true, Nothing, Full),
];

/// Things beside provenance. Operators see all of them but payload bytes, which are fetched by the receiver (what was
/// released to it) and the sender (what it sent) alone. Nobody sees secrets.
pub const THINGS: &[ThingRule] = &[
    thing("transfer", Full, Summary),
    thing("transfer.receivers", Full, Nothing),
    thing("transfer.source", Full, Nothing),
    thing("transfer.facts", Full, Nothing),
    thing("transfer.hold", Full, Nothing),
    thing("transfer.reason", Full, Nothing),
    thing("transfer.upload", Full, Nothing),
    thing("decision.inbound", Full, Nothing),
    thing("consignment", Summary, Full),
    thing("consignment.state", Full, Full),
    thing("consignment.reason", Full, Full),
    thing("consignment.hold", Nothing, Full),
    thing("consignment.released", Nothing, Full),
    thing("decision.outbound", Nothing, Full),
    thing("delivery", Nothing, Full),
    thing("attempt", Nothing, Full),
    thing("redrive", Nothing, Full),
    thing("destination", Nothing, Full),
];

/// How much of an entry somebody sees.
pub fn of_entry(kind: EntryKind, at_consignment: bool, party: Party) -> Sight {
    let rule = ENTRIES.iter().find(|rule| rule.kind == kind && rule.at_consignment == at_consignment);
    match (party, rule) {
        (Party::Operator, _) => Full,
        (_, None) => Nothing,
        (Party::Sender, Some(rule)) => rule.sender,
        (Party::Receiver, Some(rule)) => rule.receiver,
    }
}

/// How much of a thing somebody sees.
pub fn of_thing(thing: &str, party: Party) -> Sight {
    let rule = THINGS.iter().find(|rule| rule.thing == thing);
    match (party, rule) {
        (Party::Operator, _) => Full,
        (_, None) => Nothing,
        (Party::Sender, Some(rule)) => rule.sender,
        (Party::Receiver, Some(rule)) => rule.receiver,
    }
}

/// The entry as that party sees it, if it does. A summary withholds details, people, hosts and trace; its link can then
/// be checked by operators only.
pub fn seen(entry: Entry, party: Party) -> Option<Entry> {
    match of_entry(entry.kind, entry.consignment.is_some(), party) {
        Nothing => None,
        Summary => Some(Entry {
            actor: Actor::Person("withheld".to_owned()),
            details: json!({}),
            trace_id: None,
            delivery: None,
            ..entry
        }),
        Full => Some(entry),
    }
}

#[cfg(test)]
mod tests;
