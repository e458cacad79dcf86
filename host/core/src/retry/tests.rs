//! Retry arithmetic.

use std::time::Duration;

use proptest::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{RetrySchedule, spread};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

#[test]
fn the_default_schedule_is_the_webhook_worlds() {
    let schedule = RetrySchedule::default();
    let pauses: Vec<_> =
        (1..=8).map(|attempt| schedule.next(attempt, NOW, None, 0.5).map(|due| (due - NOW).whole_seconds())).collect();
    let wanted = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000].map(Some);
    assert_eq!(pauses[..7], wanted);
    assert_eq!((pauses[7], schedule.attempts()), (None, 8));
}

#[test]
fn a_receivers_wish_is_a_floor_but_no_longer_than_a_day() {
    let schedule = RetrySchedule::of_seconds(vec![10]);
    let due = |wish: u64| schedule.next(1, NOW, Some(Duration::from_secs(wish)), 0.5).map(|due| due - NOW);
    assert_eq!(due(5), Some(time::Duration::seconds(10)));
    assert_eq!(due(60), Some(time::Duration::seconds(60)));
    assert_eq!(due(1_000_000), Some(time::Duration::days(1)));
}

#[test]
fn there_is_no_attempt_before_the_first() {
    assert_eq!(RetrySchedule::default().next(0, NOW, None, 0.5), None);
}

#[test]
fn the_spread_is_the_same_on_every_host_and_even_over_many_deliveries() {
    let work = Uuid::from_u128(7);
    assert!((spread(work, 1) - spread(work, 1)).abs() < f64::EPSILON);
    assert!((spread(work, 1) - spread(work, 2)).abs() > f64::EPSILON);
    let mut tenths = [0; 10];
    for number in 0..10_000_u128 {
        let at = spread(Uuid::from_u128(number << 64 | number), 1);
        tenths[(1..10).take_while(|edge| at >= f64::from(*edge) / 10.0).count()] += 1;
    }
    assert!(tenths.iter().all(|count| (800..1_200).contains(count)), "{tenths:?}");
}

proptest! {
    #[test]
    fn pauses_spread_by_a_tenth_and_grow_with_chance(
        seconds in 1u64..100_000, low in -1.0f64..2.0, high in -1.0f64..2.0)
    {
        let schedule = RetrySchedule::of_seconds(vec![seconds]);
        let pause = |chance| schedule.next(1, NOW, None, chance).map(|due| (due - NOW).as_seconds_f64());
        let (low, high) = (low.min(high), low.max(high));
        let wanted = seconds as f64;
        for pause in [pause(low), pause(high)] {
            let pause = pause.expect("one pause is left");
            prop_assert!((wanted * 0.899..=wanted * 1.101).contains(&pause));
        }
        prop_assert!(pause(low) <= pause(high));
    }
}
