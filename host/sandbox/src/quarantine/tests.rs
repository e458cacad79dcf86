//! When a binding is quarantined and when it is free again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockgate_core::fault::Fault;
use lockgate_core::id::BindingId;
use lockgate_core::time::{Clock, Timestamp};

use super::Quarantine;
use crate::config::QuarantineRule;

#[derive(Debug)]
struct Hand(Mutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no test panics while it holds the clock")
    }
}

struct Case {
    hand: Arc<Hand>,
    quarantine: Quarantine,
    binding: BindingId,
}

impl Case {
    fn new() -> Self {
        let hand = Arc::new(Hand(Mutex::new(Timestamp::UNIX_EPOCH)));
        let rule = QuarantineRule { faults: 3, window: Duration::from_secs(60), rest: Duration::from_secs(300) };
        let quarantine = Quarantine::new(rule, Arc::clone(&hand) as Arc<dyn Clock>);
        Self { hand, quarantine, binding: BindingId::generate(Timestamp::UNIX_EPOCH) }
    }

    fn fault(&self) {
        self.quarantine.record(self.binding, &fault());
    }

    fn pass(&self, seconds: u64) {
        *self.hand.0.lock().expect("no test panics while it holds the clock") += Duration::from_secs(seconds);
    }
}

fn fault() -> Fault {
    Fault::Trap { message: "unreachable".to_owned() }
}

#[test]
fn faults_within_the_window_quarantine_until_the_rest_is_over() {
    let case = Case::new();
    case.fault();
    case.fault();
    assert_eq!(case.quarantine.of(case.binding), None);
    case.fault();
    let (last, until) = case.quarantine.of(case.binding).expect("it rests");
    assert_eq!((last, until), (fault(), case.hand.now() + Duration::from_secs(300)));
    assert_eq!(case.quarantine.list().len(), 1);
    case.pass(299);
    assert_eq!(case.quarantine.of(case.binding), Some((fault(), until)));
    case.pass(1);
    assert_eq!(case.quarantine.of(case.binding), None);
    assert_eq!(case.quarantine.list(), []);
}

#[test]
fn faults_that_are_far_apart_do_not_quarantine() {
    let case = Case::new();
    for _ in 0..10 {
        case.fault();
        case.pass(31);
    }
    assert_eq!(case.quarantine.of(case.binding), None);
}

#[test]
fn a_binding_is_not_quarantined_for_anothers_faults() {
    let case = Case::new();
    let other = BindingId::generate(Timestamp::UNIX_EPOCH);
    for _ in 0..3 {
        case.fault();
    }
    assert_eq!(case.quarantine.of(other), None);
}
