//! Consignments.

use proptest::prelude::*;
use uuid::Uuid;

use super::{at, check, decision, hold, payload, stamp, verdicts};
use crate::claim::Aggregate;
use crate::consignment::{Consignment, ConsignmentState, DeliveryOrder};
use crate::delivery::DeliveryState;
use crate::finding::Verdict;
use crate::hold::OnRelease;
use crate::id::{ConsignmentId, DestinationId, PartnerId, TransferId};
use crate::policy::Side;
use crate::state::consignment::{ConsignmentMove, Judgement, apply, roll_up};
use crate::trace::TraceContext;

fn consignment() -> Consignment {
    Consignment {
        id: ConsignmentId::from_uuid(Uuid::new_v4()),
        version: 0,
        state: ConsignmentState::Pending,
        transfer: TransferId::from_uuid(Uuid::new_v4()),
        sender: PartnerId::from_uuid(Uuid::new_v4()),
        receiver: PartnerId::from_uuid(Uuid::new_v4()),
        destinations: vec![],
        candidate: None,
        released: None,
        pins: vec![],
        hold: None,
        reason: None,
        adoptions: 0,
        trace: TraceContext::default(),
        created_at: at(),
        updated_at: at(),
    }
}

fn order() -> DeliveryOrder {
    DeliveryOrder { destination: DestinationId::from_uuid(Uuid::new_v4()), ordered: false }
}

#[derive(Debug, Clone, Copy)]
enum Wanted {
    Judge { verdict: Verdict, masked: bool, orders: usize, on_release: OnRelease },
    Poison,
    Release(usize),
    Refuse,
    Expire,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let on_release = prop_oneof![Just(OnRelease::Promote), Just(OnRelease::JudgeAgain)];
    prop_oneof![
        (verdicts(), any::<bool>(), 0usize..3, on_release).prop_map(|(verdict, masked, orders, on_release)| {
            Wanted::Judge { verdict, masked, orders, on_release }
        }),
        Just(Wanted::Poison),
        (0usize..3).prop_map(Wanted::Release),
        Just(Wanted::Refuse),
        Just(Wanted::Expire),
    ]
}

proptest! {
    #[test]
    fn any_order_of_moves_keeps_the_promises(moves in proptest::collection::vec(wanted(), 0..20)) {
        let mut it = consignment();
        // What the transfer released: shared with other consignments, so it must never be discarded here.
        let shared = payload();
        let mut own = vec![];
        let mut discarded = vec![];
        for wanted in moves {
            let reason = "because".to_owned();
            let made = match wanted {
                Wanted::Judge { verdict, masked, orders, on_release } => {
                    let outcome = if masked { payload() } else { shared.clone() };
                    if masked && verdict == Verdict::Hold && it.state == ConsignmentState::Pending {
                        own.push(outcome.id);
                    }
                    ConsignmentMove::Judge(Box::new(Judgement {
                        decision: decision(it.transfer, Side::Outbound, verdict),
                        outcome: Some(outcome).filter(|_| verdict != Verdict::Reject),
                        discards: vec![],
                        masked,
                        orders: (0..orders).map(|_| order()).collect(),
                        hold: (verdict == Verdict::Hold).then(|| hold(on_release)),
                        reason: None,
                    }))
                }
                Wanted::Poison => ConsignmentMove::Poison(hold(OnRelease::JudgeAgain)),
                Wanted::Release(orders) => {
                    ConsignmentMove::Release { reason, orders: (0..orders).map(|_| order()).collect() }
                }
                Wanted::Refuse => ConsignmentMove::Refuse { reason },
                Wanted::Expire => ConsignmentMove::Expire,
            };
            let settled = it.state.is_settled() || it.state == ConsignmentState::Released;
            let Ok(change) = apply(&it, made, &stamp()) else { continue };
            prop_assert!(!settled, "{:?} left {:?}", wanted, it.state);
            let Aggregate::Consignment(next) = change.next().clone() else { panic!("a consignment stays one") };
            check(it.version, &change, next.state == ConsignmentState::Pending);
            prop_assert_eq!(next.state == ConsignmentState::Held, next.hold.is_some());
            prop_assert_eq!(next.state == ConsignmentState::Released, !change.deliveries().is_empty());
            prop_assert!(change.entries().iter().all(|entry| entry.consignment == Some(it.id)));
            discarded.extend_from_slice(change.discards());
            it = next;
        }
        prop_assert!(!discarded.contains(&shared.id));
        for object in own {
            let kept = [&it.candidate, &it.released].iter().any(|it| it.as_ref().is_some_and(|it| it.id == object));
            prop_assert!(kept != discarded.contains(&object), "{object} is both kept and discarded, or neither");
        }
    }
}

#[test]
fn a_consignment_settles_with_its_last_delivery_and_reopens_with_a_redrive() {
    use DeliveryState::{DeadLettered, Delivered, Scheduled};
    let state = |state: ConsignmentState, deliveries: &[DeliveryState]| {
        let it = Consignment { state, ..consignment() };
        roll_up(&it, deliveries, &stamp()).map(|change| match change.next() {
            Aggregate::Consignment(next) => next.state,
            other => panic!("{other:?}"),
        })
    };
    let released = ConsignmentState::Released;
    assert_eq!(state(released, &[Delivered, Scheduled]), None);
    assert_eq!(state(released, &[Delivered, Delivered]), Some(ConsignmentState::Delivered));
    assert_eq!(state(released, &[Delivered, DeadLettered]), Some(ConsignmentState::DeadLettered));
    assert_eq!(state(ConsignmentState::DeadLettered, &[Delivered, Scheduled]), Some(released));
    assert_eq!(state(ConsignmentState::Delivered, &[Delivered]), None);
}

#[test]
fn a_sender_learns_how_many_destinations_did_not_take_a_share_and_no_more() {
    use DeliveryState::{DeadLettered, Delivered};
    let reason = |deliveries: &[DeliveryState]| {
        let it = Consignment { state: ConsignmentState::Released, ..consignment() };
        match roll_up(&it, deliveries, &stamp()).expect("it settles").next() {
            Aggregate::Consignment(next) => next.reason.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reason(&[DeadLettered]).as_deref(), Some("its destination did not take it"));
    assert_eq!(reason(&[Delivered, DeadLettered]).as_deref(), Some("1 of 2 destinations did not take it"));
    assert_eq!(reason(&[Delivered]), None);
}
