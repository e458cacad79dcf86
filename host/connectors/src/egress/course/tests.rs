//! Who is waited for how long, read off instead of waited for.

use lockgate_core::delivery::Cause;
use rstest::rstest;

use super::*;

const PACE: Pace = Pace { idle: Duration::from_secs(30), answer: Duration::from_secs(20), slowest: 1000 };

/// Until when something has to happen, counted from the last byte, and what it means if nothing does.
fn due(course: &Course) -> (Duration, Cause) {
    let (due, answer) = course.due(PACE);
    let Answer::Failed { cause, .. } = answer else { panic!("{answer:?}") };
    (due - course.state().moved, cause)
}

#[test]
fn a_receiver_that_takes_nothing_has_the_time_of_idling() {
    let course = Course::new(1_000_000);
    assert_eq!(due(&course), (PACE.idle, Cause::TimedOut));
    course.took(999_999);
    assert_eq!(due(&course), (PACE.idle, Cause::TimedOut));
}

#[rstest]
#[case::nothing(0, 0)]
#[case::little(5_000, 5)]
#[case::what_lies_between_us(IN_BETWEEN, 8_388)]
#[case::no_more_than_that(10 * IN_BETWEEN, 8_388)]
fn what_was_taken_last_may_be_read_at_the_slowest_pace(#[case] size: u64, #[case] seconds: u64) {
    let course = Course::new(size);
    course.took(usize::try_from(size).expect("it fits"));
    let (patience, cause) = due(&course);
    assert_eq!((patience.as_secs(), cause), (PACE.answer.as_secs() + seconds, Cause::TimedOut));
}

#[test]
fn who_takes_a_byte_now_and_then_is_given_up_after_the_longest_time() {
    let course = Course::new(10_000);
    course.state().begun -= PACE.longest(10_000);
    course.took(1);
    let (_, answer) = course.due(PACE);
    assert!(course.due(PACE).0 <= Instant::now(), "{answer:?}");
    assert!(matches!(answer, Answer::Failed { cause: Cause::TimedOut, .. }), "{answer:?}");
}

#[test]
fn waiting_for_our_own_bytes_is_our_trouble_and_costs_the_receiver_nothing() {
    let course = Course::new(10_000);
    course.took(1);
    // The receiver stood still for longer than it may, because there was nothing to take.
    let waited = PACE.longest(10_000) * 2;
    course.awaits();
    {
        let mut state = course.state();
        state.begun -= waited;
        state.moved -= waited;
        let since = state.awaited.expect("it waits");
        state.awaited = Some(since - waited);
    }
    let (due_at, answer) = course.due(PACE);
    assert!(due_at <= Instant::now());
    assert!(matches!(answer, Answer::Failed { cause: Cause::OurTrouble, .. }), "{answer:?}");
    course.came();
    assert_eq!(due(&course), (PACE.idle, Cause::TimedOut), "the receiver's time begins anew");
    assert!(course.due(PACE).0 > Instant::now());
}
