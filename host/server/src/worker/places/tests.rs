//! Whoever hangs leaves room for others, who leaves makes room, and who waits in vain is put off.

use std::collections::HashSet;
use std::time::Instant;

use lockgate_core::claim::Duty;
use lockgate_core::id::{DestinationId, PartnerId};
use time::OffsetDateTime;

use super::queue::{LONGEST, PATIENCE};
use super::{DELIVERIES, Places, Sizes};

const SIZES: Sizes = Sizes { judging: 2, deliveries: 8, messages: 64, waiting: 3 };

fn partner() -> PartnerId {
    PartnerId::generate(OffsetDateTime::UNIX_EPOCH)
}

fn destination_of(partner: PartnerId) -> Duty {
    Duty::Deliver(partner, DestinationId::generate(OffsetDateTime::UNIX_EPOCH))
}

fn destination() -> Duty {
    destination_of(partner())
}

fn channel(name: &str) -> Duty {
    Duty::Send(partner(), name.to_owned())
}

/// How many of these find a place if they come until one waits.
fn fill(places: &mut Places<usize>, duty: &Duty) -> usize {
    let mut taken = 0;
    loop {
        assert_eq!(places.arrive(0, duty.clone(), Instant::now()), None);
        if places.next(Instant::now()).is_none() {
            places.clear();
            return taken;
        }
        taken += 1;
    }
}

#[test]
fn one_destination_after_the_other_gets_half_of_what_is_left() {
    let mut places = Places::new(SIZES);
    let duties: Vec<_> = std::iter::repeat_with(destination).take(5).collect();
    let held: Vec<_> = duties.iter().map(|duty| fill(&mut places, duty)).collect();
    assert_eq!(held, [4, 2, 1, 1, 0]);
    assert_eq!(fill(&mut places, &Duty::Judge(partner())), 2, "judging waits for no receiver");
    assert_eq!(fill(&mut places, &channel("hook")), 8, "nor does a message");
    for (duty, count) in duties.iter().zip(held) {
        (0..count).for_each(|_| places.leave(duty, Instant::now()));
    }
    assert_eq!(fill(&mut places, &duties[4]), 4, "who leaves makes room");
}

#[test]
fn twenty_channels_that_hang_leave_places_for_another() {
    let mut places = Places::new(SIZES);
    let held: Vec<_> = (0..20).map(|it| fill(&mut places, &channel(&format!("hook-{it}")))).collect();
    assert_eq!(held[..4], [8, 7, 6, 5]);
    assert!(held.iter().all(|it| *it > 0), "{held:?}");
    assert_eq!(fill(&mut places, &channel("another")), 1, "{held:?}");
}

#[test]
fn a_host_with_a_single_place_does_one_thing_at_a_time() {
    let mut places = Places::new(Sizes { judging: 1, deliveries: 1, messages: 1, waiting: 1 });
    for duty in [Duty::Judge(partner()), destination(), channel("hook")] {
        assert_eq!(fill(&mut places, &duty), 1);
        places.leave(&duty, Instant::now());
        assert_eq!(fill(&mut places, &duty), 1);
    }
}

#[test]
fn who_finds_no_place_lets_those_behind_pass_and_goes_first_when_there_is_one() {
    let mut places = Places::new(SIZES);
    let (full, other) = (destination(), destination());
    fill(&mut places, &full);
    for (who, duty) in [(1, &full), (2, &full), (3, &other)] {
        assert_eq!(places.arrive(who, duty.clone(), Instant::now()), None);
    }
    assert_eq!(places.next(Instant::now()), Some((3, other)));
    assert_eq!(places.next(Instant::now()), None);
    places.leave(&full, Instant::now());
    assert_eq!(places.next(Instant::now()), Some((1, full)));
}

#[test]
fn the_largest_crowd_makes_room_for_whoever_comes() {
    let mut places = Places::new(SIZES);
    let (full, other) = (destination(), destination());
    fill(&mut places, &full);
    fill(&mut places, &other);
    let now = Instant::now();
    let most = SIZES.waiting * DELIVERIES;
    assert_eq!(places.room().judging, SIZES.waiting);
    for who in 1..most {
        assert_eq!(places.arrive(who, full.clone(), now), None);
    }
    assert_eq!((places.arrive(most, other.clone(), now), places.room().deliveries), (None, 0));
    assert_eq!(places.arrive(most + 1, other, now), Some(most - 1));
    assert_eq!(places.arrive(most + 2, full, now), Some(most + 2), "the last to come goes first");
    assert_eq!(places.arrive(most + 3, Duty::Judge(partner()), now), None, "what is to be judged has room of its own");
}

#[test]
fn a_partner_leaves_a_quarter_to_others_however_many_things_its_work_waits_for() {
    let mut places = Places::new(Sizes { judging: 8, deliveries: 16, ..SIZES });
    let (one, other) = (partner(), partner());
    let held: Vec<_> = (0..4).map(|_| fill(&mut places, &destination_of(one))).collect();
    assert_eq!(held, [8, 4, 0, 0]);
    assert_eq!(fill(&mut places, &destination_of(other)), 2);
    assert_eq!(fill(&mut places, &Duty::Judge(one)), 6);
    assert_eq!(fill(&mut places, &Duty::Judge(other)), 2);
    let held: Vec<_> = (0..20).map(|it| fill(&mut places, &Duty::Send(one, format!("hook-{it}")))).collect();
    assert_eq!(held.iter().sum::<usize>(), 48);
    assert!(fill(&mut places, &Duty::Compose(other)) > 0);
}

#[test]
fn of_the_partner_with_the_most_the_largest_crowd_makes_room() {
    let mut places = Places::new(SIZES);
    let (one, other) = (partner(), partner());
    let now = Instant::now();
    let duties: Vec<_> = std::iter::repeat_with(|| destination_of(one)).take(SIZES.waiting * DELIVERIES - 1).collect();
    assert_eq!(places.arrive(0, destination_of(other), now), None);
    for (who, duty) in (1..).zip(&duties) {
        assert_eq!(places.arrive(who, duty.clone(), now), None);
    }
    let last = duties.len();
    assert_eq!(places.arrive(1_000, destination_of(other), now), Some(last), "not the last to come, but of the crowd");
    assert_eq!(places.arrive(1_001, duties[0].clone(), now), Some(1_001), "its own crowd is the larger one");
}

#[test]
fn a_backlog_of_judging_keeps_its_own_partner_waiting_and_is_handed_back_in_time() {
    let mut places = Places::new(SIZES);
    let (crowd, other) = (Duty::Judge(partner()), Duty::Judge(partner()));
    assert_eq!(fill(&mut places, &crowd), SIZES.judging);
    let now = Instant::now();
    for who in 1..=3 {
        assert_eq!(places.arrive(who, crowd.clone(), now), None);
    }
    assert_eq!(places.room().judging, 0);
    assert_eq!(places.arrive(4, other.clone(), now), Some(3), "one of the crowd makes room");
    assert_eq!(places.arrive(5, crowd.clone(), now), Some(5));
    assert_eq!(places.tired(now + PATIENCE), Vec::<usize>::new(), "a judgement takes its time");
    places.leave(&crowd, now);
    assert_eq!(places.next(now), Some((1, crowd)));
    assert_eq!(places.tired(now + LONGEST), [2, 4], "another host may be idle");
}

#[test]
fn who_waits_where_nothing_moves_is_put_off() {
    let mut places = Places::new(SIZES);
    let full = destination();
    fill(&mut places, &full);
    let now = Instant::now();
    places.arrive(1, full.clone(), now);
    places.arrive(2, full, now + PATIENCE / 2);
    assert_eq!(places.tired(now + PATIENCE / 2), Vec::<usize>::new());
    assert_eq!(places.tired(now + PATIENCE), [1]);
    assert_eq!(places.tired(now + PATIENCE), Vec::<usize>::new());
    assert_eq!(places.tired(now + 2 * PATIENCE), [2]);
}

#[test]
fn who_waits_where_others_leave_stays() {
    let mut places = Places::new(Sizes { deliveries: 2, ..SIZES });
    let (quick, hanging, third) = (destination(), destination(), destination());
    let now = Instant::now();
    for (who, duty) in [(1, &quick), (2, &hanging)] {
        places.arrive(who, duty.clone(), now);
        assert_eq!(places.next(now), Some((who, duty.clone())));
    }
    for (who, duty) in [(3, &quick), (4, &hanging), (5, &third)] {
        places.arrive(who, duty.clone(), now);
    }
    let later = now + PATIENCE;
    places.leave(&quick, later);
    assert_eq!(places.next(later), Some((3, quick)), "the one that moves");
    assert_eq!(places.tired(later), [4], "its destination hangs; for the others a place was free just now");
    assert_eq!(places.tired(later + PATIENCE), [5], "and was not again");
}

#[test]
fn who_waits_too_long_is_put_off_whatever_moves() {
    let mut places = Places::new(Sizes { deliveries: 2, ..SIZES });
    let (slow, now) = (destination(), Instant::now());
    places.arrive(0, slow.clone(), now);
    places.next(now);
    (1..=3).for_each(|who| assert_eq!(places.arrive(who, slow.clone(), now), None));
    let later = now + LONGEST;
    places.leave(&slow, later);
    assert_eq!(places.next(later), Some((1, slow)));
    assert_eq!(places.tired(later), [2, 3]);
}

#[test]
fn whoever_still_waits_finds_a_place_in_the_order_of_coming_whatever_others_did() {
    let mut places = Places::new(Sizes { deliveries: 4, waiting: 2, ..SIZES });
    let duties: Vec<_> = std::iter::repeat_with(destination).take(5).collect();
    let (begun, mut gone, mut at_work) = (Instant::now(), HashSet::new(), vec![]);
    let many = 2_000;
    for who in 0..many {
        let now = begun + PATIENCE / 40 * u32::try_from(who).expect("a small number");
        gone.extend(places.arrive(who, duties[who * who % 7 % duties.len()].clone(), now));
        if who % 3 == 0 {
            at_work.extend(places.next(now));
        }
        if who % 5 == 0 && !at_work.is_empty() {
            let (who, duty) = at_work.remove(who % at_work.len());
            places.leave(&duty, now);
            gone.insert(who);
        }
        gone.extend(places.tired(now));
    }
    let now = Instant::now();
    at_work.into_iter().for_each(|(who, duty)| {
        places.leave(&duty, now);
        gone.insert(who);
    });
    let waiting: Vec<_> = (0..many).filter(|who| !gone.contains(who)).collect();
    assert!(waiting.len() > 1, "somebody still waits");
    for who in waiting {
        let (next, duty) = places.next(now).expect("all places are free");
        assert_eq!(next, who);
        places.leave(&duty, now);
    }
    assert_eq!(places.next(now), None);
}
