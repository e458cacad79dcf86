//! When a channel is turned off.

use std::time::Duration;

use rstest::rstest;
use time::macros::datetime;

use super::ChannelHealth;
use crate::delivery::{Answer, Cause};
use crate::time::Timestamp;

const NOW: Timestamp = datetime!(2026-03-01 12:00 UTC);
const PATIENCE: Duration = Duration::from_secs(5 * 24 * 60 * 60);

fn failing(since: time::Duration) -> ChannelHealth {
    ChannelHealth { failing_since: Some(NOW - since), ..ChannelHealth::default() }
}

fn refused(disable: bool) -> Answer {
    match Answer::refused(Cause::Refused, "no") {
        Answer::Refused { cause, error, response, .. } => Answer::Refused { cause, error, disable, response },
        other => other,
    }
}

#[test]
fn one_message_taken_makes_all_forgotten() {
    let taken = Answer::Taken { receipt: "204".to_owned() };
    assert_eq!(failing(time::Duration::days(4)).after(&taken, NOW, PATIENCE), ChannelHealth::default());
    let waited_for = ChannelHealth { waited_for: true, ..ChannelHealth::default() };
    assert_ne!(waited_for.after(&taken, NOW, PATIENCE), waited_for, "those that wait have to hear of it");
}

#[rstest]
#[case::just_begun(ChannelHealth::default(), None)]
#[case::almost(failing(time::Duration::days(5) - time::Duration::SECOND), None)]
#[case::long_enough(failing(time::Duration::days(5)), Some("it took no message for 5 days"))]
fn what_takes_nothing_for_days_is_turned_off(#[case] before: ChannelHealth, #[case] reason: Option<&str>) {
    let after = before.after(&refused(false), NOW, PATIENCE);
    assert_eq!(after.failing_since, before.failing_since.or(Some(NOW)));
    assert_eq!(after.disabled.map(|it| it.reason).as_deref(), reason);
}

#[test]
fn what_is_gone_is_turned_off_at_once() {
    let after = ChannelHealth::default().after(&refused(true), NOW, PATIENCE);
    assert_eq!(after.disabled.map(|it| (it.reason, it.at)), Some(("no".to_owned(), NOW)));
}

#[rstest]
#[case::a_message_that_cannot_be_sent(Answer::refused(Cause::Misconfigured, "the composed message has 30000 bytes"))]
#[case::a_vault_that_does_not_answer(Answer::failed(Cause::OurTrouble, "the vault does not answer"))]
#[case::an_address_that_is_not_open(Answer::refused(Cause::NotAllowed, "a private address"))]
fn what_is_not_the_channels_does_not_count_against_it(#[case] answer: Answer) {
    for before in [ChannelHealth::default(), failing(time::Duration::days(5))] {
        assert_eq!(before.after(&answer, NOW, PATIENCE), before);
    }
}
