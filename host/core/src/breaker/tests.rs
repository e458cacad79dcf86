//! Breaker arithmetic.

use std::time::Duration;

use proptest::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Breaker, BreakerState};
use crate::destination::DestinationSettings;
use crate::id::DeliveryId;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn settings() -> DestinationSettings {
    DestinationSettings { breaker_failures: 3, breaker_pause_seconds: 30, ..DestinationSettings::default() }
}

fn some_delivery() -> DeliveryId {
    DeliveryId::from_uuid(Uuid::new_v4())
}

fn opened() -> Breaker {
    (0..3).fold(Breaker::default(), |breaker, _| breaker.after(false, &settings(), NOW))
}

#[test]
fn opens_after_failures_in_a_row_and_lets_one_probe_at_a_time() {
    let two = (0..2).fold(Breaker::default(), |breaker, _| breaker.after(false, &settings(), NOW));
    assert_eq!((two.state, two.after(true, &settings(), NOW)), (BreakerState::Closed, Breaker::default()));
    let open = opened();
    let later = NOW + Duration::from_secs(30);
    assert_eq!(open.admit(some_delivery(), NOW), Err(later));
    let (probe, other) = (some_delivery(), some_delivery());
    let probing = open.admit(probe, later).expect("the pause is over");
    assert_eq!(probing.state, BreakerState::HalfOpen);
    assert!(probing.admit(other, later).is_err(), "two probes at a time");
    assert!(probing.admit(probe, later).is_ok(), "the probe's host died and another took it over");
    let lost = later + Duration::from_secs(120);
    assert_eq!(probing.admit(other, lost).expect("the probe said nothing").probe, Some(other));
    assert_eq!(probing.after(true, &settings(), later), Breaker::default());
}

#[test]
fn a_probe_that_says_nothing_of_the_destination_leaves_the_next_one_to_ask() {
    let later = NOW + Duration::from_secs(30);
    let (probe, other) = (some_delivery(), some_delivery());
    let probing = opened().admit(probe, later).expect("the pause is over");
    assert_eq!(probing.released(other, later), probing, "only the probe itself");
    let released = probing.released(probe, later);
    assert_eq!((released.state, released.trips), (BreakerState::HalfOpen, probing.trips));
    assert_eq!(released.admit(other, later).expect("nobody probes").probe, Some(other));
    assert_eq!(Breaker::default().released(probe, NOW), Breaker::default());
}

#[test]
fn each_failed_probe_doubles_the_pause_up_to_a_quarter_of_an_hour() {
    let mut breaker = opened();
    let mut pauses = vec![];
    for _ in 0..8 {
        let now = breaker.until.expect("it is open");
        breaker = breaker.admit(some_delivery(), now).expect("the pause is over").after(false, &settings(), now);
        pauses.push((breaker.until.expect("it is open again") - now).whole_seconds());
    }
    assert_eq!(pauses, [60, 120, 240, 480, 900, 900, 900, 900]);
}

#[test]
fn a_destination_without_a_breaker_never_waits() {
    let none = DestinationSettings { breaker_failures: 0, ..settings() };
    let breaker = (0..100).fold(Breaker::default(), |breaker, _| breaker.after(false, &none, NOW));
    assert_eq!(breaker, Breaker::default());
}

proptest! {
    #[test]
    fn a_breaker_always_opens_again_and_never_admits_while_its_pause_lasts(
        steps in proptest::collection::vec((any::<bool>(), 0u64..200), 0..60))
    {
        let (mut breaker, mut now) = (Breaker::default(), NOW);
        for (healthy, pause) in steps {
            now += Duration::from_secs(pause);
            match breaker.admit(some_delivery(), now) {
                Ok(admitted) => breaker = admitted.after(healthy, &settings(), now),
                Err(until) => {
                    prop_assert!(until > now, "waiting must end later than it begins");
                    prop_assert!(until <= now + Duration::from_secs(900));
                }
            }
            prop_assert!(breaker.state != BreakerState::Closed || breaker.until.is_none());
        }
    }
}
