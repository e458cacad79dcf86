//! Who sees which provenance entry, by core's table.

use lockgate_core::claim::Aggregate;
use lockgate_core::command::Work;
use lockgate_core::provenance::ChainedEntry;
use lockgate_core::viewer::Viewer;
use lockgate_core::visibility::{self, Party};

use super::world::State;

/// The entry as the viewer sees it, if it does.
pub(super) fn entry(entry: &ChainedEntry, viewer: &Viewer, state: &State) -> Option<ChainedEntry> {
    let own = viewer.role.partner();
    let party = match own {
        None => Party::Operator,
        Some(own) => match state.aggregates.get(&Work::Transfer(entry.transfer)) {
            Some(Aggregate::Transfer(it)) if it.sender == own => Party::Sender,
            Some(_) => Party::Receiver,
            None => return None,
        },
    };
    let foreign = entry.entry.consignment.is_some_and(|id| match state.aggregates.get(&Work::Consignment(id)) {
        Some(Aggregate::Consignment(it)) => Some(it.receiver) != own,
        _ => true,
    });
    if party == Party::Receiver && foreign {
        return None;
    }
    let seen = visibility::seen(entry.entry.clone(), party)?;
    Some(ChainedEntry { entry: seen, ..entry.clone() })
}
