//! Transfers.

use proptest::prelude::*;
use uuid::Uuid;

use super::{at, check, decision, hold, payload, stamp, verdicts};
use crate::claim::Aggregate;
use crate::consignment::ConsignmentState;
use crate::finding::Verdict;
use crate::hold::OnRelease;
use crate::id::PartnerId;
use crate::policy::Side;
use crate::state::transfer::{Judgement, TransferMove, apply, roll_up};
use crate::transfer::{Transfer, TransferState};

fn transfer() -> Transfer {
    Transfer::announced(PartnerId::from_uuid(Uuid::new_v4()), vec![], "a.csv", "text/csv", at())
}

#[derive(Debug, Clone, Copy)]
enum Wanted {
    Receive,
    Judge(Verdict, bool),
    Poison,
    Release,
    Refuse,
    Expire,
    Cancel,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    prop_oneof![
        Just(Wanted::Receive),
        (verdicts(), any::<bool>()).prop_map(|(verdict, masked)| Wanted::Judge(verdict, masked)),
        Just(Wanted::Poison),
        Just(Wanted::Release),
        Just(Wanted::Refuse),
        Just(Wanted::Expire),
        Just(Wanted::Cancel),
    ]
}

fn judge(transfer: &Transfer, verdict: Verdict, masked: bool) -> TransferMove {
    let outcome = if masked { Some(payload()) } else { transfer.source.clone() };
    TransferMove::Judge(Box::new(Judgement {
        decision: decision(transfer.id, Side::Inbound, verdict),
        outcome: outcome.filter(|_| verdict != Verdict::Reject),
        discards: vec![],
        hold: (verdict == Verdict::Hold).then(|| hold(OnRelease::Promote)),
        reason: (verdict == Verdict::Reject).then(|| "no".to_owned()),
    }))
}

fn make(transfer: &Transfer, wanted: Wanted) -> TransferMove {
    let reason = "because".to_owned();
    match wanted {
        Wanted::Receive => TransferMove::Receive(payload()),
        Wanted::Judge(verdict, masked) => judge(transfer, verdict, masked),
        Wanted::Poison => TransferMove::Poison(hold(OnRelease::JudgeAgain)),
        Wanted::Release => TransferMove::Release { reason },
        Wanted::Refuse => TransferMove::Refuse { reason },
        Wanted::Expire => TransferMove::Expire,
        Wanted::Cancel => TransferMove::Cancel { reason },
    }
}

proptest! {
    #[test]
    fn any_order_of_moves_keeps_the_promises(moves in proptest::collection::vec(wanted(), 0..20)) {
        let mut transfer = transfer();
        let mut masked_objects = vec![];
        let (mut promoted, mut discarded) = (vec![], vec![]);
        for wanted in moves {
            let terminal = matches!(
                transfer.state,
                TransferState::Rejected | TransferState::Cancelled | TransferState::Expired | TransferState::Finished
            );
            let Ok(change) = apply(&transfer, make(&transfer, wanted), &stamp()) else { continue };
            prop_assert!(!terminal, "{:?} left {:?}", wanted, transfer.state);
            let Aggregate::Transfer(next) = change.next().clone() else { panic!("a transfer stays one") };
            check(transfer.version, &change, next.state == TransferState::Received);
            prop_assert_eq!(next.state == TransferState::Held, next.hold.is_some());
            prop_assert_eq!(next.state == TransferState::Accepted, !change.consignments().is_empty());
            prop_assert_eq!(next.state == TransferState::Accepted, next.released.is_some());
            prop_assert!(!change.entries().is_empty());
            if let Some(candidate) = next.candidate.as_ref().filter(|it| Some(it.id) != next.source.as_ref().map(|it| it.id)) {
                masked_objects.push(candidate.id);
            }
            promoted.extend_from_slice(change.promotes());
            discarded.extend_from_slice(change.discards());
            transfer = next;
        }
        // Every masked candidate was released, still waits, or was discarded; and never the source.
        for object in masked_objects {
            let kept = [&transfer.candidate, &transfer.released].iter().any(|it| it.as_ref().is_some_and(|it| it.id == object));
            prop_assert!(promoted.contains(&object));
            prop_assert!(kept != discarded.contains(&object), "{object} is both kept and discarded, or neither");
        }
        prop_assert!(transfer.source.is_none_or(|source| !discarded.contains(&source.id)));
    }
}

#[test]
fn a_transfer_finishes_with_its_last_consignment_and_reopens_with_a_redrive() {
    let accepted = Transfer { state: TransferState::Accepted, ..transfer() };
    let state = |states: &[ConsignmentState], transfer: &Transfer| {
        roll_up(transfer, states, &stamp()).map(|change| match change.next() {
            Aggregate::Transfer(next) => next.state,
            other => panic!("{other:?}"),
        })
    };
    use ConsignmentState::{Delivered, Rejected, Released};
    assert_eq!(state(&[Delivered, Released], &accepted), None);
    assert_eq!(state(&[Delivered, Rejected], &accepted), Some(TransferState::Finished));
    assert_eq!(state(&[], &accepted), None);
    let finished = Transfer { state: TransferState::Finished, ..transfer() };
    assert_eq!(state(&[Delivered, Released], &finished), Some(TransferState::Accepted));
    assert_eq!(state(&[Delivered, Rejected], &finished), None);
}
