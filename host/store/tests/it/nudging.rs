//! Nudges: written with what changed, handed over once, and kept while the bus does not take them.

use std::sync::Mutex;

use async_trait::async_trait;
use lockgate_core::nudge::Nudge;
use lockgate_core::ports::{BusError, NudgeBus, NudgeStore};

use crate::world::World;

#[derive(Debug, Default)]
struct Heard {
    nudges: Mutex<Vec<Nudge>>,
    deaf: bool,
}

#[async_trait]
impl NudgeBus for Heard {
    async fn nudge(&self, nudges: &[Nudge]) -> Result<(), BusError> {
        if self.deaf {
            return Err(BusError("nobody is there".to_owned()));
        }
        self.nudges.lock().expect("not poisoned").extend_from_slice(nudges);
        Ok(())
    }
}

#[tokio::test]
async fn a_change_nudges_those_it_concerns_once_the_bus_takes_it() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.partner("alice").await, world.partner("bob").await, world.partner("carol").await);
    let shares = world.accepted(alice, &[bob, carol]).await;
    let deaf = Heard { deaf: true, ..Heard::default() };
    world.store.relay_nudges(100, &deaf).await.expect_err("the bus took none");

    let heard = Heard::default();
    while world.store.relay_nudges(2, &heard).await.expect("the bus takes all") > 0 {}
    let nudges = heard.nudges.into_inner().expect("not poisoned");
    let transfer = shares[0].transfer;
    assert!(nudges.iter().all(|it| it.transfer == transfer), "{nudges:?}");
    let accepted = nudges.last().expect("there are some");
    for partner in [alice, bob, carol] {
        assert!(accepted.partners.contains(&partner), "{accepted:?}");
    }
    let again = Heard::default();
    assert_eq!(world.store.relay_nudges(100, &again).await.expect("the bus takes all"), 0, "each goes out once");
}

#[tokio::test]
async fn many_changes_of_one_thing_are_one_nudge() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    world.accepted(alice, &[bob]).await;
    let heard = Heard::default();
    let kept = world.store.relay_nudges(100, &heard).await.expect("the bus takes all");
    let nudges = heard.nudges.into_inner().expect("not poisoned");
    let distinct: std::collections::HashSet<_> = nudges.iter().collect();
    assert_eq!(distinct.len(), nudges.len(), "{nudges:?}");
    assert!(kept >= nudges.len());
}
